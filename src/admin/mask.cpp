#include "admin/mask.hpp"

#include <algorithm>

#include "admin/json.hpp"
#include "core/glob.hpp"
#include "core/text.hpp"

namespace waybill::admin {
namespace {

constexpr std::size_t longest_path = 1024;
constexpr std::string_view space = " \t\r\n", between_scalars = "{}[]:, \t\r\n";

std::vector<std::string> lower_all(std::vector<std::string> globs) {
  for (auto& glob : globs) glob = lower_ascii(glob);
  return globs;
}

/// The globs are in lower case.
bool matches_any(const std::vector<std::string>& globs, const std::string& name) {
  const auto lower = lower_ascii(name);
  return std::ranges::any_of(globs, [&](const auto& glob) { return glob_matches(glob, lower); });
}

/// Walks through a text that is known to be JSON and copies it, all but what is masked. It builds no document: numbers
/// stay as they were written, and nesting costs no stack.
class Masker {
 public:
  Masker(std::string_view text, const std::vector<std::string>& globs) : text_(text), globs_(lower_all(globs)) {}

  std::optional<std::string> run() {
    skip_space();
    do {
      if (path_.size() > longest_path) return std::nullopt;
      take_value();
    } while (find_value());
    at_ = text_.size();
    keep_up_to_here();
    return std::move(out_);
  }

 private:
  struct Frame {
    bool is_list;
    std::size_t path_length;  ///< of the list or object itself
    std::size_t place = 0;    ///< of the next value in a list
  };

  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() { at_ = std::min(text_.find_first_not_of(space, at_), text_.size()); }

  /// Stands at a value: masks it, steps into it, or passes it.
  void take_value() {
    if (matches_any(globs_, path_)) {
      keep_up_to_here();
      skip_whole_value();
      kept_ = at_;
      out_.append("\"").append(masked_value).append("\"");
    } else if (here() == '{' || here() == '[') {
      frames_.push_back({here() == '[', path_.size()});
      ++at_;
    } else {
      skip_scalar();
    }
  }

  /// Goes on to the next value and its path; false at the end of the text.
  bool find_value() {
    while (!frames_.empty() && at_ < text_.size()) {
      skip_space();
      auto& frame = frames_.back();
      path_.resize(frame.path_length);
      if (here() == ']' || here() == '}') {
        frames_.pop_back();
        ++at_;
      } else if (here() == ',') {
        ++at_;
      } else {
        extend_path(frame.is_list ? std::to_string(frame.place++) : take_name());
        skip_space();
        return true;
      }
    }
    return false;
  }

  void extend_path(const std::string& name) {
    if (frames_.size() > 1) path_ += '.';
    path_ += name;
  }

  /// Takes a member's name, and the colon.
  std::string take_name() {
    const auto start = at_;
    skip_string();
    auto name = Json::parse(text_.substr(start, at_ - start)).get<std::string>();
    skip_space();
    ++at_;
    return name;
  }

  void skip_string() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }

  void skip_scalar() {
    if (here() == '"') return skip_string();
    at_ = std::min(text_.find_first_of(between_scalars, at_), text_.size());
  }

  void skip_whole_value() {
    std::size_t depth = 0;
    do {
      const char c = here();
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      if (between_scalars.find(c) == std::string_view::npos) {
        skip_scalar();
      } else {
        ++at_;
      }
    } while (depth > 0 && at_ < text_.size());
  }

  void keep_up_to_here() {
    out_ += text_.substr(kept_, at_ - kept_);
    kept_ = at_;
  }

  std::string_view text_;
  const std::vector<std::string> globs_;
  std::size_t at_ = 0, kept_ = 0;
  std::vector<Frame> frames_;
  std::string path_, out_;
};

}  // namespace

std::optional<std::string> mask_json(std::string_view payload, const std::vector<std::string>& globs) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (payload.starts_with(byte_order_mark)) payload.remove_prefix(byte_order_mark.size());
  if (!Json::accept(payload)) return std::nullopt;
  return Masker(payload, globs).run();
}

Headers mask_headers(Headers headers, const std::vector<std::string>& globs) {
  const auto lower = lower_all(globs);
  for (auto& [name, value] : headers) {
    if (matches_any(lower, name)) value = masked_value;
  }
  return headers;
}

}  // namespace waybill::admin

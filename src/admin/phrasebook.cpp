#include "admin/phrasebook.hpp"

#include <fmt/args.h>
#include <fmt/format.h>

#include <vector>

#include "admin/json.hpp"
#include "embedded/phrasebook.hpp"

namespace waybill::admin {
namespace {

constexpr std::string_view verbatim = "{}";
constexpr std::string_view sentence = "{!}";  // a value that may be one of ours itself

/// A line of phrasebook.json: the English sentence cut at its values, and the Chinese one, which names them by number.
struct Entry {
  std::vector<std::string> pieces;  ///< one more than there are values
  std::vector<bool> is_sentence;    ///< of each value
  std::string chinese;
};

Entry entry_of(const Json& line) {
  Entry entry{{}, {}, line.at(1).get<std::string>()};
  const auto english = line.at(0).get<std::string>();
  std::string_view rest = english;
  for (auto open = rest.find('{'); open != std::string_view::npos; open = rest.find('{')) {
    entry.pieces.emplace_back(rest.substr(0, open));
    entry.is_sentence.push_back(rest.substr(open).starts_with(sentence));
    rest.remove_prefix(open + (entry.is_sentence.back() ? sentence : verbatim).size());
  }
  entry.pieces.emplace_back(rest);
  return entry;
}

const std::vector<Entry>& entries() {
  static const auto all = [] {
    std::vector<Entry> read;
    for (const auto& line : Json::parse(embedded::phrasebook)) read.push_back(entry_of(line));
    return read;
  }();
  return all;
}

/// The values between the pieces, each as short as it can be; none when the sentence is another.
std::optional<std::vector<std::string_view>> values_in(std::string_view text, const Entry& entry) {
  const std::string_view last = entry.pieces.back();
  if (!text.starts_with(entry.pieces.front())) return std::nullopt;
  text.remove_prefix(entry.pieces.front().size());
  std::vector<std::string_view> values;
  for (std::size_t i = 1; i + 1 < entry.pieces.size(); ++i) {
    const auto at = text.find(entry.pieces[i]);
    if (at == std::string_view::npos) return std::nullopt;
    values.push_back(text.substr(0, at));
    text.remove_prefix(at + entry.pieces[i].size());
  }
  if (entry.is_sentence.empty()) return text.empty() ? std::optional(values) : std::nullopt;
  if (!text.ends_with(last)) return std::nullopt;
  values.push_back(text.substr(0, text.size() - last.size()));
  return values;
}

std::string filled(const Entry& entry, const std::vector<std::string_view>& values) {
  fmt::dynamic_format_arg_store<fmt::format_context> arguments;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string value(values[i]);
    arguments.push_back(entry.is_sentence[i] ? told_in(Language::chinese, value) : value);
  }
  return fmt::vformat(entry.chinese, arguments);
}

}  // namespace

std::optional<std::string> in_chinese(std::string_view english) {
  for (const auto& entry : entries()) {
    if (const auto values = values_in(english, entry)) return filled(entry, *values);
  }
  return std::nullopt;
}

std::string told_in(Language language, const std::string& english) {
  return language == Language::chinese ? in_chinese(english).value_or(english) : english;
}

}  // namespace waybill::admin

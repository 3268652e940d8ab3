#pragma once

/// \file
/// Reads one table of the configuration key by key, and keeps every error instead of stopping at the first.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config/document.hpp"
#include "core/config_shape.hpp"
#include "core/property.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::config {

/// What reading one file brings up: all that is wrong with it, which of its texts are no secrets, and what could have
/// been there.
class Findings {
 public:
  explicit Findings(std::string file) : file_(std::move(file)) {}

  void add(Place place, std::string text, ErrorCode code = ErrorCode::invalid_configuration);
  bool empty() const noexcept { return found_.empty(); }
  /// `FILE:LINE:COLUMN: text`, in the order of the file.
  std::vector<std::string> lines() const;
  /// `missing_secret` when only secrets are missing.
  ErrorCode code() const noexcept;
  /// Where relative secret files start: the folder of the file, or empty.
  std::string folder() const;

  /// A text that was read as what anybody may see. All others may be secrets.
  void add_plain(Place place) { plain_.push_back(place); }
  bool is_plain(Place place) const;

  void add_shape(SectionShape shape) { shapes_.push_back(std::move(shape)); }
  const std::vector<SectionShape>& shapes() const { return shapes_; }

 private:
  struct Found {
    Place place;
    std::string text;
    ErrorCode code;
  };
  std::string file_;
  std::vector<Found> found_;
  std::vector<Place> plain_;
  std::vector<SectionShape> shapes_;
};

/// One table. Each read leaves `target` as it is when the key is absent or wrong; a wrong one is a finding.
class Section {
 public:
  /// `name` is how errors call the table: `store.shop`, `route`. `table` may be of another kind: that is a finding.
  Section(const Value& table, Place place, std::string name, Findings& findings);

  void read_text(std::string_view key, std::string& target);
  /// An array of strings.
  void read_texts(std::string_view key, std::vector<std::string>& target);
  /// A table of strings, in the order of the file.
  void read_named_texts(std::string_view key, std::vector<std::pair<std::string, std::string>>& target);
  /// A table of settings of somebody else's library, in the order of the file: texts, which may be `file:PATH`, whole
  /// numbers and flags. A dot in a name may be written as a table in the table.
  void read_properties(std::string_view key, std::vector<Property>& target);
  /// May be `file:PATH`. True when the key is there and was resolved.
  bool read_secret(std::string_view key, std::string& target);
  void read_flag(std::string_view key, bool& target);
  void read_duration(std::string_view key, Duration& target, Duration least, Duration most);
  void read_count(std::string_view key, std::uint32_t& target, std::uint32_t least, std::uint32_t most);
  /// Bytes: a whole number, or a string such as `512KiB` or `16MiB`.
  void read_size(std::string_view key, std::uint64_t& target, std::uint64_t least, std::uint64_t most);

  /// Unix ms of a date with time and offset: `2026-12-01T10:00:00Z`.
  void read_moment(std::string_view key, std::optional<std::int64_t>& target);

  /// One of the words that to_string() gives for `values`.
  template <class Choice>
  void read_choice(std::string_view key, Choice& target, std::initializer_list<Choice> values) {
    std::vector<std::string_view> words;
    for (const auto value : values) words.push_back(to_string(value));
    if (const auto index = index_of_word(key, words, to_string(target)); index < words.size()) {
      target = values.begin()[index];
    }
  }

  /// A table in the table, with its own name; null when it is absent or of another kind.
  const Entry* read_table(std::string_view key);

  bool has(std::string_view key) const;
  /// A finding when the key is absent; `example` shows how to write it.
  void require(std::string_view key, std::string_view example);
  /// A finding at the key, or at the table when the key is absent.
  void fail(std::string_view key, const std::string& text, ErrorCode code = ErrorCode::invalid_configuration);
  /// Reports the keys that nothing has read, with the nearest known one.
  void finish();

 private:
  void add_properties(std::string_view key, const std::string& prefix, const Value& table,
                      std::vector<Property>& target);
  const Value* find(KeyShape shape, Value::Kind kind);
  /// A text that is no secret, with its references to the environment resolved; none, and a finding, when they lead to
  /// nothing.
  std::optional<std::string> plain_text(std::string_view key, const Value& text);
  const Entry* entry(std::string_view key) const;
  std::size_t index_of_word(std::string_view key, std::span<const std::string_view> words, std::string_view usual);

  const Value& table_;
  Place place_;
  std::string name_;
  Findings& findings_;
  std::vector<KeyShape> known_;
  std::vector<std::pair<std::string, std::string>> required_;  // and an example
};

/// ` (did you mean 'x'?)`, or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace waybill::config

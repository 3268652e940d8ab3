#pragma once

/// \file
/// A TOML file as plain values that know where they stand. The TOML library is seen by document.cpp only.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "waybill/result.h"

namespace waybill::config {

/// Counted from 1.
struct Place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend auto operator<=>(const Place&, const Place&) = default;
};

struct Entry;

struct Value {
  enum class Kind { string, integer, real, boolean, date, array, table };
  Kind kind = Kind::table;
  Place place;
  std::string text;            ///< string
  std::int64_t integer = 0;    ///< integer; date: Unix ms
  bool boolean = false;        ///< boolean
  bool is_moment = false;      ///< date: it has a time and an offset, so it is one point in time
  std::vector<Value> items;    ///< array
  std::vector<Entry> entries;  ///< table, in file order
};

struct Entry {
  std::string name;
  Place place;  ///< of the name
  Value value;
};

/// `a string`, `a whole number`, ...
std::string_view describe(Value::Kind kind) noexcept;

/// The root table. A syntax error has the form `FILE:LINE:COLUMN: what`.
Result<Value> read_document(std::string_view text, const std::string& file);

}  // namespace waybill::config

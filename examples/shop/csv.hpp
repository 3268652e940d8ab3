#pragma once

#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "waybill/result.h"

namespace shop {

/// Reads comma-separated values as RFC 4180 has them: quoted fields may hold commas, line breaks and doubled quotes; a
/// line ends with LF or CRLF; a byte order mark is skipped.
class CsvReader {
 public:
  explicit CsvReader(std::istream& input);

  /// The next record; nullopt at the end. Errors name the line where the record begins.
  waybill::Result<std::optional<std::vector<std::string>>> next();

  /// The line, from 1, on which the record that next() gave last begins.
  std::size_t line() const { return begins_; }

 private:
  int take();
  waybill::Result<std::string> field(char& end);
  waybill::Result<std::string> quoted(char& end);
  waybill::Error error(const std::string& what) const;

  std::istream& input_;
  std::size_t line_ = 1;
  std::size_t begins_ = 1;
};

}  // namespace shop

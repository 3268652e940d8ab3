#include "csv.hpp"

namespace shop {
namespace {

using waybill::Error;
using waybill::ErrorCode;
using waybill::Result;

// What ends a field: a comma, the end of the line, or the end of the file.
constexpr char comma = ',';
constexpr char line_end = '\n';
constexpr char file_end = '\0';

}  // namespace

CsvReader::CsvReader(std::istream& input) : input_(input) {
  for (const int byte : {0xef, 0xbb, 0xbf}) {
    if (input_.peek() != byte) break;
    input_.get();
  }
}

int CsvReader::take() {
  const int c = input_.get();
  if (c == '\n') ++line_;
  if (c == '\r' && input_.peek() == '\n') return take();
  return c;
}

Error CsvReader::error(const std::string& what) const {
  return {ErrorCode::corrupt, "line " + std::to_string(begins_) + ": " + what};
}

Result<std::string> CsvReader::quoted(char& end) {
  std::string text;
  for (;;) {
    int c = input_.get();  // a CR inside of quotes belongs to the text
    if (c == std::istream::traits_type::eof()) return error("a quoted field does not end");
    if (c == '\n') ++line_;
    if (c != '"') {
      text += static_cast<char>(c);
      continue;
    }
    c = take();
    if (c == '"') {
      text += '"';
      continue;
    }
    if (c != ',' && c != '\n' && c != std::istream::traits_type::eof()) {
      return error("a quoted field is followed by more text");
    }
    end = c == ',' ? comma : c == '\n' ? line_end : file_end;
    return text;
  }
}

Result<std::string> CsvReader::field(char& end) {
  if (input_.peek() == '"') {
    input_.get();
    return quoted(end);
  }
  std::string text;
  for (;;) {
    const int c = take();
    if (c == ',' || c == '\n' || c == std::istream::traits_type::eof()) {
      end = c == ',' ? comma : c == '\n' ? line_end : file_end;
      return text;
    }
    if (c == '"') return error("a quote inside of a field that does not begin with one");
    text += static_cast<char>(c);
  }
}

Result<std::optional<std::vector<std::string>>> CsvReader::next() {
  begins_ = line_;
  if (input_.peek() == std::istream::traits_type::eof()) return std::optional<std::vector<std::string>>{};
  std::vector<std::string> record;
  char end = comma;
  while (end == comma) {
    auto text = field(end);
    if (!text) return std::move(text).error();
    record.push_back(std::move(*text));
  }
  return std::optional{std::move(record)};
}

}  // namespace shop

#pragma once

/// \file
/// What a configuration may hold, as the reader itself knows it: for an editor's help.

#include <cstdint>
#include <string>
#include <vector>

namespace waybill {

struct KeyShape {
  enum class Kind {
    text,
    texts,
    named_texts,  ///< a table of texts
    properties,   ///< a table of texts, whole numbers and flags
    secret,       ///< a text, or where it is kept: `file:PATH`
    flag,
    duration,
    count,
    size,  ///< a whole number of bytes, or a text such as `16MiB`
    moment,
    choice,  ///< one of `words`
    table,   ///< a section of its own
  };
  std::string name;
  Kind kind = Kind::text;
  std::string usual;                  ///< what holds without the key, as text; empty: nothing, or off
  std::uint64_t least = 0, most = 0;  ///< of a count
  std::vector<std::string> words;
  std::string example;  ///< of a required key; else empty
};

struct SectionShape {
  std::string name;  ///< `store.NAME`, `route`, `http.token.NAME`: NAME is the user's
  std::vector<KeyShape> keys;
};

/// Every section that a file may have.
std::vector<SectionShape> config_shape();

}  // namespace waybill

#pragma once

/// \file
/// A message as a service hands it over, and the strong types of its parts. Compiles as C++17, 20 and 23.

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace waybill {

/// A string with a meaning: a Topic passed where a Key is expected does not compile.
template <class Meaning>
class StrongString {
 public:
  StrongString() = default;
  explicit StrongString(std::string text) : text_(std::move(text)) {}

  const std::string& str() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

  friend bool operator==(const StrongString& a, const StrongString& b) noexcept { return a.text_ == b.text_; }
  friend bool operator!=(const StrongString& a, const StrongString& b) noexcept { return a.text_ != b.text_; }
  friend bool operator<(const StrongString& a, const StrongString& b) noexcept { return a.text_ < b.text_; }

 private:
  std::string text_;
};

using MessageId = StrongString<struct MessageIdMeaning>;  ///< unique; at most 255 bytes
using Topic = StrongString<struct TopicMeaning>;  ///< where it should go, for example `orders.created`; 1..255 bytes
using Key = StrongString<struct KeyMeaning>;      ///< what is kept in order; at most 255 bytes

/// The user's headers; they travel unchanged. UTF-8 names and values; a name has at most 255 bytes.
using Headers = std::map<std::string, std::string>;

/// Largest id, topic, key and header name, in bytes: what an AMQP short string holds.
inline constexpr std::size_t max_name_bytes = 255;

/// One message. Only `topic` is required.
struct Message {
  MessageId id;  ///< empty: a new UUIDv7 is made
  Topic topic;
  std::optional<Key> key;
  std::string payload;  ///< any bytes, NUL and invalid UTF-8 included
  Headers headers;
  std::string content_type;                                         ///< for example `application/json`; may be empty
  std::optional<std::chrono::system_clock::time_point> not_before;  ///< do not publish earlier (the store's clock)
};

}  // namespace waybill

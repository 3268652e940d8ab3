#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill {

/// Reads `250ms`, `30s`, `10m`, `2h`, `7d`. Errors show the accepted forms.
Result<Duration> parse_duration(std::string_view text);
/// The shortest exact form: `30s`, `1500ms`.
std::string format_duration(Duration duration);

/// The candidate with the smallest edit distance, when it is close enough to be a likely typing error.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// Replaces `{topic}` and `{key}`; other braces are an error when the configuration is read (see check_template).
std::string render_template(std::string_view text, std::string_view topic, std::string_view key);
Status check_template(std::string_view text);
/// Whether it holds a placeholder, so that what it names is known only with a message.
inline bool is_template(std::string_view text) { return text.find('{') != std::string_view::npos; }

/// ASCII letters in lower case; all else as it is.
constexpr char lower_ascii(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string lower_ascii(std::string text);

/// Two lower-case digits for each byte, and the bytes again; what is no digit counts as 0.
std::string to_hex(std::string_view bytes);
std::string from_hex(std::string_view hex);

/// Lower-case hex SHA-256.
std::string sha256_hex(std::string_view bytes);

/// This process as `host:pid`.
std::string process_name();

}  // namespace waybill

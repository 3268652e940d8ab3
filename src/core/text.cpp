#include "core/text.hpp"

#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <vector>

namespace waybill {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view name;
  Duration length;
};

// Longest first: the first that divides a duration gives its shortest form.
constexpr auto units =
    std::to_array<Unit>({{"d", 24h}, {"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}, {"us", 1us}, {"ns", 1ns}});

constexpr std::string_view placeholders[] = {"{topic}", "{key}"};

// Optimal string alignment: insert, delete, replace, and swap of neighbours count one each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  const std::string_view suffix{stop, static_cast<std::size_t>(end - stop)};
  const auto* unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == suffix; });
  if (error != std::errc{} || unit == units.end() || count < 0) {
    return Error{ErrorCode::invalid_argument,
                 "'" + std::string{text} + "' is no duration; write 250ms, 30s, 10m, 2h or 7d"};
  }
  if (count > std::numeric_limits<std::int64_t>::max() / unit->length.count()) {
    return Error{ErrorCode::invalid_argument, "'" + std::string{text} + "' is longer than 292 years"};
  }
  return unit->length * count;
}

std::string format_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  const auto* unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return duration % u.length == Duration::zero(); });
  return std::to_string(duration / unit->length).append(unit->name);
}

std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t longest = 64;
  if (word.size() > longest) return std::nullopt;
  auto best_distance = 1 + word.size() / 4;
  std::optional<std::string> best;
  for (const auto candidate : candidates) {
    if (candidate.size() > longest) continue;
    const auto distance = edit_distance(word, candidate);
    if (distance < best_distance || (distance == best_distance && !best)) {
      best_distance = distance;
      best = std::string{candidate};
    }
  }
  return best;
}

std::string render_template(std::string_view text, std::string_view topic, std::string_view key) {
  std::string rendered;
  while (!text.empty()) {
    const auto brace = text.find('{');
    rendered += text.substr(0, brace);
    if (brace == std::string_view::npos) break;
    text = text.substr(brace);
    if (text.starts_with(placeholders[0])) {
      rendered += topic;
      text.remove_prefix(placeholders[0].size());
    } else if (text.starts_with(placeholders[1])) {
      rendered += key;
      text.remove_prefix(placeholders[1].size());
    } else {
      rendered += '{';
      text.remove_prefix(1);
    }
  }
  return rendered;
}

Status check_template(std::string_view text) {
  while (true) {
    const auto brace = text.find_first_of("{}");
    if (brace == std::string_view::npos) return {};
    text = text.substr(brace);
    const auto* known = std::find_if(std::begin(placeholders), std::end(placeholders),
                                     [&](std::string_view name) { return text.starts_with(name); });
    if (known == std::end(placeholders)) {
      const auto close = text.front() == '{' ? text.find('}') : 0;
      return Error{ErrorCode::invalid_argument,
                   "'" + std::string{text.substr(0, close == std::string_view::npos ? close : close + 1)} +
                       "' is no placeholder; {topic} and {key} are, and a brace has no other use"};
    }
    text.remove_prefix(known->size());
  }
}

std::string lower_ascii(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return lower_ascii(c); });
  return text;
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += digits[byte >> 4];
    hex += digits[byte & 0xfu];
  }
  return hex;
}

std::string from_hex(std::string_view hex) {
  const auto value = [](char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : 0;
  };
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes += static_cast<char>(value(hex[at]) * 16 + value(hex[at + 1]));
  }
  return bytes;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  return to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// Asked anew each time: a forked child has another pid.
std::string process_name() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host = {'?'};
  return std::string{host.data()} + ":" + std::to_string(getpid());
}

}  // namespace waybill

#include "core/config/url_keys.hpp"

#include <algorithm>

#include "core/url_parameters.hpp"

namespace waybill::config {
namespace {

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string list(std::span<const std::string_view> words) {
  std::string text;
  for (const auto word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

void check_url(Section& section, const Url& url, std::span<const std::string_view> schemes) {
  if (contains(schemes, url.scheme)) {
    if (url.scheme == "sqlite" && url.host.empty() && url.path.size() < 2) {
      section.fail("url", "names no file; write sqlite:///path/outbox.db");
    }
    if (const auto fit = check_parameters(url); !fit) section.fail("url", fit.error().message());
    return;
  }
  section.fail(
      "url", "'" + url.scheme + "' is no known scheme; known are " + list(schemes) + did_you_mean(url.scheme, schemes));
}

}  // namespace

std::string read_url(Section& section, Secret& target, std::span<const std::string_view> schemes) {
  std::string text;
  if (!section.read_secret("url", text)) return {};
  const auto url = parse_url(text);
  target = Secret{std::move(text)};
  if (!url) {
    section.fail("url", url.error().message());
    return {};
  }
  check_url(section, *url, schemes);
  return contains(schemes, url->scheme) ? url->scheme : std::string{};
}

}  // namespace waybill::config

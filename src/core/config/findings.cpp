#include <algorithm>
#include <tuple>

#include "core/config/section.hpp"
#include "core/text.hpp"

namespace waybill::config {

void Findings::add(Place place, std::string text, ErrorCode code) { found_.push_back({place, std::move(text), code}); }

std::vector<std::string> Findings::lines() const {
  auto sorted = found_;
  std::sort(sorted.begin(), sorted.end(),
            [](const Found& a, const Found& b) { return std::tie(a.place, a.text) < std::tie(b.place, b.text); });
  std::vector<std::string> lines;
  for (const auto& found : sorted) {
    lines.push_back(file_ + ":" + std::to_string(found.place.line) + ":" + std::to_string(found.place.column) + ": " +
                    found.text);
  }
  return lines;
}

ErrorCode Findings::code() const noexcept {
  const bool only_secrets = std::all_of(found_.begin(), found_.end(),
                                        [](const Found& found) { return found.code == ErrorCode::missing_secret; });
  return only_secrets ? ErrorCode::missing_secret : ErrorCode::invalid_configuration;
}

std::string Findings::folder() const {
  const auto slash = file_.rfind('/');
  return slash == std::string::npos ? std::string{} : file_.substr(0, slash + 1);
}

bool Findings::is_plain(Place place) const { return std::find(plain_.begin(), plain_.end(), place) != plain_.end(); }

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const auto guess = nearest(word, candidates);
  return guess ? " (did you mean '" + *guess + "'?)" : std::string{};
}

}  // namespace waybill::config

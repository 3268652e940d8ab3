#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"

namespace waybill {

// A complete file to which a test adds one mistake.
inline const std::string store = "[store.s]\nurl = \"memory://s\"\n";
inline const std::string broker = "[broker.b]\nurl = \"memory://b\"\n";

inline std::vector<std::string> errors(const std::string& text) {
  ConfigErrors found;
  const auto config = parse_config(text, "waybill.toml", &found);
  EXPECT_EQ(config.ok(), found.lines.empty());
  EXPECT_EQ(config ? "" : config.error().message(), found.joined());
  return found.lines;
}

inline std::string only_error(const std::string& text) {
  const auto all = errors(text);
  EXPECT_EQ(all.size(), 1u) << ConfigErrors{all}.joined();
  return all.empty() ? "" : all.front();
}

inline void expect_error(const std::string& text, std::string_view part) {
  const auto error = only_error(text);
  EXPECT_NE(error.find(part), std::string::npos) << error;
}

}  // namespace waybill

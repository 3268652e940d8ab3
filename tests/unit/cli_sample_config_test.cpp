#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "cli/sample_config.hpp"
#include "core/config.hpp"

namespace waybill::cli {
namespace {

/// The sample with every commented key switched on.
std::string with_all_keys() {
  std::string text;
  std::string_view left = sample_config();
  while (!left.empty()) {
    const auto end = left.find('\n');
    auto line = left.substr(0, end);
    left.remove_prefix(end + 1);
    const auto after_word = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", 2);
    const bool is_key = line.starts_with("# ") && after_word > 2 && after_word != std::string_view::npos &&
                        line.substr(after_word).starts_with(" = ");
    if (is_key) line.remove_prefix(2);
    text.append(line).append("\n");
  }
  return text;
}

TEST(SampleConfig, ChecksAsItIs) {
  auto config = parse_config(sample_config(), "waybill.toml");
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_TRUE(config->ready_to_relay());
}

TEST(SampleConfig, ItsCommentedKeysExistAndShowTheDefaults) {
  auto config = parse_config(with_all_keys(), "waybill.toml");
  ASSERT_TRUE(config) << config.error().message();
  const RelayConfig defaults;
  EXPECT_EQ(config->relay.window, defaults.window);
  EXPECT_EQ(config->relay.unsettled, defaults.unsettled);
  EXPECT_EQ(config->relay.stop_timeout, defaults.stop_timeout);
  EXPECT_EQ(config->relay.stalled_after, defaults.stalled_after);
  EXPECT_EQ(config->stores.front().lanes, StoreConfig{}.lanes);
  EXPECT_EQ(config->stores.front().max_payload, StoreConfig{}.max_payload);
  EXPECT_EQ(config->brokers.front().heartbeat, BrokerConfig{}.heartbeat);
  const RouteConfig route;
  EXPECT_EQ(config->routes.front().resend_after, route.resend_after);
  EXPECT_EQ(config->routes.front().max_attempts, route.max_attempts);
  EXPECT_EQ(config->routes.front().on_nack, route.on_nack);
  EXPECT_EQ(config->routes.front().on_unroutable, route.on_unroutable);
  EXPECT_EQ(config->routes.front().on_failed_key, route.on_failed_key);
}

}  // namespace
}  // namespace waybill::cli

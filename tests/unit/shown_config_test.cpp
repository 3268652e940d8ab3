// What a configuration shows to strangers: everything but what may be a secret.

#include "core/shown_config.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): setenv is POSIX's

#include <algorithm>

namespace waybill {
namespace {

std::string value_of(const ShownConfig& config, std::string_view name) {
  const auto found = std::ranges::find(config.settings, name, &std::pair<std::string, std::string>::first);
  return found == config.settings.end() ? "(not there)" : found->second;
}

std::string all_of(const ShownConfig& config) {
  std::string text;
  for (const auto& [name, value] : config.settings) text += name + " = " + value + "\n";
  for (const auto& error : config.errors) text += error + "\n";
  return text;
}

constexpr auto whole = R"(
# an old one: postgresql://shop:PLANTED@old/shop
[store.shop]
url = "postgresql://shop:PLANTED@db/shop?sslpassword=PLANTED"
max_payload = "1MiB"
lanes = 4
[store.cache]
url = "${CACHE_URL}"
[broker.main]
url = "kafkas://k:9092"
ca_file = "/etc/ca.pem"
properties = { "sasl.password" = "PLANTED", "linger.ms" = 5, "ssl.key.pem" = "file:/run/secrets/key" }
[[route]]
topic = "orders.*"
broker = "main"
exchange = "PLANTED-not-secret"
resend_after = "45s"
on_nack = "drop"
[http]
mask = ["card.*"]
[http.token.anna]
role = "viewer"
hash = "sha256:PLANTED"
expires = 2026-12-01T10:00:00Z
[traces]
endpoint = "http://user:PLANTED@collector:4318"
headers = { Authorization = "Bearer PLANTED" }
[decoder.avro]
topics = ["orders.*"]
command = ["/usr/bin/avro", "-d"]
)";

TEST(ShownConfig, ShowsWhatIsNoSecretAsTheFileSaysIt) {
  const auto config = show_config(whole, "waybill.toml");
  EXPECT_EQ(value_of(config, "store.shop.max_payload"), "1MiB");
  EXPECT_EQ(value_of(config, "store.shop.lanes"), "4");
  EXPECT_EQ(value_of(config, "broker.main.url"), "kafkas://k:9092");
  EXPECT_EQ(value_of(config, "broker.main.ca_file"), "/etc/ca.pem");
  EXPECT_EQ(value_of(config, "route[0].topic"), "orders.*");
  EXPECT_EQ(value_of(config, "route[0].exchange"), "PLANTED-not-secret");
  EXPECT_EQ(value_of(config, "route[0].resend_after"), "45s");
  EXPECT_EQ(value_of(config, "route[0].on_nack"), "drop");
  EXPECT_EQ(value_of(config, "http.mask[0]"), "card.*");
  EXPECT_EQ(value_of(config, "http.token.anna.role"), "viewer");
  EXPECT_EQ(value_of(config, "http.token.anna.expires"), "1796119200000 ms");
  EXPECT_EQ(value_of(config, "decoder.avro.command[1]"), "-d");
}

TEST(ShownConfig, HidesWhatMayBeASecret) {
  const auto config = show_config(whole, "waybill.toml");
  EXPECT_EQ(value_of(config, "store.shop.url"), "postgresql://shop:***@db/shop?sslpassword=***");
  EXPECT_EQ(value_of(config, "broker.main.properties.sasl.password"), "***");
  EXPECT_EQ(value_of(config, "broker.main.properties.linger.ms"), "5");
  EXPECT_EQ(value_of(config, "http.token.anna.hash"), "***");
  EXPECT_EQ(value_of(config, "traces.endpoint"), "http://user:***@collector:4318");
  EXPECT_EQ(value_of(config, "traces.headers.Authorization"), "***");
  auto text = all_of(config);
  const auto known = text.find("PLANTED-not-secret");
  ASSERT_NE(known, std::string::npos);
  text.erase(known, 7);
  EXPECT_EQ(text.find("PLANTED"), std::string::npos) << text;
}

TEST(ShownConfig, KeepsReferencesAsTheyStand) {
  setenv("CACHE_URL", "redis://:PLANTED@cache", 1);
  const auto config = show_config(whole, "waybill.toml");
  EXPECT_EQ(value_of(config, "store.cache.url"), "${CACHE_URL}");
  EXPECT_EQ(value_of(config, "broker.main.properties.ssl.key.pem"), "file:/run/secrets/key");
  unsetenv("CACHE_URL");
}

TEST(ShownConfig, HidesTextsUnderKeysThatNobodyKnows) {
  const auto config = show_config(
      "[store.shop]\nurl = \"sqlite:///tmp/x.db\"\npasword = \"PLANTED\"\n[secret]\nx = \"PLANTED\"\n", "waybill.toml");
  EXPECT_EQ(value_of(config, "store.shop.pasword"), "***");
  EXPECT_EQ(value_of(config, "secret.x"), "***");
  EXPECT_EQ(all_of(config).find("PLANTED"), std::string::npos) << all_of(config);
  EXPECT_EQ(config.errors.size(), 2u);
}

TEST(ShownConfig, SaysWhyThereIsNothingToShow) {
  const auto broken = show_config("[store.shop\nurl = \"redis://:PLANTED@cache\"\n", "waybill.toml");
  EXPECT_TRUE(broken.settings.empty());
  ASSERT_EQ(broken.errors.size(), 1u);
  EXPECT_EQ(broken.errors[0].find("PLANTED"), std::string::npos);
  const auto absent = show_config("/no/such/waybill.toml");
  ASSERT_EQ(absent.errors.size(), 1u);
  EXPECT_NE(absent.errors[0].find("/no/such/waybill.toml"), std::string::npos);
}

}  // namespace
}  // namespace waybill

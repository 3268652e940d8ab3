#include "core/config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "config_errors.hpp"

namespace waybill {
namespace {

using namespace std::chrono_literals;

constexpr const char* documented = R"(
[store.shop]
url = "postgresql://localhost/shop"

[broker.main]
url = "amqp://user:secret@localhost"

[[route]]
topic = "orders.*"
broker = "main"
exchange = "shop"
routing_key = "{topic}"
resend_after = "45s"
max_attempts = 5
on_nack = "drop"
on_unroutable = "resend"
order = "key"
on_failed_key = "skip"
source = "/shop"

[[route]]
topic = "*"
broker = "main"
exchange = ""

[relay]
window = 500
unsettled = 2000
stop_timeout = "5s"
buffer_bytes = "8MiB"
)";

TEST(Config, ReadsTheDocumentedExample) {
  const auto config = parse_config(documented, "waybill.toml");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->store("shop")->url.reveal(), "postgresql://localhost/shop");
  EXPECT_EQ(config->broker("main")->url.masked(), "amqp://user:***@localhost");
  const auto& route = config->routes.at(0);
  EXPECT_EQ(route.resend_after, 45s);
  EXPECT_EQ(route.max_attempts, 5u);
  EXPECT_EQ(route.on_nack, OnNack::drop);
  EXPECT_EQ(route.on_unroutable, OnUnroutable::resend);
  EXPECT_EQ(route.order, Order::key);
  EXPECT_EQ(route.on_failed_key, OnFailedKey::skip);
  EXPECT_EQ(config->relay.window, 500u);
  EXPECT_EQ(config->relay.unsettled, 2000u);
  EXPECT_EQ(config->relay.stop_timeout, 5s);
  EXPECT_EQ(config->relay.buffer_bytes, 8u << 20);
  EXPECT_TRUE(config->ready_to_relay().ok());
}

TEST(Config, TheFirstRouteThatMatchesWins) {
  const auto config = parse_config(documented, "waybill.toml");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->route("orders.created"), &config->routes[0]);
  EXPECT_EQ(config->route("stock.low"), &config->routes[1]);
  EXPECT_EQ(config->store("other"), nullptr);
}

TEST(Config, ReportsAllErrorsAtOnceWithTheirPlaces) {
  const auto all =
      errors("[store.s]\nurl = \"memory://s\"\nlanes = 65\n[relay]\nwindwo = 3\nwindow = 0\n[rout]\nx = 1\n");
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0], "waybill.toml:3:9: store.s.lanes: 65 is not between 1 and 64");
  EXPECT_EQ(all[1], "waybill.toml:5:1: unknown key 'windwo' in relay (did you mean 'window'?)");
  EXPECT_EQ(all[2], "waybill.toml:6:10: relay.window: 0 is not between 1 and 65535");
  EXPECT_NE(all[3].find("'rout' (did you mean 'route'?)"), std::string::npos);
}

TEST(Config, ASyntaxErrorHasItsPlace) {
  const auto error = only_error("[store.s]\nurl = \n");
  EXPECT_EQ(error.rfind("waybill.toml:2:", 0), 0u) << error;
}

TEST(Config, ATableWithoutANameIsASyntaxErrorToo) {
  for (const char* text : {"[", "[\n", "[[\n", "[ \n", "[!]\n", "[,"}) {
    EXPECT_NE(only_error(text).find("waybill.toml:1:"), std::string::npos) << text;
  }
}

TEST(Config, AnEmptyFileSaysWhatIsMissing) { expect_error("", "there is no [store.NAME]"); }

TEST(Config, ARelayNeedsABrokerAndARoute) {
  const auto config = parse_config(store, "waybill.toml");
  ASSERT_TRUE(config.ok());
  EXPECT_NE(config->ready_to_relay().error().message().find("[broker.NAME]"), std::string::npos);
  const auto with_broker = parse_config(store + broker, "waybill.toml");
  EXPECT_NE(with_broker->ready_to_relay().error().message().find("[[route]]"), std::string::npos);
}

TEST(Config, AWrongTypeSaysWhatIsNeeded) {
  expect_error(store + "[relay]\nwindow = \"many\"\n", "relay.window is a string; a whole number is needed");
  expect_error(store + "[relay]\nstop_timeout = 30\n", "relay.stop_timeout is a whole number; a string is needed");
  expect_error(store + "[route]\ntopic = \"*\"\n", "write [[route]]");
  expect_error("[store]\nurl = \"memory://s\"\n", "write [store.NAME]");
  expect_error("store = 3\n", "write [store.NAME]");
}

TEST(Config, RangesAreChecked) {
  expect_error(store + "[relay]\nwindow = 65536\n", "not between 1 and 65535");
  expect_error(store + "[relay]\nwindow = 100\nunsettled = 99\n", "less than window (100)");
  expect_error(store + "[relay]\nstop_timeout = \"2h\"\n", "not between 0s and 1h");
  expect_error(store + "[relay]\nbuffer_bytes = \"1KiB\"\n", "not between");
  const auto route = store + broker + "[[route]]\ntopic = \"*\"\nbroker = \"b\"\n";
  expect_error(route + "max_attempts = 0\n", "not between 1 and 1000");
  expect_error(route + "resend_after = \"99ms\"\n", "not between 100ms and 30d");
  expect_error(route + "resend_after = \"31d\"\n", "not between 100ms and 30d");
}

TEST(Config, ALargeWindowRaisesTheOtherBoundWithIt) {
  const auto config = parse_config(store + "[relay]\nwindow = 9000\n", "waybill.toml");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->relay.unsettled, 9000u);
}

TEST(Config, AnUnknownWordListsTheAllowedOnes) {
  const auto route = store + broker + "[[route]]\ntopic = \"*\"\nbroker = \"b\"\n";
  expect_error(route + "on_nack = \"resnd\"\n",
               "\"resnd\" is not allowed; write \"resend\", \"drop\" or \"fail\" (did you mean 'resend'?)");
  expect_error(route + "order = \"topic\"\n", "\"none\" or \"key\"");
}

TEST(Config, ARouteNamesABrokerThatExists) {
  expect_error(store + "[broker.main]\nurl = \"memory://b\"\n[[route]]\ntopic = \"*\"\nbroker = \"mian\"\n",
               "there is no [broker.mian] (did you mean 'main'?)");
  expect_error(store + broker + "[[route]]\ntopic = \"*\"\n", "route has no 'broker'");
}

TEST(Config, RabbitMqNeedsAnExchangeOrAnEmptyOne) {
  const std::string amqp = store + "[broker.b]\nurl = \"amqp://h\"\n[[route]]\ntopic = \"*\"\nbroker = \"b\"\n";
  expect_error(amqp, "route has no 'exchange'");
  EXPECT_TRUE(errors(amqp + "exchange = \"\"\n").empty());
}

TEST(Config, TheSameTopicTwiceIsAnError) {
  const std::string route = "[[route]]\ntopic = \"a.*\"\nbroker = \"b\"\n";
  expect_error(store + broker + route + route, "an earlier [[route]] has 'a.*' too");
}

TEST(Config, TemplatesKnowTopicAndKeyOnly) {
  expect_error(store + broker + "[[route]]\ntopic = \"*\"\nbroker = \"b\"\nrouting_key = \"{tpoic}\"\n",
               "'{tpoic}' is no placeholder");
}

TEST(Config, CloudEventsNeedASource) {
  expect_error(store + broker + "[[route]]\ntopic = \"*\"\nbroker = \"b\"\nformat = \"cloudevents\"\n", "route.source");
}

TEST(Config, UnknownSchemesNameTheNearest) {
  expect_error("[store.s]\nurl = \"postgress://h/db\"\n", "did you mean 'postgres'");
  expect_error(store + "[broker.b]\nurl = \"roketmq://h\"\n", "did you mean 'rocketmq'");
  expect_error("[store.s]\nurl = \"sqlite://\"\n", "names no file");
}

TEST(Config, KeysOfRedisElsewhereAreAnError) {
  expect_error("[store.s]\nurl = \"sqlite:///x\"\nreplicas = 1\n", "is for Redis");
  expect_error("[store.s]\nurl = \"redis://h\"\nlanes = 17\n", "at most 16 lanes");
  expect_error("[store.s]\nurl = \"redis://h\"\nca_file = \"c.pem\"\n", "write rediss://");
  expect_error("[store.s]\nurl = \"rediss://h\"\ncert_file = \"c.pem\"\n", "needed together");
}

TEST(Config, TlsKeysWithoutTlsAreAnError) {
  expect_error(store + "[broker.b]\nurl = \"amqp://h\"\ninsecure = true\n", "write amqps://");
  expect_error(store + "[broker.b]\nurl = \"amqps://h\"\ncert_file = \"c.pem\"\n", "needed together");
}

TEST(Config, KafkaHasATopicForAnExchangeAndPropertiesOfItsOwn) {
  const std::string kafka = "[broker.k]\nurl = \"kafka://h\"\n";
  const std::string route = "[[route]]\ntopic = \"*\"\nbroker = \"k\"\n";
  const auto config = parse_config(store + kafka +
                                       "[broker.k.properties]\nlinger.ms = 5\n\"compression.type\" = \"lz4\"\n"
                                       "socket.keepalive.enable = true\n" +
                                       route,
                                   "f");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->routes[0].exchange, "{topic}");
  const auto shouted = parse_config(store + "[broker.k]\nurl = \"KAFKA://h\"\n" + route, "f");
  ASSERT_TRUE(shouted.ok()) << shouted.error().message();
  EXPECT_EQ(shouted->routes[0].exchange, "{topic}") << "a scheme is the same in capitals";
  ASSERT_EQ(config->brokers[0].properties.size(), 3U);
  EXPECT_EQ(config->brokers[0].properties[0].name, "linger.ms");
  EXPECT_EQ(config->brokers[0].properties[0].value.reveal(), "5");
  EXPECT_EQ(config->brokers[0].properties[2].value.reveal(), "true");
  expect_error(store + kafka + route + "exchange = \"orders created\"\n", "can't be a topic of Kafka");
  expect_error(store + kafka + route + "routing_key = \"x\"\n", "the message's key goes");
  expect_error(store + kafka + "heartbeat = \"5s\"\n", "is for RabbitMQ only");
  expect_error(store + kafka + "properties = { \"linger.ms\" = 1.5 }\n", "a string or whole number is needed");
  expect_error(store + "[broker.b]\nurl = \"amqp://h\"\nproperties = { a = 1 }\n", "is for Kafka only");
  expect_error(store + kafka + "ca_file = \"c.pem\"\n", "write kafkas://");
}

TEST(Config, NoErrorRepeatsAPassword) {
  for (const auto* url : {"amqp://u:hunter2/x@h", "redis://u:hunter2@h", "amqp://u:hunter2@h:0", "xx://u:hunter2@h"}) {
    const auto error = only_error(store + "[broker.b]\nurl = \"" + url + "\"\n");
    EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
  }
}

class Secrets : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("waybill-config-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    setenv("WAYBILL_TEST_PASSWORD", "hunter2", 1);
  }
  void TearDown() override {
    std::filesystem::remove_all(folder_);
    unsetenv("WAYBILL_TEST_PASSWORD");
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream{folder_ / name} << text;
    return (folder_ / name).string();
  }
  std::filesystem::path folder_;
};

TEST_F(Secrets, AreReadFromTheEnvironment) {
  const auto config = parse_config(
      "[store.s]\nurl = \"postgresql://u:${WAYBILL_TEST_PASSWORD}@h/d\"\n[broker.b]\nurl = \"memory://$${x}\"\n", "f");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->stores[0].url.reveal(), "postgresql://u:hunter2@h/d");
  EXPECT_EQ(config->brokers[0].url.reveal(), "memory://${x}");
}

TEST_F(Secrets, AreReadFromAFileBesideTheConfiguration) {
  write("url.txt", "amqp://u:hunter2@h\n");
  const auto file = write("waybill.toml", store + "[broker.b]\nurl = \"file:url.txt\"\n");
  const auto config = load_config(file);
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->brokers[0].url.reveal(), "amqp://u:hunter2@h");
  EXPECT_EQ(config->file, file);
}

TEST_F(Secrets, AMissingOneNamesTheVariableOrFile) {
  ConfigErrors found;
  auto config = parse_config("[store.s]\nurl = \"postgresql://u:${WAYBILL_TEST_NONE}@h\"\n", "f", &found);
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().code(), ErrorCode::missing_secret);
  EXPECT_EQ(found.joined(), "f:2:7: store.s.url: the environment variable WAYBILL_TEST_NONE is not set");
  config = parse_config("[store.s]\nurl = \"file:/nowhere/url\"\n", "f", &found);
  EXPECT_EQ(config.error().code(), ErrorCode::missing_secret);
  EXPECT_NE(config.error().message().find("'/nowhere/url': No such file"), std::string::npos);
  config = parse_config("[store.s]\nurl = \"memory://${\"\nlanes = 0\n", "f", &found);
  EXPECT_EQ(config.error().code(), ErrorCode::invalid_configuration);
}

TEST(Config, LogsAreTextUnlessToldOtherwise) {
  EXPECT_EQ(parse_config(store, "f")->log.format, LogFormat::text);
  EXPECT_EQ(parse_config(store + "[log]\nformat = \"json\"\n", "f")->log.format, LogFormat::json);
  expect_error(store + "[log]\nformat = \"xml\"\n", "write \"text\" or \"json\"");
}

TEST(LoadConfig, AMissingFileSaysHowToMakeOne) {
  const auto config = load_config("/nowhere/waybill.toml");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().message(),
            "/nowhere/waybill.toml: No such file or directory; name the file with --config, or write one with "
            "`waybill init`");
}

TEST(LoadConfig, AFolderIsNoFile) { EXPECT_FALSE(load_config("/tmp").ok()); }

TEST(Config, HostileNestingIsAnErrorOnly) {
  EXPECT_EQ(errors("x = " + std::string(100'000, '[') + "\n").size(), 1u);
  EXPECT_EQ(errors("a" + std::string(2000, '.')).size(), 1u);
}

TEST(ConfigTraces, AreToldNobodyUnlessTheFileSaysWhom) {
  EXPECT_FALSE(parse_config(store, "f")->traces.is_on());
  const auto config = parse_config(store + "[traces]\nendpoint = \"http://collector\"\n", "f");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->traces.host, "collector");
  EXPECT_EQ(config->traces.port, 4318);
  EXPECT_EQ(config->traces.path, "/v1/traces");
  EXPECT_FALSE(config->traces.tls);
  const auto secure = parse_config(store + "[traces]\nendpoint = \"https://[::1]:9/otlp\"\n", "f");
  EXPECT_EQ(secure->traces.host, "::1");
  EXPECT_EQ(secure->traces.port, 9);
  EXPECT_EQ(secure->traces.path, "/otlp");
  EXPECT_TRUE(secure->traces.tls);
}

TEST(ConfigTraces, NameWhatIsWrong) {
  const auto with = [](const std::string& lines) { return store + "[traces]\n" + lines; };
  expect_error(with("service = \"x\"\n"), "endpoint = \"http://127.0.0.1:4318\"");
  expect_error(with("endpoint = \"grpc://collector:4317\"\n"), "is no http:// or https:// URL");
  expect_error(with("endpoint = \"http://me:secret@collector\"\n"), "do not belong here");
  expect_error(with("endpoint = \"http://collector?x=1\"\n"), "has a query");
  expect_error(with("endpoint = \"http://collector\"\nca_file = \"x\"\n"), "is for an https:// endpoint");
  expect_error(with("endpoint = \"http://collector\"\nheaders = { A = \"b\\nc\" }\n"), "no header that HTTP can carry");
  expect_error(with("endpoint = \"http://collector\"\nservice = \"\"\n"), "is empty");
  expect_error(with("endpoint = \"http://collector\"\nserivce = \"x\"\n"), "did you mean 'service'");
}

}  // namespace
}  // namespace waybill

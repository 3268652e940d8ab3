#include "core/url.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/secret.hpp"
#include "core/url_parameters.hpp"

namespace waybill {
namespace {

Url good(std::string_view text) {
  auto url = parse_url(text);
  EXPECT_TRUE(url.ok()) << (url ? "" : url.error().message());
  return url ? *url : Url{};
}

std::string problem(std::string_view text) {
  const auto url = parse_url(text);
  return url ? "no error" : url.error().message();
}

TEST(Url, ReadsEveryPart) {
  const auto url = good("AMQPS://user:p%40ss%2Fword@broker.example:5671/shop%2Feu?a=1&b=%26");
  EXPECT_EQ(url.scheme, "amqps");
  EXPECT_EQ(url.user, "user");
  EXPECT_EQ(url.password, "p@ss/word");
  EXPECT_EQ(url.host, "broker.example");
  EXPECT_EQ(url.port, 5671);
  EXPECT_EQ(url.path, "/shop/eu");
  EXPECT_EQ(url.query.at("a"), "1");
  EXPECT_EQ(url.query.at("b"), "&");
}

TEST(Url, AListOfHostsIsOneTextWithTheLastPortApart) {
  EXPECT_EQ(parse_url("kafka://a:1,b:2")->host, "a:1,b");
  EXPECT_EQ(parse_url("kafka://a:1,b:2")->port, 2);
  EXPECT_EQ(parse_url("kafka://a:1,b")->host, "a:1,b");
  EXPECT_EQ(parse_url("kafka://a:1,b")->port, 0);
}

TEST(Url, ReadsAnIpv6HostWithoutItsBrackets) {
  const auto url = good("amqp://[::1]:5672");
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 5672);
  EXPECT_EQ(good("amqp://[2001:db8::2]/x").host, "2001:db8::2");
}

TEST(Url, TellsAnEmptyPathFromNone) {
  EXPECT_FALSE(good("amqp://host").has_path);
  EXPECT_TRUE(good("amqp://host/").has_path);
}

TEST(Url, ReadsAFileUrl) {
  const auto url = good("sqlite:///var/lib/shop/outbox.db");
  EXPECT_TRUE(url.host.empty());
  EXPECT_EQ(url.path, "/var/lib/shop/outbox.db");
}

TEST(Url, NamesThePartAtFault) {
  EXPECT_NE(problem("localhost").find("'://'"), std::string::npos);
  EXPECT_NE(problem("1x://h").find("scheme"), std::string::npos);
  EXPECT_NE(problem("amqp://h:0").find("port"), std::string::npos);
  EXPECT_NE(problem("amqp://h:65536").find("port"), std::string::npos);
  EXPECT_NE(problem("amqp://[::1").find("']'"), std::string::npos);
  EXPECT_NE(problem("amqp://::1").find("brackets"), std::string::npos);
  EXPECT_NE(problem("amqp://u:%zz@h").find("password"), std::string::npos);
  EXPECT_NE(problem("amqp://h/%00").find("path"), std::string::npos);
  EXPECT_NE(problem("amqp://h/a b").find("path"), std::string::npos);
}

TEST(Url, NoErrorRepeatsAPassword) {
  for (const auto* text : {"amqp://u:hunter2/x@h", "amqp://u:hunter2%zz@h", "amqp://u:hunter2?@h",
                           "amqp://u:hunter2#@h", "amqp://u:hunter2[@h:99999", "hunter2", "amqp://u:hunter2 @h"}) {
    EXPECT_EQ(problem(text).find("hunter2"), std::string::npos) << problem(text);
  }
}

TEST(Url, MasksThePassword) {
  EXPECT_EQ(mask_url("amqp://user:hunter2@host:5672/v"), "amqp://user:***@host:5672/v");
  EXPECT_EQ(mask_url("postgresql://h/db?user=a&password=hunter2&x=1"), "postgresql://h/db?user=a&password=***&x=1");
  EXPECT_EQ(mask_url("host=h sslPassword=hunter2 dbname=d"), "host=h sslPassword=*** dbname=d");
  EXPECT_EQ(mask_url("amqp://host:5672/v"), "amqp://host:5672/v");
  EXPECT_EQ(mask_url("amqp://user@host"), "amqp://user@host");
  EXPECT_EQ(mask_url("sqlite:///a/b.db"), "sqlite:///a/b.db");
}

TEST(Url, MasksMalformedPasswordsWhole) {
  for (const auto* text : {"amqp://u:hunter2/x@h", "amqp://u:hun@ter2@h", "amqp://u:hunter2?x@h", "u:hunter2@h",
                           "amqp://u:hunter2#@h", "amqp://:hunter2@h"}) {
    const auto masked = mask_url(text);
    EXPECT_EQ(masked.find("ter2"), std::string::npos) << masked;
    EXPECT_NE(masked.find("***@h"), std::string::npos) << masked;
  }
}

TEST(Secret, ShowsItsMaskedFormOnly) {
  const Secret secret{"amqp://u:hunter2@h"};
  EXPECT_EQ(secret.masked(), "amqp://u:***@h");
  EXPECT_EQ(secret.reveal(), "amqp://u:hunter2@h");
}

std::string fault_of(const char* text) {
  const auto url = parse_url(text);
  if (!url) return "malformed";
  const auto fit = check_parameters(*url);
  return fit ? "" : fit.error().message();
}

TEST(Url, KnowsWhatStaysOnThisHost) {
  for (const auto* here : {"", "localhost", "::1", "127.0.0.1", "127.1.2.3"})
    EXPECT_TRUE(stays_on_this_host(here)) << here;
  for (const auto* elsewhere :
       {"db.example", "10.0.0.1", "localhost.example", "::2", "1270.example", "a:1,127.0.0.1"}) {
    EXPECT_FALSE(stays_on_this_host(elsewhere)) << elsewhere;
  }
}

TEST(UrlParameters, TheKnownOnesPass) {
  EXPECT_EQ(fault_of("mysql://h/d?ssl=1&ssl_ca=a&ssl_cert=b&ssl_key=c&socket=d"), "");
  EXPECT_EQ(fault_of("mariadb://h/d?ssl=0"), "");
  EXPECT_EQ(fault_of("rediss://h/0?nodes=a:1,b:2"), "");
  EXPECT_EQ(fault_of("rocketmq://h?routes=ignore"), "");
  EXPECT_EQ(fault_of("amqps://h/v"), "");
  EXPECT_EQ(fault_of("postgresql://h/d?sslmode=verify-full"), "") << "its library's own to check";
}

TEST(UrlParameters, OthersAreErrorsThatNameThem) {
  EXPECT_EQ(fault_of("mysql://h/d?sslmode=require"),
            "a URL of mysql:// has no parameter 'sslmode'; there are ssl, ssl_ca, ssl_cert, ssl_key, socket");
  EXPECT_EQ(fault_of("redis://h/0?node=a:1"),
            "a URL of redis:// has no parameter 'node'; there are nodes (did you mean 'nodes'?)");
  EXPECT_EQ(fault_of("amqps://h?verify=verify_none"),
            "a URL of amqps:// has no parameter 'verify': settings are keys of its section");
  EXPECT_EQ(fault_of("mysql://h/d?ssl=yes"), "the URL's ssl is 0, 1 or unverified, not 'yes'");
}

}  // namespace
}  // namespace waybill

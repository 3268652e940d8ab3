// [http]: where a relay answers, and who may ask for what.

#include "config_errors.hpp"

namespace waybill {
namespace {

const std::string token = "[http.token.alice]\nrole = \"operator\"\nhash = \"sha256:" + std::string(64, 'a') + "\"\n";

TEST(HttpConfig, ListensOnLoopbackUnlessToldOtherwise) {
  const auto config = parse_config(store, "waybill.toml");
  ASSERT_TRUE(config.ok());
  EXPECT_TRUE(config->http.enabled);
  EXPECT_FALSE(config->http.chosen);
  EXPECT_TRUE(config->http.is_loopback());
  EXPECT_FALSE(parse_config(store + "[http]\nlisten = \"off\"\n", "waybill.toml")->http.enabled);
}

TEST(HttpConfig, ReadsAddressesAndTokens) {
  const auto config =
      parse_config(store + "[http]\nlisten = \"[::1]:80\"\nhosts = [\"waybill.internal\"]\n" + token +
                       "[http.token.grafana]\nrole = \"stats\"\nhash = \"sha256:" + std::string(64, 'b') + "\"\n",
                   "waybill.toml");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->http.address, "::1");
  EXPECT_EQ(config->http.port, 80);
  ASSERT_EQ(config->http.tokens.size(), 2u);
  EXPECT_EQ(config->http.tokens[0].grant.role, Role::operate);
  EXPECT_TRUE(config->http.tokens[0].grant.payloads);
  EXPECT_EQ(config->http.tokens[0].grant.may.size(), 4u);
  EXPECT_FALSE(config->http.tokens[1].grant.payloads);
  EXPECT_TRUE(config->http.tokens[1].grant.may.empty());
  EXPECT_EQ(parse_config(store + "[http]\nlisten = \"localhost:9\"\n", "f")->http.address, "127.0.0.1");
}

TEST(HttpConfig, RefusesWhatWouldLetStrangersIn) {
  expect_error(store + "[http]\nlisten = \"0.0.0.0:80\"\ninsecure = true\n",
               "add [http.token.NAME], or listen on 127.0.0.1");
  expect_error(store + "[http]\nlisten = \"0.0.0.0:80\"\n" + token, "set cert_file and key_file");
  EXPECT_TRUE(parse_config(store + "[http]\nlisten = \"0.0.0.0:80\"\ninsecure = true\n" + token, "f").ok());
}

TEST(HttpConfig, NamesWhatIsWrong) {
  for (const char* listen : {"here:80", "127.0.0.1", "127.0.0.1:99999", "::1:80", "127.0.0.1:", "[127.0.0.1]:80"}) {
    expect_error(store + "[http]\nlisten = \"" + listen + "\"\n", "is no IP address with a port");
  }
  expect_error(store + "[http.token.alice]\nrole = \"viewer\"\n", "`waybill token alice` prints");
  expect_error(store + "[http.token.alice]\nrole = \"viewer\"\nhash = \"secret\"\n",
               "is not sha256: and 64 hex digits");
  expect_error(store + "[http.token.alice]\nrole = \"admin\"\nhash = \"sha256:" + std::string(64, 'a') + "\"\n",
               "\"stats\", \"viewer\" or \"operator\"");
  expect_error(store + "[http.token]\nrole = \"viewer\"\n", "write [http.token.NAME]");
  expect_error(store + "[http]\ncert_file = \"a.pem\"\n", "cert_file and key_file are needed together");
  expect_error(store + token + "[http.token.bob]\nrole = \"viewer\"\nhash = \"sha256:" + std::string(64, 'a') + "\"\n",
               "has the hash of another");
}

const std::string proxy = "[http.proxy]\nhash = \"sha256:" + std::string(64, 'c') + "\"\nuser_header = \"X-User\"\n";

TEST(HttpConfig, RightsAreNarrowedToTopicsActsAndATime) {
  const auto config = parse_config(store + token +
                                       "topics = [\"orders.*\"]\nmay = [\"resend\", \"pause\"]\npayloads = false\n"
                                       "expires = 2026-12-01T10:00:00+02:00\n",
                                   "f");
  ASSERT_TRUE(config.ok()) << config.error().message();
  const auto& grant = config->http.tokens[0].grant;
  EXPECT_FALSE(grant.payloads);
  EXPECT_EQ(grant.topics, std::vector<std::string>{"orders.*"});
  EXPECT_EQ(grant.may, (std::vector{Act::resend, Act::pause}));
  EXPECT_EQ(grant.expires_ms, 1'796'112'000'000);
}

TEST(HttpConfig, PartsOfMessagesAreMaskedForAllButSome) {
  const auto config = parse_config(
      store + "[http]\nmask = [\"*card\"]\nmask_headers = [\"authorization\"]\n" + token + "unmasked = true\n", "f");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_TRUE(config->http.has_masks());
  EXPECT_TRUE(config->http.tokens[0].grant.unmasked);
  expect_error(store + token + "payloads = false\nunmasked = true\n", "needs payloads = true");
}

TEST(HttpConfig, AProxySaysWhoAsks) {
  const auto config = parse_config(store + "[http]\nlisten = \"0.0.0.0:80\"\ninsecure = true\n" + proxy +
                                       "groups_header = \"X-Groups\"\n[http.user.mei]\nname = \"mei@example.org\"\n"
                                       "role = \"operator\"\n[http.group.support]\nrole = \"viewer\"\n",
                                   "f");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->http.proxy->user_header, "x-user");
  EXPECT_EQ(config->http.proxy->groups_header, "x-groups");
  EXPECT_EQ(config->http.users[0].name, "mei@example.org");
  EXPECT_EQ(config->http.groups[0].name, "support");
}

TEST(HttpConfig, RightsThatMeanNothingAreFindings) {
  const std::string viewer = "[http.token.bob]\nrole = \"viewer\"\nhash = \"sha256:" + std::string(64, 'b') + "\"\n";
  const std::string user = "[http.user.mei]\nrole = \"viewer\"\n";
  expect_error(store + viewer + "may = [\"resend\"]\n", "only the role operator acts");
  expect_error(store + token + "may = []\n", "who may do nothing is a viewer");
  expect_error(store + token + "may = [\"resned\"]\n", "'resned' is none of resend, drop, edit, pause");
  expect_error(store + token + "topics = []\n", "leave it out for every topic");
  expect_error(store + token + "expires = 2026-12-01\n", "write date, time and offset");
  expect_error(store + token + "expires = 2026-12-01T10:00:00\n", "write date, time and offset");
  expect_error(store + token + "expires = \"1h\"\n", "a date or time is needed");
  expect_error(
      store + "[http.token.m]\nrole = \"stats\"\ntopics = [\"a\"]\nhash = \"sha256:" + std::string(64, 'b') + "\"\n",
      "the role stats sees no message");
  expect_error(store + user, "needs [http.proxy], which says who asks");
  expect_error(store + proxy, "lets nobody in");
  expect_error(store + "[http.proxy]\nuser_header = \"X-User\"\n" + user, "`waybill token proxy --proxy` prints");
  expect_error(store + "[http.proxy]\nhash = \"sha256:" + std::string(64, 'c') + "\"\n" + user,
               "the header in which it");
  expect_error(store + proxy + "groups_header = \"a b\"\n" + user, "is no name of a header");
  expect_error(store + proxy + "[http.group.ops]\nrole = \"viewer\"\n", "needs groups_header");
  expect_error(store + proxy + user + "[http.user.li]\nname = \"mei\"\nrole = \"viewer\"\n", "'mei' is there twice");
  expect_error(
      store + proxy + user + "[http.token.p]\nrole = \"viewer\"\nhash = \"sha256:" + std::string(64, 'c') + "\"\n",
      "has the hash of another");
}

}  // namespace
}  // namespace waybill

// Rights that are narrower than a role: to topics, to acts, to a time; and people whom a proxy names.

#include "admin/search.hpp"
#include "http_desk.hpp"

namespace waybill::http {
namespace {

using admin::Json;

/// Two teams' messages, all failed: o1 and o2 are orders, b1 is a bill.
class HttpRights : public HttpDesk {
 protected:
  HttpRights() {
    RouteConfig bills = config.routes.front();
    bills.topic = "bills.*";
    config.routes.push_back(bills);
    service->sites.front().routes.resize(2);
    persist("o1", "orders.created");
    persist("o2", "orders.paid");
    persist("b1", "bills.sent");
    settle_all(store::Verdict::failed, "unroutable");
  }

  static Grant operator_of(std::vector<std::string> topics) {
    return {Role::operate, true, std::move(topics), {Act::resend, Act::drop, Act::edit, Act::pause}, {}};
  }

  void add_token(const std::string& name, const Grant& grant) {
    config.http.tokens.push_back({name, sha256_hex("wb_" + name), grant});
  }

  std::vector<std::string> ids(const std::string& target, const std::string& token, const char* list) const {
    std::vector<std::string> found;
    const auto answer = parsed(get(target, token));
    for (const auto& one : answer.at(list)) found.push_back(one["id"]);
    return found;
  }

  std::string begin(const Json& order, const std::string& token) const {
    const auto begun = post("/api/v1/operations", order, token);
    EXPECT_EQ(begun.status, 202U) << begun.body;
    return parsed(begun)["id"];
  }

  using Ids = std::vector<std::string>;
};

TEST_F(HttpRights, WhoSeesOrdersSeesNoBill) {
  add_token("orders", {Role::viewer, true, {"orders.*"}, {}, {}});
  open();
  EXPECT_EQ(ids("/api/v1/failed", "orders", "messages"), (Ids{"o1", "o2"}));
  EXPECT_EQ(ids("/api/v1/failed?topic=*", "orders", "messages"), (Ids{"o1", "o2"}));
  EXPECT_EQ(ids("/api/v1/failed?id=b1", "orders", "messages"), Ids{});
  EXPECT_EQ(parsed(get("/api/v1/failed/groups", "orders"))["groups"][0]["count"], 2);
  EXPECT_EQ(get("/api/v1/messages/o1", "orders").status, 200U);
  EXPECT_EQ(get("/api/v1/messages/o1/payload", "orders").status, 200U);
  for (const auto* target : {"/api/v1/messages/b1", "/api/v1/messages/b1/payload", "/api/v1/messages/never"})
    EXPECT_EQ(get(target, "orders").status, 404U) << target;
  const auto words = [&](const char* id) {
    const std::string detail = parsed(get(std::string("/api/v1/messages/") + id, "orders"))["detail"];
    return detail.substr(detail.find("' among"));
  };
  EXPECT_EQ(words("b1"), words("never"));
  EXPECT_EQ(get("/api/v1/inbox/conflicts", "orders").status, 403U);
  EXPECT_EQ(parsed(get("/api/v1/me", "orders"))["topics"], Json({"orders.*"}));
}

TEST_F(HttpRights, TheTapShowsOnlyTopicsThatMayBeSeen) {
  auto& lane = service->sites.front().lanes.front();
  lane.samples.resize(2);
  lane.samples[0].topic = "orders.created";
  lane.samples[1].topic = "bills.sent";
  lane.samples[1].route = 1;
  add_token("orders", {Role::viewer, false, {"orders.*"}, {}, {}});
  open();
  const auto seen = parsed(get("/api/v1/tap", "orders"))["samples"];
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0]["topic"], "orders.created");
  EXPECT_EQ(parsed(get("/api/v1/tap", "viewer"))["samples"].size(), 2U);
}

TEST_F(HttpRights, AnActForAllTouchesOnlyWhatMayBeTouched) {
  add_token("orders", operator_of({"orders.*"}));
  open();
  const Json all{{"act", "resend"}, {"all", true}, {"why", "fixed"}};
  auto dry = all;
  dry["dry_run"] = true;
  EXPECT_EQ(parsed(post("/api/v1/operations", dry, "orders"))["plan"]["count"], 2);
  EXPECT_EQ(parsed(post("/api/v1/operations", dry, "operator"))["plan"]["count"], 3);
  const auto id = begin(all, "orders");
  EXPECT_EQ(parsed(get("/api/v1/operations/" + id, "operator"))["filters"][0]["within"], Json({"orders.*"}));
  const Json others{{"act", "drop"}, {"ids", {"b1"}}, {"why", "mine now"}};
  const auto refused = post("/api/v1/operations", others, "orders");
  EXPECT_EQ(refused.status, 409U);
  EXPECT_EQ(refused.body.find("failed"), std::string::npos) << "it tells where another's message is";
}

TEST_F(HttpRights, OperationsOfOtherTopicsAreNotSeenAndNotStopped) {
  add_token("orders", operator_of({"orders.*"}));
  open();
  const auto mine = begin({{"act", "drop"}, {"topic", "orders.created"}, {"why", "x"}}, "operator");
  const auto bill = begin({{"act", "drop"}, {"ids", {"b1"}}, {"why", "x"}}, "operator");
  EXPECT_EQ(ids("/api/v1/operations", "orders", "operations"), Ids{mine});
  EXPECT_EQ(get("/api/v1/operations/" + mine + "/results", "orders").status, 200U);
  for (const std::string tail : {"", "/results"})
    EXPECT_EQ(get("/api/v1/operations/" + bill + tail, "orders").status, 404U) << tail;
  EXPECT_EQ(post("/api/v1/operations/" + bill + "/stop", Json::object(), "orders").status, 404U);
}

TEST_F(HttpRights, OnlyRoutesWithinTheTopicsArePaused) {
  add_token("orders", operator_of({"orders.*"}));
  open();
  EXPECT_EQ(post("/api/v1/routes/pause", {{"route", "bills.*"}, {"why", "x"}}, "orders").status, 403U);
  EXPECT_EQ(post("/api/v1/routes/pause", {{"route", "orders.*"}, {"why", "x"}}, "orders").status, 200U);
  EXPECT_EQ(post("/api/v1/routes/pause", {{"route", "bills.*"}, {"why", "x"}}, "operator").status, 200U);
  EXPECT_EQ(post("/api/v1/routes/resume", {{"route", "bills.*"}}, "orders").status, 403U);
  EXPECT_EQ(post("/api/v1/routes/resume", {{"route", "orders.*"}}, "orders").status, 200U);
}

TEST_F(HttpRights, AnEditNeitherTakesNorMakesAMessageOfAnotherTopic) {
  add_token("orders", operator_of({"orders.*"}));
  open();
  const Json why{{"why", "x"}};
  EXPECT_EQ(post("/api/v1/messages/b1/edit", why, "orders").status, 404U);
  EXPECT_EQ(post("/api/v1/messages/never/edit", why, "orders").status, 404U);
  EXPECT_EQ(post("/api/v1/messages/o1/edit", {{"why", "x"}, {"topic", "bills.sent"}}, "orders").status, 403U);
  EXPECT_EQ(post("/api/v1/messages/o1/edit", {{"why", "x"}, {"topic", "orders.b"}}, "orders").status, 201U);
  EXPECT_EQ(parsed(get("/api/v1/operations", "orders"))["operations"].size(), 1U) << "the edit is in its audit log";
}

TEST_F(HttpRights, EachActIsARightOfItsOwn) {
  const std::vector<std::pair<Act, std::pair<std::string, Json>>> acts{
      {Act::resend, {"/api/v1/operations", {{"act", "resend"}, {"ids", {"o1"}}, {"dry_run", true}}}},
      {Act::drop, {"/api/v1/operations", {{"act", "drop"}, {"ids", {"o1"}}, {"dry_run", true}}}},
      {Act::drop, {"/api/v1/operations", {{"act", "restore"}, {"ids", {"o1"}}, {"dry_run", true}}}},
      {Act::edit, {"/api/v1/messages/o1/edit", {{"dry_run", true}}}},
      {Act::pause, {"/api/v1/routes/pause", {{"route", "orders.*"}, {"why", "x"}}}},
      {Act::pause, {"/api/v1/routes/resume", {{"route", "orders.*"}}}}};
  for (const auto act : {Act::resend, Act::drop, Act::edit, Act::pause}) {
    auto grant = operator_of({});
    grant.may = {act};
    add_token(std::string(to_string(act)), grant);
  }
  open();
  for (const auto holder : {Act::resend, Act::drop, Act::edit, Act::pause}) {
    const std::string token(to_string(holder));
    EXPECT_EQ(parsed(get("/api/v1/me", token))["may"], Json({token}));
    for (const auto& [act, call] : acts) {
      const auto status = post(call.first, call.second, token).status;
      EXPECT_EQ(status == 403, act != holder) << token << " at " << call.first << call.second << ": " << status;
    }
  }
}

TEST_F(HttpRights, ARightThatHasExpiredIsNone) {
  auto grant = operator_of({});
  grant.expires_ms = admin::wall_clock_ms() + 3'600'000;
  add_token("hour", grant);
  grant.expires_ms = admin::wall_clock_ms() - 1;
  add_token("over", grant);
  open();
  EXPECT_EQ(get("/api/v1/failed", "hour").status, 200U);
  EXPECT_EQ(parsed(get("/api/v1/me", "hour"))["expires"], admin::format_when(*config.http.tokens[3].grant.expires_ms));
  for (const auto* target : {"/api/v1/failed", "/api/v1/me", "/livez"}) {
    const auto answer = get(target, "over");
    EXPECT_EQ(answer.status, 401U) << target;
    EXPECT_NE(answer.body.find("over has expired at"), std::string::npos) << answer.body;
  }
}

TEST_F(HttpRights, MaskedPartsAreShownOnlyToWhoMaySeeThemUnmasked) {
  config.http.mask = {"*card"};
  config.http.mask_headers = {"authorization"};
  auto grant = operator_of({});
  add_token("masked", grant);
  grant.unmasked = true;
  add_token("whole", grant);
  open();
  Message message;
  message.id = MessageId("m");
  message.topic = Topic("orders.x");
  message.payload = R"({"price":1.10,"card":"4111"})";
  message.headers = {{"Authorization", "Bearer x"}, {"kind", "order"}};
  ASSERT_TRUE(store->persist(std::span(&message, 1)));
  const auto told = parsed(get("/api/v1/messages/m", "masked"));
  EXPECT_EQ(told["content_masked"], true);
  EXPECT_EQ(told["message"]["payload"], R"({"price":1.10,"card":"***"})");
  EXPECT_EQ(told["message"]["headers"], Json({{"Authorization", "***"}, {"kind", "order"}}));
  EXPECT_EQ(get("/api/v1/messages/m/payload", "masked").body, R"({"price":1.10,"card":"***"})");
  EXPECT_EQ(get("/api/v1/messages/m/payload", "whole").body, message.payload);
  EXPECT_EQ(parsed(get("/api/v1/messages/m", "whole"))["content_masked"], false);
  EXPECT_EQ(parsed(get("/api/v1/messages/m", "viewer"))["content_hidden"], true);
  const auto bytes = parsed(get("/api/v1/messages/o1", "masked"))["message"];
  EXPECT_FALSE(bytes.contains("payload") || bytes.contains("payload_base64")) << "no JSON: nothing of it is shown";
  EXPECT_EQ(get("/api/v1/messages/o1/payload", "masked").status, 403U);
  EXPECT_EQ(get("/api/v1/messages/o1/payload", "whole").status, 200U);
}

TEST_F(HttpRights, AnEditIsNoWayToSeeMore) {
  add_token("orders", operator_of({"orders.*"}));
  auto blind = operator_of({"bills.*"});
  blind.payloads = false;
  config.http.users = {{"mei", operator_of({"orders.*"})}, {"mei", blind}};
  config.http.proxy = ProxyConfig{sha256_hex("wb_proxy"), "x-user", ""};
  open();
  auto asked = request("/api/v1/messages/b1/edit", "proxy");
  asked.method = "POST";
  asked.content_type = "application/json";
  asked.headers = {{"x-user", "mei"}};
  asked.body = R"({"topic":"orders.created","why":"curious"})";
  EXPECT_EQ(router->answer(asked).status, 403U);
  asked.body = R"({"topic":"bills.paid","why":"a typing error"})";
  EXPECT_EQ(router->answer(asked).status, 201U);
}

/// In front stands a proxy that has asked people who they are.
class HttpProxy : public HttpRights {
 protected:
  HttpProxy() {
    config.http.proxy = ProxyConfig{sha256_hex("wb_proxy"), "x-user", "x-groups"};
    config.http.users = {{"mei@example.org", {Role::viewer, false, {"orders.*"}, {}, {}}}};
    config.http.groups = {{"billing", operator_of({"bills.*"})}, {"readers", {Role::viewer, false, {}, {}, {}}}};
  }

  Request as(const std::string& target, const std::string& user, const std::string& groups = {}) const {
    auto asked = request(target, "proxy");
    asked.headers = {{"x-user", user}};
    if (!groups.empty()) asked.headers.emplace_back("x-groups", groups);
    return asked;
  }

  Request acting(const std::string& user, const std::string& groups) const {
    auto asked = as("/api/v1/operations", user, groups);
    asked.method = "POST";
    asked.content_type = "application/json";
    asked.body = R"({"act":"drop","all":true,"why":"x"})";
    return asked;
  }

  unsigned status(const Request& asked) const { return router->answer(asked).status; }
};

TEST_F(HttpProxy, NamesPeopleWhoseRightsAreTheirOwnAndTheirGroups) {
  open();
  const auto me = parsed(router->answer(as("/api/v1/me", "mei@example.org", "billing , unknown")));
  EXPECT_EQ(me["name"], "mei@example.org");
  EXPECT_EQ(me["role"], "operator");
  EXPECT_EQ(me["by_proxy"], true);
  EXPECT_EQ(me["topics"], Json({"orders.*", "bills.*"}));
  EXPECT_EQ(parsed(router->answer(as("/api/v1/me", "li", "readers")))["topics"], nullptr);
  EXPECT_EQ(parsed(router->answer(as("/api/v1/failed", "mei@example.org")))["messages"].size(), 2U);
  EXPECT_EQ(parsed(router->answer(as("/api/v1/failed", "mei@example.org", "billing")))["messages"].size(), 3U);
  EXPECT_EQ(status(as("/api/v1/messages/o1/payload", "mei@example.org", "billing")), 403U) << "payloads of bills alone";
  EXPECT_EQ(status(as("/api/v1/messages/b1/payload", "mei@example.org", "billing")), 200U);
}

TEST_F(HttpProxy, WhomTheConfigurationDoesNotKnowSeesNothing) {
  open();
  EXPECT_EQ(status(as("/api/v1/failed", "stranger", "strangers")), 403U);
  EXPECT_EQ(status(as("/livez", "stranger")), 200U);
  EXPECT_EQ(status(as("/api/v1/failed", "mei")), 403U) << "a name is compared whole";
}

TEST_F(HttpProxy, OnlyTheProxyNamesPeople) {
  open();
  for (const auto* token : {"", "viewer"}) {
    auto forged = as("/api/v1/messages/b1/payload", "mei@example.org", "billing");
    forged.authorization = *token == 0 ? "" : std::string("Bearer wb_") + token;
    EXPECT_EQ(status(forged), *token == 0 ? 401U : 403U);
  }
  auto twice = as("/api/v1/failed", "mei@example.org");
  twice.headers.emplace_back("x-user", "another");
  EXPECT_EQ(status(twice), 401U);
  auto groups_twice = as("/api/v1/failed", "li", "readers");
  groups_twice.headers.emplace_back("x-groups", "billing");
  EXPECT_EQ(status(groups_twice), 403U);
  for (const std::string name : {"", "a\nb", "\xff", "\x7f"})
    EXPECT_EQ(status(as("/api/v1/failed", name)), 401U) << name;
  EXPECT_EQ(status(as("/api/v1/failed", std::string(256, 'x'), "readers")), 401U);
  EXPECT_EQ(get("/api/v1/failed", "proxy").status, 401U) << "the proxy alone is nobody";
}

TEST_F(HttpProxy, APageOfSomebodyElseDoesNotAct) {
  open();
  auto form = acting("li", "billing");
  form.content_type = "text/plain";
  EXPECT_EQ(status(form), 403U);
  auto foreign = acting("li", "billing");
  foreign.headers.emplace_back("sec-fetch-site", "cross-site");
  EXPECT_EQ(status(foreign), 403U);
  foreign.headers.back().second = "same-site";
  EXPECT_EQ(status(foreign), 403U);
  foreign.headers.emplace_back("sec-fetch-site", "same-origin");
  EXPECT_EQ(status(foreign), 403U);
  auto ours = acting("li", "billing");
  ours.headers.emplace_back("sec-fetch-site", "same-origin");
  EXPECT_EQ(status(ours), 202U);
  EXPECT_EQ(parsed(get("/api/v1/operations", "operator"))["operations"][0]["who"], "li");
}

TEST_F(HttpProxy, ARightThatHasExpiredDropsOut) {
  config.http.users.front().grant.expires_ms = admin::wall_clock_ms() - 1;
  open();
  EXPECT_EQ(status(as("/api/v1/failed", "mei@example.org")), 403U);
  EXPECT_EQ(parsed(router->answer(as("/api/v1/failed", "mei@example.org", "billing")))["messages"].size(), 1U);
}

TEST_F(HttpProxy, WithoutItsTokenNobodyReadsOnLoopback) {
  config.http.tokens.clear();
  open();
  EXPECT_EQ(get("/api/v1/failed").status, 401U);
}

}  // namespace
}  // namespace waybill::http

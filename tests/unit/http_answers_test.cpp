// What the endpoints answer, and how bad input is answered.

#include "http/target.hpp"
#include "http_desk.hpp"

namespace waybill::http {
namespace {

class HttpAnswers : public HttpDesk {
 protected:
  void open_with_failed(int count) {
    open();
    for (int n = 0; n < count; ++n) persist("m" + std::to_string(n));
    settle_all(store::Verdict::failed, "unroutable");
  }
};

TEST_F(HttpAnswers, AListIsReadPageByPage) {
  open_with_failed(5);
  std::vector<std::string> seen;
  std::string target = "/api/v1/failed?limit=2";
  for (std::string next = target; !next.empty();) {
    const auto page = parsed(get(next, "viewer"));
    for (const auto& one : page["messages"]) seen.push_back(one["id"]);
    next = page["next"].is_null() ? "" : target + "&after=" + page["next"].get<std::string>();
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"m0", "m1", "m2", "m3", "m4"}));
}

TEST_F(HttpAnswers, TheSearchLineAndTheConditionsNarrowTogether) {
  open_with_failed(3);
  EXPECT_EQ(parsed(get("/api/v1/failed?q=topic%3Aorders.*+reason%3Aunroutable&id=m1", "viewer"))["messages"].size(),
            1U);
  EXPECT_EQ(parsed(get("/api/v1/failed?cause=NO_ROUTE", "viewer"))["messages"].size(), 3U);
  EXPECT_EQ(parsed(get("/api/v1/failed?reason=rejected", "viewer"))["messages"].size(), 0U);
  EXPECT_EQ(parsed(get("/api/v1/failed/groups", "viewer"))["groups"][0]["count"], 3);
}

TEST_F(HttpAnswers, WrongParametersAreNamed) {
  open();
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"/api/v1/failed?limt=3", "did you mean 'limit'"},
      {"/api/v1/failed?limit=0", "'limit' is not"},
      {"/api/v1/failed?limit=501", "between 1 and 500"},
      {"/api/v1/failed?limit=2x", "'limit' is not"},
      {"/api/v1/failed?limit=1&limit=2", "twice"},
      {"/api/v1/failed?since=soon", "since"},
      {"/api/v1/failed?state=lost", "state 'lost'"},
      {"/api/v1/failed?q=colour%3Ared", "unknown name 'colour'"},
      {"/api/v1/failed?q=%zz", "two hex digits"},
      {"/api/v1/route", "which topic"},
      {"/api/v1/failed?store=shpo", "shpo"}};
  for (const auto& [target, words] : wrong) {
    const auto answer = get(target, "viewer");
    EXPECT_TRUE(answer.status == 400U || answer.status == 404U) << target << ": " << answer.status;
    EXPECT_EQ(answer.content_type, "application/problem+json");
    EXPECT_NE(parsed(answer)["detail"].get<std::string>().find(words), std::string::npos) << answer.body;
  }
}

TEST_F(HttpAnswers, AMessageIsExplainedWithItsContentForThoseWhoMaySeeIt) {
  open_with_failed(1);
  const auto told = parsed(get("/api/v1/messages/m0", "operator"));
  EXPECT_EQ(told["state"], "failed");
  EXPECT_EQ(told["message"]["payload_base64"], "AP8=");
  EXPECT_EQ(told["history"][0]["answer"], "312 NO_ROUTE");
  EXPECT_FALSE(parsed(get("/api/v1/messages/m0", "viewer"))["message"].contains("payload_base64"));
  const auto file = get("/api/v1/messages/m0/payload", "operator");
  EXPECT_EQ(file.body, std::string("\0\xff", 2));
  EXPECT_EQ(file.content_type, "application/octet-stream");
  EXPECT_EQ(get("/api/v1/messages/unknown", "operator").status, 404U);
}

TEST_F(HttpAnswers, NoPathLeadsOutOfTheTable) {
  open();
  for (const auto* target :
       {"/api/v1/../../livez", "//livez", "/livez/", "/LIVEZ", "/%2e%2e/livez", "/livez%00", "/console/../livez",
        "/console/app.map", "/api/v1/messages/", "/api/v1/messages/a/b", "/api/v1/messages/a/payload/"}) {
    EXPECT_EQ(get(target, "operator").status, 404U) << target;
  }
  EXPECT_EQ(get("http://127.0.0.1/livez", "operator").status, 400U);
  EXPECT_EQ(get("*", "operator").status, 400U);
  EXPECT_EQ(get("/%", "operator").status, 400U);
}

TEST_F(HttpAnswers, OtherMethodsAreRefusedWithThoseThatArePossible) {
  open();
  for (const auto* method : {"POST", "PUT", "DELETE", "PATCH", "get", "TRACE", "OPTIONS"}) {
    auto asked = request("/api/v1/status", "operator");
    asked.method = method;
    const auto answer = router->answer(asked);
    EXPECT_EQ(answer.status, 405U) << method;
    EXPECT_EQ(answer.headers.front().second, "GET, HEAD");
  }
}

TEST_F(HttpAnswers, ForeignBytesComeAsTextThatIsNoMarkup) {
  open();
  persist("<script>", "orders.<img src=x onerror=alert(1)>");
  settle_all(store::Verdict::failed, "\xff</script>");
  const auto answer = get("/api/v1/failed", "viewer");
  EXPECT_EQ(answer.content_type, "application/json");
  EXPECT_EQ(parsed(answer)["messages"][0]["id"], "<script>");
}

class HttpOperations : public HttpAnswers {
 protected:
  Response post(const std::string& target, const std::string& body, const std::string& token = "operator") {
    auto asked = request(target, token);
    asked.method = "POST";
    asked.content_type = "application/json";
    asked.body = body;
    return router->answer(asked);
  }

  admin::Json until_over(const std::string& id) {
    const auto deadline = Deadline::after(std::chrono::seconds{20});
    while (!deadline.passed()) {
      auto now = parsed(get("/api/v1/operations/" + id, "viewer"));
      if (now["state"] == "done" || now["state"] == "stopped") return now;
    }
    ADD_FAILURE() << "operation " << id << " is not over";
    return {};
  }
};

TEST_F(HttpOperations, ADryRunSaysWhatItWouldDoAndChangesNothing) {
  open_with_failed(3);
  const auto answer = post("/api/v1/operations", R"({"act":"resend","topic":"orders.*","dry_run":true,"rate":2})");
  EXPECT_EQ(answer.status, 200U) << answer.body;
  EXPECT_EQ(parsed(answer)["plan"]["count"], 3);
  EXPECT_EQ(parsed(answer)["plan"]["seconds"], 1.5);
  EXPECT_EQ(store->counts()->failed, 3U);
  EXPECT_TRUE(parsed(get("/api/v1/operations", "viewer"))["operations"].empty());
}

TEST_F(HttpOperations, OneThatIsBegunIsCarriedOutAndKeptWithItsReason) {
  open_with_failed(3);
  const auto begun = post("/api/v1/operations", R"({"act":"drop","ids":["m0","m2","none"],"why":"test data"})");
  EXPECT_EQ(begun.status, 202U) << begun.body;
  const std::string id = parsed(begun)["id"];
  EXPECT_EQ(begun.headers.front().second, "/api/v1/operations/" + id);
  const auto ended = until_over(id);
  EXPECT_EQ(ended["changed"], 2);
  EXPECT_EQ(ended["who"], "operator");
  EXPECT_EQ(ended["why"], "test data");
  const auto results = parsed(get("/api/v1/operations/" + id + "/results?limit=1", "viewer"));
  EXPECT_EQ(results["results"][0]["result"], "dropped");
  EXPECT_EQ(results["next"], 1);
  EXPECT_EQ(post("/api/v1/operations/" + id + "/stop", "").status, 409U);
  EXPECT_EQ(post("/api/v1/operations/none/stop", "").status, 404U);
  EXPECT_EQ(parsed(get("/api/v1/operations", "viewer"))["operations"][0]["id"], id);
}

TEST_F(HttpOperations, ARouteIsPausedAndResumedWithItsReason) {
  open();
  EXPECT_EQ(post("/api/v1/routes/pause", R"({"route":"orders.*"})").status, 400U);
  EXPECT_EQ(post("/api/v1/routes/pause", R"({"route":"none","why":"x"})").status, 404U);
  const auto paused = post("/api/v1/routes/pause", R"({"route":"orders.*","why":"maintenance"})");
  EXPECT_EQ(paused.status, 200U) << paused.body;
  EXPECT_EQ(parsed(paused)["paused"][0]["who"], "operator");
  EXPECT_EQ(post("/api/v1/routes/pause", R"({"route":"orders.*","why":"again"})").status, 409U);
  EXPECT_EQ(parsed(get("/api/v1/status", "stats"))["routes"][0]["state"], "paused");
  const auto resumed = post("/api/v1/routes/resume", R"({"route":"orders.*"})");
  EXPECT_EQ(resumed.status, 200U) << resumed.body;
  EXPECT_TRUE(parsed(resumed)["paused"].empty());
  EXPECT_EQ(post("/api/v1/routes/resume", R"({"route":"orders.*"})").status, 404U);
  EXPECT_EQ(parsed(get("/api/v1/operations", "viewer"))["operations"][1]["act"], "pause");
}

TEST_F(HttpOperations, AFailedMessageIsEditedAfterADryRun) {
  open_with_failed(1);
  const auto plan = post("/api/v1/messages/m0/edit", R"({"dry_run":true,"topic":"orders.b"})");
  EXPECT_EQ(plan.status, 200U) << plan.body;
  EXPECT_EQ(parsed(plan)["route"]["exchange"], "shop");
  EXPECT_EQ(store->counts()->failed, 1U);
  EXPECT_EQ(post("/api/v1/messages/m0/edit", R"({"payload":"x"})").status, 400U) << "without a reason";
  EXPECT_EQ(post("/api/v1/messages/m0/edit", R"({"payload":"x","payload_base64":"eA==","why":"y"})").status, 400U);
  EXPECT_EQ(post("/api/v1/messages/m0/edit", R"({"headers":{"a":1},"why":"y"})").status, 400U);
  const auto sent = post("/api/v1/messages/m0/edit", R"({"payload_base64":"AP8=","why":"the field was missing"})");
  EXPECT_EQ(sent.status, 201U) << sent.body;
  const std::string id = parsed(sent)["id"];
  EXPECT_EQ(parsed(get("/api/v1/messages/" + id, "operator"))["message"]["headers"]["waybill-origin"], "m0");
  EXPECT_EQ(post("/api/v1/messages/m0/edit", R"({"why":"again"})").status, 409U);
  EXPECT_EQ(post("/api/v1/messages/none/edit", R"({"why":"again"})").status, 404U);
}

TEST_F(HttpOperations, WhatIsBeingSentCannotBeResent) {
  open_with_failed(1);
  persist("waits");
  const auto answer = post("/api/v1/operations", R"({"act":"resend","ids":["waits"],"why":"impatience"})");
  EXPECT_EQ(answer.status, 409U);
  EXPECT_NE(parsed(answer)["detail"].get<std::string>().find("message 'waits' is waiting, not failed"),
            std::string::npos)
      << answer.body;
  EXPECT_TRUE(parsed(get("/api/v1/operations", "viewer"))["operations"].empty());
}

TEST_F(HttpOperations, WrongBodiesAreNamedAndDoNothing) {
  open_with_failed(1);
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"", "no JSON object"},
      {"{", "no JSON object"},
      {"[1]", "no JSON object"},
      {R"({"act":"delete"})", "none of resend"},
      {R"({"act":"resend","why":"x"})", "or all"},
      {R"({"act":"resend","all":true})", "'why' is missing"},
      {R"({"act":"resend","all":1,"why":"x"})", "neither true nor false"},
      {R"({"act":"resend","all":true,"why":"x","rat":5})", "did you mean 'rate'"},
      {R"({"act":"resend","all":true,"why":"x","rate":-1})", "rate"},
      {R"({"act":"resend","all":true,"why":"x","rate":1e999})", "no JSON object"},
      {R"({"act":"resend","all":true,"why":"x","steps":[0]})", "steps"},
      {R"({"act":"resend","all":true,"why":"x","steps":["1"]})", "list of whole numbers"},
      {R"({"act":"resend","ids":[1],"why":"x"})", "list of at most"},
      {R"({"act":"resend","since":"soon","why":"x"})", "since"},
      {R"({"act":"resend","q":"colour:red","why":"x"})", "colour"},
      {std::string(R"({"act":"resend","all":true,"why":")") + std::string(1001, 'x') + "\"}", "more than 1,000"},
      {std::string(100'000, '['), "no JSON object"}};
  for (const auto& [body, words] : wrong) {
    const auto answer = post("/api/v1/operations", body);
    EXPECT_EQ(answer.status, 400U) << body.substr(0, 80);
    EXPECT_NE(parsed(answer)["detail"].get<std::string>().find(words), std::string::npos) << answer.body;
  }
  auto form = request("/api/v1/operations", "operator");
  form.method = "POST";
  form.content_type = "application/x-www-form-urlencoded";
  form.body = R"({"act":"resend","all":true,"why":"x"})";
  EXPECT_EQ(router->answer(form).status, 400U) << "a form of another page can't send JSON";
  EXPECT_EQ(store->counts()->failed, 1U);
}

TEST_F(HttpOperations, WithoutATokenNothingIsChangedOnLoopbackEither) {
  config.http.tokens.clear();
  open_with_failed(1);
  EXPECT_EQ(post("/api/v1/operations", R"({"act":"drop","all":true,"why":"x"})", "").status, 403U);
  EXPECT_EQ(store->counts()->failed, 1U);
}

TEST(HttpTarget, IsDecodedOnce) {
  const auto target = parse_target("/a%2Fb/%25/c+d?q=a+b%2Bc&empty&x=1=2");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, (std::vector<std::string>{"a/b", "%", "c+d"}));
  EXPECT_EQ(target->query.at("q"), "a b+c");
  EXPECT_EQ(target->query.at("empty"), "");
  EXPECT_EQ(target->query.at("x"), "1=2");
}

}  // namespace
}  // namespace waybill::http

// Who may ask for what: every endpoint with every role.

#include <map>

#include "embedded/openapi.hpp"
#include "http_desk.hpp"

namespace waybill::http {
namespace {

class HttpAccess : public HttpDesk {};

/// What each endpoint needs, decided here a second time: a new one fails this test until somebody has thought of it.
const std::map<std::string, std::string> needed{
    {"GET /livez", "everybody"},
    {"GET /readyz", "everybody"},
    {"GET /healthz", "everybody"},
    {"GET /", "everybody"},
    {"GET /console", "everybody"},
    {"GET /console/", "everybody"},
    {"GET /console/app.js", "everybody"},
    {"GET /console/app.css", "everybody"},
    {"GET /api/v1/me", "everybody"},
    {"GET /metrics", "stats"},
    {"GET /api/v1/status", "stats"},
    {"GET /api/v1/route", "stats"},
    {"GET /api/v1/failed", "viewer"},
    {"GET /api/v1/failed/groups", "viewer"},
    {"POST /api/v1/causes", "operator"},
    {"GET /api/v1/messages/{id}", "viewer"},
    {"GET /api/v1/messages/{id}/payload", "viewer"},
    {"GET /api/v1/messages/{id}/decoded", "viewer"},
    {"POST /api/v1/messages/{id}/edit", "operator"},
    {"POST /api/v1/routes/pause", "operator"},
    {"POST /api/v1/routes/resume", "operator"},
    {"GET /api/v1/tap", "viewer"},
    {"GET /api/v1/inbox", "viewer"},
    {"GET /api/v1/inbox/conflicts", "viewer"},
    {"GET /api/v1/syncs", "stats"},
    {"POST /api/v1/operations", "operator"},
    {"GET /api/v1/operations", "viewer"},
    {"GET /api/v1/operations/{id}", "viewer"},
    {"GET /api/v1/operations/{id}/results", "viewer"},
    {"POST /api/v1/operations/{id}/stop", "operator"},
    {"GET /api/v1/openapi.json", "everybody"},
};

const std::vector<std::string> roles{"everybody", "stats", "viewer", "operator"};

/// The console's own files are for browsers, and no part of the API.
bool is_page(const std::string& name) { return name == "GET /" || name.starts_with("GET /console"); }

std::size_t count_pages() {
  return static_cast<std::size_t>(std::ranges::count_if(needed, [](const auto& line) { return is_page(line.first); }));
}

std::size_t rank(const std::string& role) {
  return static_cast<std::size_t>(std::ranges::find(roles, role) - roles.begin());
}

std::string target_of(const Endpoint& endpoint) {
  auto target = endpoint.path;
  if (const auto at = target.find("{id}"); at != std::string::npos) target.replace(at, 4, "m1");
  return endpoint.path == "/api/v1/route" ? target + "?topic=orders.a" : target;
}

TEST_F(HttpAccess, EveryEndpointIsOpenToItsRolesAndToNobodyElse) {
  open();
  persist("m1");
  const auto all = endpoints(desk);
  const auto pages =
      std::ranges::count_if(all, [](const Endpoint& one) { return is_page(one.method + " " + one.path); });
  const bool has_console = pages > 0;  // -DWAYBILL_CONSOLE=OFF
  EXPECT_EQ(all.size() - static_cast<std::size_t>(pages), needed.size() - count_pages());
  EXPECT_TRUE(!has_console || static_cast<std::size_t>(pages) == count_pages());
  for (const auto& endpoint : all) {
    const auto name = endpoint.method + " " + endpoint.path;
    ASSERT_TRUE(needed.contains(name)) << name << " has no line in this test";
    for (const auto& role : roles) {
      auto asked = request(target_of(endpoint), role == "everybody" ? "" : role);
      asked.method = endpoint.method;
      const auto status = router->answer(asked).status;
      if (rank(role) >= rank(needed.at(name))) {
        const bool is_payload = endpoint.path.ends_with("/payload") || endpoint.path.ends_with("/decoded");
        EXPECT_EQ(status == 401 || status == 403, is_payload && role == "viewer")
            << name << " as " << role << ": " << status;
      } else {
        EXPECT_EQ(status, role == "everybody" ? 401U : 403U) << name << " as " << role;
      }
    }
  }
}

TEST_F(HttpAccess, TheDescriptionSaysTheSame) {
  open();
  const auto document = admin::Json::parse(embedded::openapi);
  std::size_t described = 0;
  for (const auto& [path, operations] : document["paths"].items()) {
    EXPECT_EQ(operations.contains("parameters"), path.starts_with("/api/")) << path << ": these take `lang`";
    for (const auto& [method, operation] : operations.items()) {
      if (method == "parameters") continue;
      ++described;
      const auto name = (method == "get" ? "GET " : "POST ") + path;
      ASSERT_TRUE(needed.contains(name)) << name;
      EXPECT_EQ(operation["x-role"], needed.at(name)) << name;
    }
  }
  EXPECT_EQ(described + count_pages(), needed.size());
  for (const auto& endpoint : endpoints(desk)) {
    if (is_page(endpoint.method + " " + endpoint.path)) continue;
    std::vector<std::string> parameters;
    const auto* method = endpoint.method == "GET" ? "get" : "post";
    for (const auto& one : document["paths"][endpoint.path][method]["parameters"]) {
      if (one["in"] == "query") parameters.push_back(one["name"]);
    }
    auto known = endpoint.parameters;
    std::ranges::sort(known);
    std::ranges::sort(parameters);
    EXPECT_EQ(parameters, known) << endpoint.path;
  }
}

TEST_F(HttpAccess, AWrongTokenIsNobodysEvenWhereNoneIsNeeded) {
  open();
  for (const auto* target : {"/livez", "/api/v1/status", "/nowhere"}) EXPECT_EQ(get(target, "guess").status, 401U);
  auto other = request("/api/v1/status");
  other.authorization = "Basic d2I6d2I=";
  EXPECT_EQ(router->answer(other).status, 401U);
}

TEST_F(HttpAccess, WithoutTokensThisHostReadsAndSeesNoPayload) {
  config.http.tokens.clear();
  open();
  persist("m1");
  EXPECT_EQ(get("/api/v1/failed").status, 200U);
  EXPECT_EQ(get("/api/v1/messages/m1/payload").status, 403U);
  const auto told = parsed(get("/api/v1/messages/m1"));
  EXPECT_EQ(told["content_hidden"], true);
  EXPECT_FALSE(told["message"].contains("payload_base64"));
}

TEST_F(HttpAccess, AnotherAddressKnowsNobodyWithoutAToken) {
  config.http.address = "10.0.0.1";
  open();
  auto asked = request("/api/v1/status");
  asked.host = "relay.internal";
  EXPECT_EQ(router->answer(asked).status, 401U);
  asked.target = "/livez";
  EXPECT_EQ(router->answer(asked).status, 200U);
}

TEST_F(HttpAccess, OnLoopbackANameThatIsNotOursIsAPageOfSomebodyElse) {
  config.http.hosts = {"Waybill.internal"};
  open();
  auto asked = request("/livez");
  const std::map<std::string, unsigned> hosts{{"127.0.0.1:7280", 200},
                                              {"localhost", 200},
                                              {"[::1]:7280", 200},
                                              {"waybill.INTERNAL", 200},
                                              {"waybill.internal:80", 200},
                                              {"evil.example", 421},
                                              {"127.0.0.1.evil.example", 421},
                                              {"", 421},
                                              {"localhost.evil.example", 421}};
  for (const auto& [host, status] : hosts) {
    asked.host = host;
    EXPECT_EQ(router->answer(asked).status, status) << host;
  }
}

TEST_F(HttpAccess, ReadersOfFiguresAreToldWhatIsWrongAndOthersOnlyThatItIs) {
  service->sites.front().brokers.front() = {false, false, "", "127.0.0.1:5672: Connection refused"};
  open();
  EXPECT_EQ(get("/readyz").status, 503U);
  EXPECT_EQ(parsed(get("/readyz")), admin::Json({{"ready", false}}));
  EXPECT_EQ(parsed(get("/readyz", "stats"))["parts"][1]["detail"], "127.0.0.1:5672: Connection refused");
}

}  // namespace
}  // namespace waybill::http

#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "admin/stores.hpp"
#include "admin_store.hpp"
#include "core/text.hpp"
#include "http/desk.hpp"
#include "http/router.hpp"

namespace waybill::http {

/// A relay that says what the test wants.
class SaidFigures final : public relay::Service {
 public:
  bool stop(Duration) override { return true; }
  bool drained() const override { return false; }
  std::vector<relay::SiteFigures> figures() const override { return sites; }
  std::optional<Error> fatal() const override { return error; }

  std::vector<relay::SiteFigures> sites;
  std::optional<Error> error;
};

/// Everything a relay answers, over a store in memory with three tokens.
class HttpDesk : public admin::AdminStore {
 protected:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  HttpDesk() {
    BrokerConfig broker;
    broker.name = "main";
    config.brokers.push_back(broker);
    for (const auto role : {Role::stats, Role::viewer, Role::operate}) {
      const std::string name(to_string(role));
      Grant grant{role, role == Role::operate, {}, {}, {}};
      if (role == Role::operate) grant.may = {Act::resend, Act::drop, Act::edit, Act::pause};
      config.http.tokens.push_back({name, sha256_hex("wb_" + name), grant});
    }
    relay::SiteFigures site;
    site.store = "shop";
    site.lanes = {{0, true, false, {}}};
    site.routes.resize(1);
    site.brokers = {{true, false, "127.0.0.1:5672", ""}};
    service->sites = {site};
  }

  void open() {
    auto opened = Desk::open(config, service, keeper());
    ASSERT_TRUE(opened) << opened.error().message();
    desk = *opened;
    router = std::make_unique<Router>(config.http, endpoints(desk));
  }

  /// Looks for operations in stores of its own, as a relay does.
  std::shared_ptr<admin::OperationKeeper> keeper() const {
    auto stores = admin::open_stores(config, "");
    EXPECT_TRUE(stores);
    return std::make_shared<admin::OperationKeeper>(config, std::move(*stores), "test:1",
                                                    [](std::string_view, std::string_view) {});
  }

  Request request(const std::string& target, const std::string& token = {}) const {
    Request made;
    made.method = "GET";
    made.target = target;
    made.host = "127.0.0.1:7280";
    if (!token.empty()) made.authorization = "Bearer wb_" + token;
    return made;
  }

  Response get(const std::string& target, const std::string& token = {}) const {
    return router->answer(request(target, token));
  }

  Response post(const std::string& target, const admin::Json& body, const std::string& token,
                const Headers& headers = {}) const {
    auto asked = request(target, token);
    asked.method = "POST";
    asked.content_type = "application/json";
    asked.headers = headers;
    asked.body = body.dump();
    return router->answer(asked);
  }

  std::shared_ptr<SaidFigures> service = std::make_shared<SaidFigures>();
  std::shared_ptr<Desk> desk;
  std::unique_ptr<Router> router;
};

inline admin::Json parsed(const Response& response) { return admin::Json::parse(response.body); }

}  // namespace waybill::http

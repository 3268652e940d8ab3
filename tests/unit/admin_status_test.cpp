#include <gtest/gtest.h>

#include "admin/status.hpp"

namespace waybill::admin {
namespace {

std::string report_of(const std::string& relay, const std::string& state, int confirmed) {
  return R"({"relay":")" + relay +
         R"(","store":"shop","lane":0,"in_flight":3,"unsettled":5,"routes":[{"topic":"orders.*",)" +
         R"("broker":"main","state":")" + state + R"(","detail":"why","in_flight":3,"confirmed_total":)" +
         std::to_string(confirmed) +
         R"(,"rate":10.5}],"brokers":[{"name":"main","up":true,"blocked":false,"endpoint":"h:1"}]})";
}

RouteConfig orders() {
  RouteConfig route;
  route.topic = "orders.*";
  route.broker = "main";
  return route;
}

TEST(Status, SumsRunningRelaysAndShowsTheWorstState) {
  ReadReports reports;
  read_report({"a", report_of("a:1", "flowing", 7), 100}, reports);
  read_report({"b", report_of("b:2", "stalled", 4), 200}, reports);
  const auto sum = sum_route(orders(), reports.relays, true);
  EXPECT_EQ(sum.state, "stalled");
  EXPECT_EQ(sum.confirmed_total, 11U);
  EXPECT_EQ(sum.in_flight, 6U);
  EXPECT_DOUBLE_EQ(sum.rate, 21.0);
  EXPECT_EQ(reports.brokers.size(), 2U);
}

TEST(Status, ADeadRelaysTotalsStayButItsStateDoesNot) {
  ReadReports reports;
  read_report({"a", report_of("a:1", "flowing", 7), 60'000}, reports);
  const auto down = sum_route(orders(), reports.relays, true);
  EXPECT_EQ(down.state, "down");
  EXPECT_EQ(down.detail, "no relay is running");
  EXPECT_EQ(down.confirmed_total, 7U);
  EXPECT_EQ(down.in_flight, 0U);
  EXPECT_EQ(sum_route(orders(), reports.relays, false).state, "idle");
}

TEST(Status, AReportThatCannotBeReadIsLeftOut) {
  ReadReports reports;
  for (const auto* text : {"", "{", "[]", "17", R"({"routes":5,"brokers":"x","lane":"no"})"}) {
    read_report({"x", text, 0}, reports);
  }
  const auto sum = sum_route(orders(), reports.relays, false);
  EXPECT_EQ(sum.confirmed_total, 0U);
}

TEST(Status, DocumentHasTheStableMembers) {
  StatusReport report;
  report.stores.push_back({"shop", "postgresql://u:***@h/d", {12, false, 3, 1.5, 0, {}}, {}, {}, std::nullopt});
  RouteStatus route;
  route.figures.topic = "orders.*";
  report.routes.push_back(route);
  const auto json = status_json(report);
  const auto& store = json["stores"][0];
  EXPECT_EQ(store["sending"], 12);
  EXPECT_EQ(store["failed"], 3);
  EXPECT_EQ(store["oldest_sending_seconds"], 1.5);
  for (const auto* name :
       {"topic", "broker", "state", "in_flight", "confirmed_total", "rejected_total", "duplicates_possible_total"}) {
    EXPECT_TRUE(json["routes"][0].contains(name)) << name;
  }
}

}  // namespace
}  // namespace waybill::admin

#include <gtest/gtest.h>

#include "admin/condition.hpp"

namespace waybill::admin {
namespace {

StoreStatus holding(std::uint64_t sending, std::uint64_t failed, double oldest, std::uint64_t blocked) {
  StoreStatus store;
  store.counts.sending = sending;
  store.counts.failed = failed;
  store.counts.oldest_sending_seconds = oldest;
  store.counts.blocked_scopes = blocked;
  return store;
}

StatusReport report() {
  StatusReport report;
  report.stores = {holding(10, 1, 61.5, 2), holding(5, 2, 3, 0), holding(100, 100, 1000, 100)};
  report.stores[0].holders = {{0, "host:1"}, {1, ""}};
  report.stores[1].holders = {{0, ""}};
  report.stores[2].error = Error(ErrorCode::unreachable, "away");
  for (const auto* state : {"down", "stalled", "paused", "paused", "flowing"}) {
    RouteStatus route;
    route.figures.state = state;
    route.figures.in_flight = 4;
    report.routes.push_back(route);
  }
  return report;
}

bool holds(const char* text) { return Condition::parse(text)->holds(figures_of(report())); }

std::string refusal(const char* text) {
  const auto condition = Condition::parse(text);
  return condition ? "" : condition.error().message();
}

TEST(Condition, AsksForEachFigure) {
  for (const auto* text : {"sending=15", "failed=3", "oldest=61.5", "blocked=2", "unheld=2", "in_flight=20", "down=1",
                           "stalled=1", "paused=2"}) {
    EXPECT_TRUE(holds(text)) << text;
  }
}

TEST(Condition, ComparesInFiveWays) {
  for (const auto* text : {"failed>2", "failed>=3", "failed<4", "failed<=3", "failed=3"})
    EXPECT_TRUE(holds(text)) << text;
  for (const auto* text : {"failed>3", "failed>=4", "failed<3", "failed<=2", "failed=2"})
    EXPECT_FALSE(holds(text)) << text;
}

TEST(Condition, TakesATimeAsDurationOrSeconds) {
  EXPECT_TRUE(holds("oldest>1m"));
  EXPECT_FALSE(holds("oldest>2m"));
  EXPECT_TRUE(holds("oldest>61"));
  EXPECT_TRUE(holds("oldest<61501ms"));
}

TEST(Condition, SaysWhatTheFigureIs) {
  const auto figures = figures_of(report());
  EXPECT_EQ(Condition::parse("failed>0")->in_words(figures), "failed>0: failed is 3");
  EXPECT_EQ(Condition::parse("oldest>1m")->in_words(figures), "oldest>1m: oldest is 61.500s");
}

TEST(Condition, RefusesWhatItCantRead) {
  EXPECT_EQ(refusal("failed"), "condition 'failed': write NAME>NUMBER, for example failed>0 or oldest>5m");
  EXPECT_EQ(refusal(""), "condition '': write NAME>NUMBER, for example failed>0 or oldest>5m");
  EXPECT_NE(refusal(">3").find("write NAME>NUMBER"), std::string::npos);
  EXPECT_EQ(refusal("fialed>0"),
            "condition 'fialed>0': there is no figure 'fialed'; those there are: sending, failed, oldest, blocked, "
            "unheld, in_flight, down, stalled, paused");
  for (const auto* text : {"failed>", "failed>-1", "failed>x", "failed>1m", "failed>nan", "failed>inf", "failed==3",
                           "failed>3 ", "failed > 3", "failed=>3"}) {
    EXPECT_NE(refusal(text), "") << text;
  }
  EXPECT_NE(refusal("oldest>5 minutes").find("oldest>5 minutes"), std::string::npos);
}

TEST(Condition, AnEmptyReportIsAllZero) {
  for (const auto& figure : figures_of({})) EXPECT_EQ(figure.value, 0) << figure.name;
}

}  // namespace
}  // namespace waybill::admin

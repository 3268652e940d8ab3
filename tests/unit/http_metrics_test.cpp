// The metrics' names are a contract: docs/reference/metrics.md lists them.

#include <fstream>
#include <regex>
#include <set>

#include "http/metrics.hpp"
#include "http_desk.hpp"

namespace waybill::http {
namespace {

class HttpMetrics : public HttpDesk {
 protected:
  /// Everything there can be: a route with confirms, a store with failed messages.
  std::string page() {
    auto& totals = service->sites.front().routes.front().totals;
    totals.confirmed = 2;
    totals.confirm.add(std::chrono::milliseconds{3});
    totals.commit_to_confirm.add(std::chrono::milliseconds{4});
    totals.commit_to_confirm.add(std::chrono::hours{48});
    persist("m1");
    settle_all(store::Verdict::failed, "unroutable");
    open();
    return get("/metrics", "stats").body;
  }
};

/// `name | type | labels` of each metric of the page.
std::set<std::string> exported(const std::string& page) {
  std::map<std::string, std::string> types;
  std::set<std::string> lines;
  std::istringstream in(page);
  const std::regex type("# TYPE (\\S+) (\\S+)"), sample("([a-z_]+)(\\{(.*)\\})? \\S+"), label("([a-z_]+)=\"[^\"]*\"");
  for (std::string line; std::getline(in, line);) {
    std::smatch found;
    if (std::regex_match(line, found, type)) {
      types[found[1]] = found[2];
      continue;
    }
    if (!std::regex_match(line, found, sample)) continue;
    std::string name = found[1], labels;
    const std::string given = found[3];
    for (std::sregex_iterator it(given.begin(), given.end(), label), end; it != end; ++it) {
      if ((*it)[1] != "le") labels += (labels.empty() ? "" : ", ") + (*it)[1].str();
    }
    for (const auto* suffix : {"_bucket", "_sum", "_count"}) {
      const auto whole = name.substr(0, name.size() - std::min(name.size(), std::string(suffix).size()));
      if (name.ends_with(suffix) && types[whole] == "histogram") name = whole;
    }
    lines.insert(name + " | " + types[name] + " | " + labels);
  }
  return lines;
}

std::set<std::string> documented() {
  std::ifstream file(WAYBILL_METRICS_PAGE);
  std::set<std::string> lines;
  const std::regex row("\\| `([a-z_]+)` \\| (\\S+) \\| ([a-z_, ]*?) ?\\|.*");
  for (std::string line; std::getline(file, line);) {
    std::smatch found;
    if (std::regex_match(line, found, row))
      lines.insert(found[1].str() + " | " + found[2].str() + " | " + found[3].str());
  }
  return lines;
}

TEST_F(HttpMetrics, AreThoseOfTheReference) {
  const std::vector<admin::SyncFigures> syncs{{"stock", sync::SyncStatus{}, {}}};
  StoreFigures only_syncs;
  only_syncs.syncs = &syncs;
  EXPECT_EQ(exported(page() + metrics_text(config, {}, only_syncs, {true, SpanExport::Totals{}})), documented());
}

TEST_F(HttpMetrics, ASyncThatCannotBeReadIsDownAndShowsNoFigures) {
  const std::vector<admin::SyncFigures> syncs{{"stock", {}, "refused"}};
  StoreFigures only_syncs;
  only_syncs.syncs = &syncs;
  const auto text = metrics_text(config, {}, only_syncs, {});
  EXPECT_NE(text.find("waybill_sync_up{sync=\"stock\"} 0"), std::string::npos);
  EXPECT_EQ(text.find("waybill_sync_lag_seconds{"), std::string::npos);
}

TEST_F(HttpMetrics, AHistogramIsCumulativeAndEndsWithAll) {
  const auto text = page();
  const std::string name = "waybill_commit_to_confirm_seconds";
  const auto has = [&](const std::string& line) { return text.find(line) != std::string::npos; };
  EXPECT_TRUE(has(name + "_bucket{store=\"shop\",route=\"orders.*\",le=\"0.002\"} 0")) << text;
  EXPECT_TRUE(has(name + "_bucket{store=\"shop\",route=\"orders.*\",le=\"0.005\"} 1"));
  EXPECT_TRUE(has(name + "_bucket{store=\"shop\",route=\"orders.*\",le=\"86400\"} 1"));
  EXPECT_TRUE(has(name + "_bucket{store=\"shop\",route=\"orders.*\",le=\"+Inf\"} 2"));
  EXPECT_TRUE(has(name + "_count{store=\"shop\",route=\"orders.*\"} 2"));
}

TEST_F(HttpMetrics, FailedMessagesAreCountedByRouteAndReason) {
  EXPECT_NE(page().find("waybill_outbox_failed{store=\"shop\",route=\"orders.*\",reason=\"unroutable\"} 1"),
            std::string::npos);
}

TEST_F(HttpMetrics, AStoreThatDoesNotAnswerIsDownAndShowsNoFigures) {
  config.stores.front().url = Secret("redis://127.0.0.1:1/0");
  open();
  const auto text = get("/metrics", "stats").body;
  EXPECT_NE(text.find("waybill_store_up{store=\"shop\"} 0"), std::string::npos) << text;
  EXPECT_EQ(text.find("waybill_outbox_sending{"), std::string::npos);
}

TEST_F(HttpMetrics, AFailedReloadIsSeen) {
  open();
  desk->set_reloaded(false);
  EXPECT_NE(get("/metrics", "stats").body.find("waybill_config_last_reload_success 0"), std::string::npos);
}

}  // namespace
}  // namespace waybill::http

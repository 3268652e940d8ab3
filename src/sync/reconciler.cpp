#include "sync/reconciler.hpp"

#include <chrono>

namespace waybill::sync {
namespace {

constexpr std::string_view settling = "can't settle reservations";
constexpr std::string_view prefix = "waybill:pending:{";
constexpr std::size_t page = 500;

}  // namespace

Result<Reconciler> Reconciler::open(const StoreConfig& redis, const StoreConfig& sql, const std::string& key) {
  auto connection = redis::Connection::open(redis, key);
  if (!connection) return connection.error();
  auto database = open_database(sql);
  if (!database) return database.error();
  return Reconciler{std::move(*connection), std::move(*database)};
}

Result<std::vector<std::string>> Reconciler::tags() {
  std::vector<std::string> found;
  auto looked = redis::each_key(redis_, std::string{prefix} + "*", settling, [&](std::string_view key) {
    if (!key.ends_with('}')) return;
    found.emplace_back(key.substr(prefix.size(), key.size() - prefix.size() - 1));
  });
  if (!looked) return looked.error();
  return found;
}

Result<bool> Reconciler::mark(const std::string& attempt) {
  if (auto begun = sql_->begin(); !begun) return begun.error();
  auto fresh = sql_->mark_attempt(attempt);
  Status done = fresh ? sql_->commit() : Status{fresh.error()};
  if (done) return fresh;
  sql_->rollback();
  return done.error();
}

// True when it was completed.
Result<bool> Reconciler::settle_one(const std::string& tag, redis::Reply reservation) {
  const auto attempt = reservation[3].text();
  auto fresh = mark(attempt);
  if (!fresh) return fresh.error();
  const redis::Command command{"FCALL",
                               *fresh ? "waybill_release" : "waybill_complete",
                               "1",
                               "{" + tag + "}",
                               reservation[0].text(),
                               reservation[1].text(),
                               reservation[2].text(),
                               attempt};
  auto settled = redis_.run(command, settling);
  if (!settled) return settled.error();
  return !*fresh;
}

Result<Reconciled> Reconciler::settle(const std::string& tag, Duration age) {
  Reconciled all;
  const auto age_ms = std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
  while (true) {
    auto found = redis_.run(
        {"FCALL", "waybill_pending", "1", "{" + tag + "}", std::to_string(age_ms), std::to_string(page)}, settling);
    if (!found) return found.error();
    for (std::size_t at = 0; at < (*found)->size(); ++at) {
      auto completed = settle_one(tag, (**found)[at]);
      if (!completed) return completed.error();
      ++(*completed ? all.completed : all.released);
    }
    if ((*found)->size() < page) return all;
  }
}

}  // namespace waybill::sync

#include "store_suite.hpp"

#include <algorithm>

namespace waybill::contract {
namespace {

constexpr Duration patience = std::chrono::seconds{20};
constexpr store::FetchLimit no_limit{100'000, std::size_t{1} << 30};

}  // namespace

std::int64_t unix_ms_now() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

std::vector<std::string> numbers(int count) {
  std::vector<std::string> all;
  for (int number = 1; number <= count; ++number) all.push_back(std::to_string(number));
  return all;
}

void StoreContract::send(int count, const std::optional<std::string>& key, const std::string& topic) {
  auto transaction = rig_->begin();
  for (const auto& number : numbers(count)) {
    ServiceRow row;
    row.topic = topic;
    row.key = key;
    row.payload = number;
    transaction->insert(row);
  }
  transaction->commit();
}

void StoreContract::send_row(const ServiceRow& row) {
  auto transaction = rig_->begin();
  transaction->insert(row);
  transaction->commit();
}

std::unique_ptr<store::Lane> StoreContract::acquire() {
  // A killed owner's connection can take the server a moment to notice.
  const auto deadline = Deadline::after(patience);
  while (true) {
    auto lane = store().acquire(0, "test:1");
    if (lane) return std::move(*lane);
    if (lane.error().code() != ErrorCode::busy || deadline.passed()) {
      throw std::runtime_error{"acquire: " + lane.error().message()};
    }
  }
}

void StoreContract::take_over(std::unique_ptr<store::Lane>& lane) {
  lane.reset();
  lane = acquire();
}

void StoreContract::stop_cleanly(std::unique_ptr<store::Lane>& lane) {
  SettleBatch batch;
  batch.clean_stop = true;
  auto settled = lane->settle(batch);
  ASSERT_TRUE(settled) << settled.error().message();
  lane.reset();
}

Claims StoreContract::fetch(store::Lane& lane, std::size_t count) {
  Claims all;
  const auto deadline = Deadline::after(patience);
  while (all.size() < count && !deadline.passed()) {
    for (auto& claimed : fetch_some(lane, no_limit.messages)) all.push_back(std::move(claimed));
    if (all.size() < count) {
      EXPECT_TRUE(lane.await(Deadline::after(std::chrono::milliseconds{100}), -1));
    }
  }
  EXPECT_EQ(all.size(), count);
  EXPECT_TRUE(fetch_some(lane, 1).empty());
  return all;
}

Claims StoreContract::fetch_some(store::Lane& lane, std::size_t at_most) {
  auto fetched = lane.fetch({at_most, no_limit.bytes});
  EXPECT_TRUE(fetched) << fetched.error().message();
  return fetched ? std::move(fetched->messages) : Claims{};
}

Claims StoreContract::due(store::Lane& lane, std::int64_t now_ms) {
  auto found = lane.due(LaneTime{now_ms}, no_limit);
  EXPECT_TRUE(found) << found.error().message();
  return found ? std::move(found->messages) : Claims{};
}

Claims StoreContract::backlog(store::Lane& lane, const Scope& scope) {
  auto fetched = lane.backlog(scope, no_limit);
  EXPECT_TRUE(fetched) << fetched.error().message();
  return fetched ? std::move(fetched->messages) : Claims{};
}

Claims StoreContract::set_aside(store::Lane& lane, const std::string& route, std::size_t at_once) {
  Claims all;
  while (true) {
    auto fetched = lane.set_aside(route, {at_once, no_limit.bytes});
    EXPECT_TRUE(fetched) << fetched.error().message();
    if (!fetched) return all;
    EXPECT_LE(fetched->messages.size(), at_once);
    for (auto& claimed : fetched->messages) all.push_back(std::move(claimed));
    if (!fetched->more) return all;
  }
}

Settlement StoreContract::verdict(const Claimed& claimed, Verdict verdict) const {
  Settlement settlement;
  settlement.ticket = claimed.ticket;
  settlement.origin = claimed.origin;
  settlement.verdict = verdict;
  settlement.attempt = claimed.attempt;
  settlement.tries = claimed.tries;
  settlement.route = "orders.*";
  return settlement;
}

Settlement StoreContract::retry(const Claimed& claimed, std::int64_t due_ms, bool blocks) const {
  auto settlement = verdict(claimed, Verdict::retry);
  settlement.due_at = LaneTime{due_ms};
  settlement.tries = claimed.tries + 1;
  settlement.reason = "rejected";
  settlement.answer = "basic.nack";
  settlement.endpoint = "127.0.0.1:5672";
  settlement.blocks = blocks;
  return settlement;
}

Settlement StoreContract::put_aside(const Claimed& claimed, std::int64_t due_ms) const {
  auto settlement = verdict(claimed, Verdict::retry);
  settlement.attempt = claimed.attempt - 1;
  settlement.due_at = LaneTime{due_ms};
  settlement.reason = store::reason_set_aside;
  return settlement;
}

Settlement StoreContract::failed(const Claimed& claimed, const std::string& reason, const std::string& answer) const {
  auto settlement = verdict(claimed, Verdict::failed);
  settlement.tries = claimed.tries + 1;
  settlement.reason = reason;
  settlement.answer = answer;
  return settlement;
}

store::SettleReport StoreContract::settle(store::Lane& lane, std::vector<Settlement> messages,
                                          std::vector<ScopeChange> scopes, std::int64_t now_ms) {
  SettleBatch batch;
  batch.messages = std::move(messages);
  batch.scopes = std::move(scopes);
  batch.now = LaneTime{now_ms};
  auto settled = lane.settle(batch);
  EXPECT_TRUE(settled) << settled.error().message();
  return settled ? *settled : store::SettleReport{};
}

void StoreContract::confirm(store::Lane& lane, const Claims& claims) {
  std::vector<Settlement> all;
  for (const auto& claimed : claims) all.push_back(confirmed(claimed));
  settle(lane, std::move(all));
}

std::uint64_t StoreContract::count_sending() {
  auto counts = store().counts();
  EXPECT_TRUE(counts) << counts.error().message();
  return counts ? counts->sending : 0;
}

std::uint64_t StoreContract::count_failed() {
  auto counts = store().counts();
  EXPECT_TRUE(counts) << counts.error().message();
  return counts ? counts->failed : 0;
}

std::vector<store::Troubled> StoreContract::troubled(const store::FailedFilter& filter) {
  auto page = store().troubled(filter);
  EXPECT_TRUE(page) << page.error().message();
  return page ? std::move(*page) : std::vector<store::Troubled>{};
}

std::vector<std::string> StoreContract::payloads(const Claims& claims) {
  std::vector<std::string> all;
  for (const auto& claimed : claims) all.push_back(claimed.message->payload);
  return all;
}

std::vector<std::uint32_t> StoreContract::attempts(const Claims& claims) {
  std::vector<std::uint32_t> all;
  for (const auto& claimed : claims) all.push_back(claimed.attempt);
  return all;
}

}  // namespace waybill::contract

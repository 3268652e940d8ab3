#include "postgresql_database.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>

namespace waybill::contract {
namespace {

Secret url_of(const std::string& database) {
  const char* server = std::getenv("WAYBILL_TEST_POSTGRESQL");
  if (server == nullptr)
    throw std::runtime_error{"WAYBILL_TEST_POSTGRESQL is not set; run by `tools/services run -- ctest`"};
  const std::string url{server};
  const auto question = url.find('?');
  const auto base = url.substr(0, question);
  return Secret{base.substr(0, base.find('/', base.find("://") + 3)) + "/" + database +
                (question == std::string::npos ? "" : url.substr(question))};
}

}  // namespace

SqlSession::SqlSession(const Secret& url) {
  auto opened = postgresql::Connection::open(url, "test", Deadline::after(std::chrono::seconds{20}));
  if (!opened) throw std::runtime_error{opened.error().message()};
  connection_ = std::move(*opened);
  connection_->set_time_limit(std::chrono::seconds{60});
}

std::string SqlSession::run(const std::string& sql) {
  auto rows = connection_->run(sql, "test");
  if (!rows) throw std::runtime_error{rows.error().message()};
  return rows->empty() ? std::string{} : rows->text(0, 0);
}

bool SqlSession::fails(const std::string& sql) { return !connection_->run(sql, "test"); }

PostgresqlDatabase::PostgresqlDatabase() {
  static std::atomic<int> number{0};
  name_ = "waybill_special_" + std::to_string(getpid()) + "_" + std::to_string(++number);
  SqlSession{url_of("postgres")}.run("CREATE DATABASE " + name_);
  url_ = url_of(name_);
  StoreConfig config;
  config.name = "shop";
  config.url = url_;
  auto opened = store::open_store(config);
  if (!opened) throw std::runtime_error{opened.error().message()};
  store_ = std::move(*opened);
  if (auto migrated = store_->migrate(); !migrated) throw std::runtime_error{migrated.error().message()};
}

PostgresqlDatabase::~PostgresqlDatabase() {
  store_.reset();
  // A throw-away server: a database that can't be dropped (a prepared transaction is left) does no harm.
  SqlSession{url_of("postgres")}.fails("DROP DATABASE " + name_ + " WITH (FORCE)");
}

void PostgresqlDatabase::send(int first, int count) {
  run("INSERT INTO waybill.outbox (topic, payload) SELECT 'orders.created', n::text::bytea FROM generate_series(" +
      std::to_string(first) + ", " + std::to_string(first + count - 1) + ") n");
}

std::unique_ptr<store::Lane> PostgresqlDatabase::acquire() {
  auto lane = store_->acquire(0, "test:1");
  if (!lane) throw std::runtime_error{lane.error().message()};
  return std::move(*lane);
}

std::vector<store::Claimed> PostgresqlDatabase::fetch(store::Lane& lane, std::size_t count) {
  std::vector<store::Claimed> claims;
  const auto deadline = Deadline::after(std::chrono::seconds{30});
  bool some = true;
  while ((claims.size() < count && !deadline.passed()) || some) {
    auto fetched = lane.fetch({});
    if (!fetched) throw std::runtime_error{fetched.error().message()};
    some = !fetched->messages.empty() || fetched->more;
    for (auto& claimed : fetched->messages) claims.push_back(std::move(claimed));
  }
  EXPECT_EQ(claims.size(), count);
  return claims;
}

void PostgresqlDatabase::confirm(store::Lane& lane, const std::vector<store::Claimed>& claims) {
  store::SettleBatch batch;
  for (const auto& claimed : claims) {
    store::Settlement settlement;
    settlement.ticket = claimed.ticket;
    settlement.origin = claimed.origin;
    settlement.attempt = claimed.attempt;
    batch.messages.push_back(settlement);
  }
  auto settled = lane.settle(batch);
  ASSERT_TRUE(settled) << settled.error().message();
}

std::vector<std::string> PostgresqlDatabase::payloads(const std::vector<store::Claimed>& claims) {
  std::vector<std::string> texts;
  for (const auto& claimed : claims) texts.push_back(claimed.message->payload);
  return texts;
}

std::vector<std::string> PostgresqlDatabase::numbers(int first, int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back(std::to_string(first + i));
  return texts;
}

bool PostgresqlDatabase::await_answer(store::Lane& lane, const std::string& sql, const std::string& wanted) {
  auto asking = session();
  const auto deadline = Deadline::after(std::chrono::seconds{30});
  while (asking.run(sql) != wanted) {
    if (deadline.passed()) return false;
    auto awaited = lane.await(Deadline::after(std::chrono::milliseconds{20}), -1);
    if (!awaited) throw std::runtime_error{awaited.error().message()};
  }
  return true;
}

}  // namespace waybill::contract

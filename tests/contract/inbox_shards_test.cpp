// The inbox over several databases: a unique ID has one shard, and an operation is applied once, whoever knows which
// set of shards, while shards are added and whoever is killed.

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <map>
#include <random>
#include <sstream>
#include <thread>
#include <vector>

#include "inbox/postgresql/shard_map.hpp"
#include "inbox/shards.hpp"
#include "inbox_rig.hpp"
#include "waybill/inbox_postgresql.h"
#include "waybill/inbox_sharded.h"

namespace waybill::test {
namespace {

using postgresql::ShardedInbox;

/// A consumer's own connection to one shard.
class Connection {
 public:
  explicit Connection(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    run("SET client_min_messages = warning");
  }
  ~Connection() { PQfinish(connection_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool run(const std::string& sql) {
    PGresult* result = PQexec(connection_, sql.c_str());
    const auto status = PQresultStatus(result);
    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }
  PGconn* get() { return connection_; }

 private:
  PGconn* connection_;
};

/// One thread's consumer: it knows the shards that were in use when it was made, until it is told otherwise.
class Consumer {
 public:
  explicit Consumer(const std::vector<postgresql::Shard>& shards) : inbox_(ShardedInbox::open(shards).value()) {
    for (const auto& shard : shards) connections_.try_emplace(shard.name, shard.url);
  }

  /// The operation with its effect, in one transaction, until it is answered for good.
  Result<Once> apply(const std::string& unique_id, const std::string& fingerprint) {
    while (true) {
      auto& connection = connections_.at(inbox_.shard_of(unique_id));
      if (!connection.run("BEGIN")) return Error{ErrorCode::unreachable, "no BEGIN"};
      auto once = inbox_.once(connection.get(), {"stock", unique_id, fingerprint, "", "", 0});
      if (!once) {
        connection.run("ROLLBACK");
        if (once.error().code() == ErrorCode::busy) continue;
        return once;
      }
      if (*once == Once::fresh) {
        connection.run("INSERT INTO effect VALUES ('" + unique_id + "', '" + fingerprint + "')");
      }
      if (!connection.run("COMMIT")) return Error{ErrorCode::in_doubt, "no answer to COMMIT"};
      return once;
    }
  }
  const std::string& shard_of(const std::string& unique_id) const { return inbox_.shard_of(unique_id); }
  Connection& at(const std::string& shard) { return connections_.at(shard); }
  ShardedInbox& inbox() { return inbox_; }

 private:
  ShardedInbox inbox_;
  std::map<std::string, Connection> connections_;
};

class InboxShards : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto* name : {"a", "b", "c", "d"}) {
      auto database = make_postgresql_inbox();
      ASSERT_NE(database, nullptr) << "no PostgreSQL: run the tests by `make test` or `tools/services run`";
      ASSERT_TRUE(database->connect()->run("CREATE TABLE effect (unique_id text, fingerprint text)"));
      auto store = database->config();
      store.name = name;
      stores_.push_back(store);
      shards_.push_back({name, store.url.reveal()});
      databases_.push_back(std::move(database));
    }
  }

  /// The first `count` of the databases as shards.
  Result<std::uint64_t> apply(std::size_t count) { return inbox::apply_shards(first(count), {}); }
  std::vector<StoreConfig> first(std::size_t count) const {
    return {stores_.begin(), stores_.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  std::string at(std::size_t shard, const std::string& sql) { return databases_[shard]->connect()->run(sql).value(); }
  /// How often each operation was applied, at all shards together.
  std::map<std::string, int> effects() {
    std::map<std::string, int> times;
    for (auto& database : databases_) {
      auto session = database->connect();
      auto text = session->run("SELECT coalesce(string_agg(unique_id || '/' || fingerprint, ' '), '') FROM effect");
      std::istringstream words(*text);
      for (std::string word; words >> word;) ++times[word];
    }
    return times;
  }
  void expect_each_once(std::size_t operations) {
    const auto times = effects();
    EXPECT_EQ(times.size(), operations);
    for (const auto& [operation, count] : times) EXPECT_EQ(count, 1) << operation;
  }

  std::vector<std::unique_ptr<InboxDatabase>> databases_;
  std::vector<StoreConfig> stores_;
  std::vector<postgresql::Shard> shards_;
};

std::string product(int number) { return "product-" + std::to_string(number); }

TEST_F(InboxShards, AddedShardTakesItsShareAndMovesNothingElse) {
  const std::vector<std::string> three{"a", "b", "c"}, four{"a", "b", "c", "d"};
  int moved = 0;
  for (int n = 0; n < 2000; ++n) {
    const auto& before = inbox::postgresql::owner(three, product(n));
    const auto& after = inbox::postgresql::owner(four, product(n));
    if (before == after) continue;
    EXPECT_EQ(after, "d");
    ++moved;
  }
  EXPECT_NEAR(moved, 500, 100);
}

TEST_F(InboxShards, DatabaseAndLibraryComputeTheSameShard) {
  const std::vector<std::string> shards{"a", "b", "c-1", "d_2"};
  auto session = databases_[0]->connect();
  for (const std::string id : {"1", "Ärmel", "a/b", "{}", "'", "product 17", "\\"}) {
    const auto quoted = id == "'" ? std::string{"''"} : id;
    EXPECT_EQ(*session->run("SELECT waybill.shard_owner('{a,b,c-1,d_2}', '" + quoted + "')"),
              inbox::postgresql::owner(shards, id))
        << id;
  }
}

TEST_F(InboxShards, OperationIsAppliedOnceHoweverOftenItComes) {
  ASSERT_EQ(*apply(3), 3U);
  Consumer consumer({shards_.begin(), shards_.begin() + 3});
  for (int n = 0; n < 60; ++n) EXPECT_EQ(*consumer.apply(product(n), "1"), Once::fresh);
  for (int n = 0; n < 60; ++n) EXPECT_EQ(*consumer.apply(product(n), "1"), Once::duplicate);
  for (int n = 0; n < 60; ++n) EXPECT_EQ(*consumer.apply(product(n), "2"), Once::fresh);
  for (std::size_t shard = 0; shard < 3; ++shard) EXPECT_NE(at(shard, "SELECT count(*) FROM effect"), "0");
  expect_each_once(120);
}

TEST_F(InboxShards, MarksMoveWithTheirShare) {
  ASSERT_EQ(*apply(2), 2U);
  Consumer old({shards_.begin(), shards_.begin() + 3});
  for (int n = 0; n < 300; ++n) ASSERT_EQ(*old.apply(product(n), "1"), Once::fresh);
  ASSERT_EQ(*apply(3), 1U);
  const auto moved = std::stoi(at(2, "SELECT count(*) FROM waybill.inbox"));
  EXPECT_NEAR(moved, 100, 50);
  EXPECT_EQ(at(2, "SELECT former IS NULL FROM waybill.shard_map"), "t") << "nobody is asked any more";
  Consumer current(shards_);
  for (int n = 0; n < 300; ++n) {
    ASSERT_EQ(*current.apply(product(n), "1"), Once::duplicate);
    ASSERT_EQ(*old.apply(product(n), "1"), Once::duplicate) << "it is sent on";
  }
  EXPECT_EQ(std::stoi(at(2, "SELECT count(*) FROM waybill.inbox")), moved);
}

TEST_F(InboxShards, OperationOpenAtTheFormerShardIsWaitedFor) {
  ASSERT_EQ(*apply(2), 2U);
  Consumer old({shards_.begin(), shards_.begin() + 3});
  int number = 0;  // one that c will take over
  while (inbox::postgresql::owner({"a", "b", "c"}, product(number)) != "c") ++number;
  auto& former = old.at(old.shard_of(product(number)));
  ASSERT_TRUE(former.run("BEGIN"));
  ASSERT_EQ(*old.inbox().once(former.get(), {"stock", product(number), "1", "", "", 0}), Once::fresh);
  ASSERT_TRUE(former.run("INSERT INTO effect VALUES ('" + product(number) + "', '1')"));

  std::atomic<bool> waiting{false};
  const auto note = [&](const inbox::ShardProgress& progress) {
    waiting = waiting || progress.step == inbox::ShardProgress::Step::waiting;
    waiting.notify_all();
    return true;
  };
  std::thread adding([&] { EXPECT_EQ(*inbox::apply_shards(first(3), note), 1U); });
  waiting.wait(false);
  Consumer current(shards_);
  EXPECT_EQ(current.shard_of(product(number)), "c");
  for (int n = 0; n < 100; ++n) {
    if (n == number) continue;
    EXPECT_EQ(*current.apply(product(n), "1"), Once::fresh) << "others go on";
  }
  std::thread same([&] { EXPECT_EQ(*current.apply(product(number), "1"), Once::duplicate); });
  ASSERT_TRUE(former.run("COMMIT"));
  same.join();
  adding.join();
}

TEST_F(InboxShards, IsAppliedOnceWhileShardsAreAdded) {
  ASSERT_EQ(*apply(2), 2U);
  constexpr int operations = 3000, consumers = 4;
  std::atomic<int> under_way{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < consumers; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random{static_cast<unsigned>(thread)};
      Consumer consumer(shards_);
      std::vector<int> order(operations);
      for (int n = 0; n < operations; ++n) order[static_cast<std::size_t>(n)] = n;
      std::shuffle(order.begin(), order.end(), random);
      for (const int n : order) {
        const auto once = consumer.apply(product(n % 500), std::to_string(n));
        EXPECT_TRUE(once) << once.error().message();
        ++under_way;
        under_way.notify_all();
      }
    });
  }
  for (std::size_t shards = 3; shards <= 4; ++shards) {
    const auto wanted = static_cast<int>(shards - 2) * operations;
    for (int now = under_way; now < wanted; now = under_way) under_way.wait(now);
    EXPECT_EQ(*apply(shards), 1U);
    EXPECT_LT(under_way, consumers * operations) << "all was done before the shard was there";
  }
  for (auto& thread : threads) thread.join();
  expect_each_once(operations);
}

/// Runs `work` in a child until it ends or is killed after so many milliseconds. True when it ended by itself.
bool ends_within(int milliseconds, const std::function<void()>& work) {
  const pid_t child = fork();
  if (child == 0) {
    work();
    _exit(0);
  }
  pollfd ended{static_cast<int>(syscall(SYS_pidfd_open, child, 0)), POLLIN, 0};
  const bool by_itself = poll(&ended, 1, milliseconds) == 1;
  close(ended.fd);
  if (!by_itself) kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
  return WIFEXITED(status);
}

TEST_F(InboxShards, IsAppliedOnceWhoeverIsKilledWhileAShardIsAdded) {
  ASSERT_EQ(*apply(2), 2U);
  constexpr int operations = 400;
  std::mt19937 random{20161108};
  const auto consume = [&](unsigned seed) {
    std::mt19937 mine{seed};
    Consumer consumer(shards_);
    for (int n = 0; n < 200; ++n) {
      const auto number = static_cast<int>(mine() % operations);
      static_cast<void>(consumer.apply(product(number % 50), std::to_string(number)));
    }
  };
  std::size_t wanted = 3;
  bool added = false;
  int kills = 0;
  for (unsigned round = 0; round < 150; ++round) {
    if (!ends_within(1 + static_cast<int>(random() % 150), [&] { consume(round); })) ++kills;
    if (round == 75 && added) wanted = 4;
    added = ends_within(static_cast<int>(random() % 40 + round / 4), [&] {
      if (!inbox::apply_shards(first(wanted), {})) _exit(1);
    });
  }
  EXPECT_GT(kills, 50);
  ASSERT_TRUE(apply(4)) << "what was stopped is completed";
  Consumer consumer(shards_);
  for (int n = 0; n < operations; ++n) ASSERT_TRUE(consumer.apply(product(n % 50), std::to_string(n)));
  expect_each_once(operations);
}

TEST_F(InboxShards, DeadShardStopsOnlyItsOwnUniqueIds) {
  ASSERT_EQ(*apply(3), 3U);
  Consumer consumer({shards_.begin(), shards_.begin() + 3});
  databases_[1].reset();  // ends its connections too
  int refused = 0;
  for (int n = 0; n < 60; ++n) {
    const auto once = consumer.apply(product(n), "1");
    EXPECT_EQ(once.ok(), consumer.shard_of(product(n)) != "b") << n;
    if (!once) ++refused;
  }
  EXPECT_GT(refused, 0);
  EXPECT_TRUE(ShardedInbox::open({shards_[0], shards_[1], shards_[2]})) << "two of three answer";
  databases_[1] = make_postgresql_inbox();
  databases_[1]->connect()->run("CREATE TABLE effect (unique_id text, fingerprint text)").value();
}

TEST_F(InboxShards, ListThatWasChangedByHandIsRefused) {
  ASSERT_EQ(*apply(3), 3U);
  auto missing = inbox::apply_shards({stores_[0], stores_[2], stores_[3]}, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::refused);
  EXPECT_NE(missing.error().message().find("shard 'b'"), std::string::npos) << missing.error().message();

  auto swapped = stores_;
  std::swap(swapped[0].url, swapped[1].url);
  auto other = inbox::apply_shards(swapped, {});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code(), ErrorCode::invalid_configuration) << other.error().message();

  auto unlisted = ShardedInbox::open({shards_[0], shards_[1]});
  ASSERT_FALSE(unlisted);
  EXPECT_NE(unlisted.error().message().find("shard 'c'"), std::string::npos) << unlisted.error().message();
  auto renamed = ShardedInbox::open({{"a", shards_[1].url}, {"b", shards_[0].url}, shards_[2]});
  ASSERT_FALSE(renamed);
  EXPECT_EQ(renamed.error().code(), ErrorCode::invalid_configuration) << renamed.error().message();
}

TEST_F(InboxShards, DatabaseWithMarksOfItsOwnCanStartButNotJoin) {
  auto used = databases_[0]->connect();
  ASSERT_TRUE(used->begin());
  ASSERT_EQ(*used->once({"stock", "apple", "1", "", "", 0}), Once::fresh);
  ASSERT_TRUE(used->commit());
  const auto together = apply(2);
  ASSERT_FALSE(together);
  EXPECT_NE(together.error().message().find("shard 'a' has marks"), std::string::npos) << together.error().message();
  ASSERT_EQ(*apply(1), 1U);
  ASSERT_EQ(*apply(2), 1U);
  Consumer consumer(shards_);
  EXPECT_EQ(*consumer.apply("apple", "1"), Once::duplicate);
}

/// As `apply_shards` does, for as long as the connection lives.
constexpr auto* hold_the_shards = "SELECT pg_advisory_lock(x'77627368'::int, 0)";

// A server ends a session some time after its client went away, and holds its lock until then.
TEST_F(InboxShards, ChangeAwaitsTheEndOfTheOneBefore) {
  auto before = std::make_unique<Connection>(shards_[0].url);
  ASSERT_TRUE(before->run(hold_the_shards));
  std::atomic<bool> ended{false};
  std::thread next([&] {
    const auto added = apply(1);
    ended = true;
    EXPECT_TRUE(added) << added.error().message();
  });
  const auto asked = [&] {
    return at(0,
              "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND query LIKE "
              "'SELECT pg_try_advisory_lock%')") == "t";
  };
  while (!asked() && !ended) std::this_thread::yield();
  before.reset();
  next.join();
}

TEST_F(InboxShards, ChangeBesideAnotherIsRefused) {
  Connection other(shards_[0].url);
  ASSERT_TRUE(other.run(hold_the_shards));
  const auto added = apply(1);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code(), ErrorCode::busy) << added.error().message();
}

TEST_F(InboxShards, DatabasesThatAreNoShardsYetAreRefused) {
  const auto inbox = ShardedInbox::open(shards_);
  ASSERT_FALSE(inbox);
  EXPECT_EQ(inbox.error().code(), ErrorCode::refused) << inbox.error().message();
  ASSERT_EQ(*apply(2), 2U);
  EXPECT_EQ(*apply(2), 0U) << "nothing is to be done";
}

TEST_F(InboxShards, GuardNeedsATransaction) {
  ASSERT_EQ(*apply(1), 1U);
  Consumer consumer(shards_);
  auto once = consumer.inbox().once(consumer.at("a").get(), {"stock", "apple", "1", "", "", 0});
  ASSERT_FALSE(once);
  EXPECT_EQ(once.error().code(), ErrorCode::refused);
}

}  // namespace
}  // namespace waybill::test

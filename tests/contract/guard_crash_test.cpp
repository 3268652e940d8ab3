// Consumers are killed between any two steps and in the middle of one, a thousand times for each guard, and every
// message comes again until it is acknowledged: then the books must balance (faults.md, cases 32 and 34).

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <new>
#include <random>

#include "core/url.hpp"
#include "inbox_rig.hpp"
#include "store/store.hpp"
#include "sync/reconciler.hpp"
#include "waybill/inbox_redis.h"

namespace waybill::test {
namespace {

constexpr int kills = 1000;

Mark mark_of(std::int64_t number) { return {"books", "account", std::to_string(number), "", "", 0}; }

/// A consumer's life: it ends at a step, or at some moment.
class Life {
 public:
  explicit Life(std::mt19937& random) : steps_left_(random() % 2 == 0 ? 1 + static_cast<int>(random() % 30) : -1) {
    if (steps_left_ < 0) microseconds_ = 100 + static_cast<int>(random() % 5000);
  }

  /// From now on: being connected is no step.
  void begin() const {
    const itimerval moment{{0, 0}, {0, microseconds_}};
    setitimer(ITIMER_REAL, &moment, nullptr);
  }
  void step() {
    if (--steps_left_ == 0) raise(SIGKILL);
  }

 private:
  int steps_left_;
  int microseconds_ = 0;
};

/// What the broker knows: the last message that was acknowledged. In memory that the consumers share.
class Broker {
 public:
  Broker() {
    void* shared = mmap(nullptr, sizeof(*acknowledged_), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) std::abort();
    acknowledged_ = new (shared) std::atomic<std::int64_t>{0};
  }
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker() { munmap(acknowledged_, sizeof(*acknowledged_)); }

  std::int64_t next() const { return *acknowledged_ + 1; }
  void acknowledge(std::int64_t number) { *acknowledged_ = number; }
  std::int64_t acknowledged() const { return *acknowledged_; }

 private:
  std::atomic<std::int64_t>* acknowledged_;
};

/// Does one message; false: it has to come again.
using Consume = std::function<bool(std::int64_t number, Life& life)>;

/// A consumer that connects, consumes and dies, again and again; `between` is done while none lives.
void kill_consumers(
    Broker& broker, const std::function<Consume()>& connect, const std::function<void()>& between = [] {}) {
  std::mt19937 random{20161108};
  for (int n = 0; n < kills && !testing::Test::HasFatalFailure(); ++n) {
    Life life(random);
    const pid_t child = fork();
    if (child == 0) {
      const auto consume = connect();
      life.begin();
      while (consume(broker.next(), life)) {
        life.step();
        broker.acknowledge(broker.next());
        life.step();
      }
      _exit(1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "consumer " << n << " ended by itself with " << WEXITSTATUS(status);
    between();
  }
}

/// Each message adds its number to the sum, and one to the times.
void expect_balance(std::int64_t times, std::int64_t sum, const Broker& broker) {
  EXPECT_GT(times, kills / 2) << "too little was done between the kills";
  EXPECT_EQ(sum, times * (times + 1) / 2) << "an effect is missing or was done twice";
  EXPECT_TRUE(times == broker.acknowledged() || times == broker.acknowledged() + 1)
      << times << " against " << broker.acknowledged();
}

std::string add_to_account(std::int64_t number) {
  return "UPDATE account SET sum = sum + " + std::to_string(number) + ", times = times + 1";
}

std::int64_t number(InboxSession& session, const std::string& sql) { return std::stoll(session.run(sql).value()); }

void make_account(InboxDatabase& database) {
  const auto session = database.connect();
  ASSERT_TRUE(session->run("CREATE TABLE account (sum bigint, times bigint)"));
  ASSERT_TRUE(session->run("INSERT INTO account VALUES (0, 0)"));
}

struct Kind {
  const char* name;
  std::unique_ptr<InboxDatabase> (*make)();
};

class SqlGuardCrash : public testing::TestWithParam<Kind> {};

TEST_P(SqlGuardCrash, OnceDoesEachEffectOnce) {
  const auto database = GetParam().make();
  ASSERT_NE(database, nullptr) << "no server: run the tests by `make test` or `tools/services run`";
  make_account(*database);
  Broker broker;
  kill_consumers(broker, [&]() -> Consume {
    return [session = std::shared_ptr<InboxSession>(database->connect())](std::int64_t n, Life& life) {
      if (!session->begin()) return false;
      life.step();
      const auto found = session->once(mark_of(n));
      if (!found) return false;
      life.step();
      if (*found == Once::fresh && !session->run(add_to_account(n))) return false;
      life.step();
      return session->commit().ok();
    };
  });
  const auto session = database->connect();
  const auto times = number(*session, "SELECT times FROM account");
  expect_balance(times, number(*session, "SELECT sum FROM account"), broker);
  EXPECT_EQ(number(*session, "SELECT COUNT(*) FROM " + database->prefix() + "inbox"), times);
}

INSTANTIATE_TEST_SUITE_P(Every, SqlGuardCrash,
                         testing::Values(Kind{"postgresql", make_postgresql_inbox}, Kind{"mariadb", make_mysql_inbox}),
                         [](const auto& kind) { return std::string{kind.param.name}; });

/// A Redis database of its own.
class RedisDatabase {
 public:
  explicit RedisDatabase(const std::string& url) : url_(parse_url(url).value()) {
    database_ = run(*connect(false), "INCR waybill-test-databases");
    EXPECT_TRUE(store::open_store(config()).value()->migrate());
  }

  using Connection = std::shared_ptr<redisContext>;
  Connection connect(bool select = true) const {
    Connection connection{redisConnect(url_.host.c_str(), url_.port), &redisFree};
    run(*connection, "AUTH " + url_.password);
    if (select) run(*connection, "SELECT " + database_);
    return connection;
  }

  static std::string run(redisContext& connection, const std::string& command) {
    const std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply{
        static_cast<redisReply*>(redisCommand(&connection, command.c_str())), &freeReplyObject};
    if (!reply) std::abort();
    if (reply->type == REDIS_REPLY_INTEGER) return std::to_string(reply->integer);
    return reply->str == nullptr ? std::string{} : std::string{reply->str, reply->len};
  }
  std::int64_t number(const std::string& command) const { return std::stoll("0" + run(*connect(), command)); }

  StoreConfig config() const {
    StoreConfig config;
    config.name = "cache";
    config.url =
        Secret{"redis://:" + url_.password + "@" + url_.host + ":" + std::to_string(url_.port) + "/" + database_};
    return config;
  }

 private:
  Url url_;
  std::string database_;
};

class RedisGuardCrash : public testing::Test {
 protected:
  void SetUp() override {
    const char* url = std::getenv("WAYBILL_TEST_REDIS");
    ASSERT_NE(url, nullptr) << "no server: run the tests by `make test` or `tools/services run`";
    url_ = url;
  }

  std::string url_;
};

TEST_F(RedisGuardCrash, ApplyDoesEachEffectOnce) {
  const RedisDatabase database(url_);
  Broker broker;
  kill_consumers(broker, [&]() -> Consume {
    return [connection = database.connect()](std::int64_t n, Life& life) {
      life.step();
      const auto applied = redis::apply(connection.get(), mark_of(n),
                                        {redis::add("{books}:sum", n), redis::hash_add("{books}:account", "times", 1),
                                         redis::journal("{books}:journal", "entry", std::to_string(n), {})});
      return applied.ok();
    };
  });
  const auto times = database.number("HGET {books}:account times");
  expect_balance(times, database.number("GET {books}:sum"), broker);
  EXPECT_EQ(database.number("XLEN {books}:journal"), times);
}

TEST_F(RedisGuardCrash, BothOrNeitherAfterEveryKill) {
  const auto sql = make_postgresql_inbox();
  ASSERT_NE(sql, nullptr) << "no server: run the tests by `make test` or `tools/services run`";
  make_account(*sql);
  const RedisDatabase database(url_);
  Broker broker;
  auto reconciler = sync::Reconciler::open(database.config(), sql->config(), "{books}").value();
  const auto books = sql->connect();
  const auto reconcile = [&] {
    const auto settled = reconciler.settle("books", Duration{0});
    ASSERT_TRUE(settled) << settled.error().message();
    ASSERT_EQ(database.number("GET {books}:sum"), number(*books, "SELECT sum FROM account"));
  };
  kill_consumers(
      broker,
      [&]() -> Consume {
        const std::shared_ptr<InboxSession> session{sql->connect()};
        return [connection = database.connect(), session](std::int64_t n, Life& life) {
          const auto reserved = redis::reserve(connection.get(), mark_of(n), {redis::add("{books}:sum", n)});
          if (!reserved) return false;
          if (reserved->result == redis::Reserved::Result::duplicate) return true;
          if (reserved->result != redis::Reserved::Result::reserved) return false;
          life.step();
          if (!session->begin()) return false;
          const auto known = session->once(mark_of(n));
          life.step();
          const auto mine = session->once(redis::attempt_mark(reserved->attempt));
          if (!known || !mine || *mine != Once::fresh) return false;
          life.step();
          if (*known == Once::fresh && !session->run(add_to_account(n))) return false;
          life.step();
          if (!session->commit()) return false;
          life.step();
          const auto ended = redis::complete(connection.get(), mark_of(n), reserved->attempt, "{books}");
          return ended && *ended != redis::Ended::gone;
        };
      },
      reconcile);
  const auto times = number(*books, "SELECT times FROM account");
  expect_balance(times, number(*books, "SELECT sum FROM account"), broker);
}

}  // namespace
}  // namespace waybill::test

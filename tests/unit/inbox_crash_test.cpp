// A consumer that is killed at any step does each effect once, when every message comes again until it is acknowledged
// (faults.md, case 32).

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <random>

#include "waybill/inbox_sqlite.h"

namespace waybill {
namespace {

constexpr int messages = 100'000;

/// The service's database: an account that each message adds its number to.
class Books {
 public:
  explicit Books(const std::string& path) {
    if (sqlite3_open(path.c_str(), &connection_) != SQLITE_OK) std::abort();
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");  // processes die here, not machines
  }
  ~Books() { sqlite3_close(connection_); }

  void create() {
    run("CREATE TABLE waybill_inbox (seq INTEGER PRIMARY KEY, consumer TEXT, unique_id TEXT, fingerprint TEXT, "
        "digest TEXT, message_id TEXT, message_ms INTEGER, marked_ms INTEGER DEFAULT 0, "
        "UNIQUE (consumer, unique_id, fingerprint));"
        "CREATE TABLE account (sum INTEGER, times INTEGER); INSERT INTO account VALUES (0, 0);"
        "CREATE TABLE acknowledged (upto INTEGER); INSERT INTO acknowledged VALUES (0)");
  }
  void run(const std::string& sql) {
    if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) std::abort();
  }
  std::int64_t number(const char* sql) {
    std::int64_t number = 0;
    const auto take = [](void* out, int, char** values, char**) {
      *static_cast<std::int64_t*>(out) = values[0] == nullptr ? 0 : std::atoll(values[0]);
      return 0;
    };
    if (sqlite3_exec(connection_, sql, take, &number, nullptr) != SQLITE_OK) std::abort();
    return number;
  }
  sqlite3* connection() { return connection_; }

 private:
  sqlite3* connection_ = nullptr;
};

/// The consumer: goes on from the last acknowledged message and tells each of its steps through the pipe.
[[noreturn]] void consume(const std::string& path, int steps) {
  Books books(path);
  const auto step = [&] {
    if (write(steps, ".", 1) != 1) _exit(1);
  };
  for (auto n = books.number("SELECT upto FROM acknowledged") + 1; n <= messages; ++n) {
    books.run("BEGIN IMMEDIATE");
    step();
    const auto found = sqlite::once(books.connection(), {"books", "account", std::to_string(n), "", "", 0});
    if (!found) _exit(2);
    step();
    if (*found == Once::fresh) {
      books.run("UPDATE account SET sum = sum + " + std::to_string(n) + ", times = times + 1");
    }
    step();
    books.run("COMMIT");
    step();
    books.run("UPDATE acknowledged SET upto = " + std::to_string(n));
    step();
  }
  _exit(0);
}

/// Lets a consumer run for so many steps, kills it, and waits until it is gone.
void kill_after(const std::string& path, int steps) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    consume(path, ends[1]);
  }
  close(ends[1]);
  char told = 0;
  for (int n = 0; n < steps; ++n) ASSERT_EQ(read(ends[0], &told, 1), 1) << "the consumer ended by itself";
  ASSERT_EQ(kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the consumer ended by itself with " << WEXITSTATUS(status);
  close(ends[0]);
}

TEST(InboxCrash, EffectIsDoneOnceHoweverOftenTheConsumerIsKilled) {
  std::string folder = std::filesystem::temp_directory_path() / "waybill-crash-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const auto path = folder + "/books.db";
  {
    Books(path).create();
  }
  std::mt19937 random{20161108};
  for (int n = 0; n < 300 && !HasFatalFailure(); ++n) kill_after(path, 1 + static_cast<int>(random() % 40));
  Books books(path);
  const auto times = books.number("SELECT times FROM account");
  EXPECT_GT(times, 300);
  EXPECT_EQ(books.number("SELECT count(*) FROM waybill_inbox"), times);
  EXPECT_EQ(books.number("SELECT sum FROM account"), times * (times + 1) / 2)
      << "an effect is missing or was done twice";
  const auto acknowledged = books.number("SELECT upto FROM acknowledged");
  EXPECT_TRUE(times == acknowledged || times == acknowledged + 1) << times << " against " << acknowledged;
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace waybill

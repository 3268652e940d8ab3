/// What is told when the answer to a COMMIT is lost: that nobody knows, never that it failed.

#include <gmock/gmock.h>

#include <future>
#include <stdexcept>

#include "postgresql_database.hpp"
#include "tcp_gate.hpp"

namespace waybill::contract {
namespace {

using ::testing::HasSubstr;

class PostgresqlCommit : public PostgresqlDatabase {
 protected:
  PostgresqlCommit() : gate_("127.0.0.1", static_cast<std::uint16_t>(std::stoi(run("SHOW port")))) {
    // A commit that takes as long as the test wants: as one does that waits for a standby.
    run("CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
        "pg_catalog.pg_advisory_xact_lock(77); RETURN NULL; END'; "
        "CREATE CONSTRAINT TRIGGER hold AFTER INSERT ON waybill.outbox DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION public.hold()");
    auto config = store().config();
    const std::string url{config.url.reveal()};
    config.url = Secret{url + (url.find('?') == std::string::npos ? "?" : "&") +
                        "host=127.0.0.1&port=" + std::to_string(gate_.port())};
    auto opened = store::open_store(config);
    if (!opened) throw std::runtime_error{opened.error().message()};
    through_gate_ = std::move(*opened);
  }

  /// Sends while commits are held, and loses the connection as soon as the server is at the COMMIT.
  Result<std::vector<MessageId>> send_and_lose_the_answer(const std::vector<Message>& messages) {
    auto holder = session();
    holder.run("SELECT pg_advisory_lock(77)");
    auto sent = std::async(std::launch::async, [&] { return through_gate_->persist(messages); });
    EXPECT_TRUE(await("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND NOT granted", "1"));
    gate_.cut();
    return sent.get();
  }

  bool await(const std::string& sql, const std::string& wanted) {
    auto asking = session();
    const auto deadline = Deadline::after(std::chrono::seconds{20});
    while (asking.run(sql) != wanted) {
      if (deadline.passed()) return false;
    }
    return true;
  }

  waybill::testing::TcpGate gate_;
  std::unique_ptr<store::Store> through_gate_;
};

TEST_F(PostgresqlCommit, LostAnswerIsInDoubtAndTellsTheIdToSendAgainWith) {
  Message message;
  message.topic = Topic{"orders.created"};
  const auto ids = send_and_lose_the_answer({message});
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().code(), ErrorCode::in_doubt) << ids.error().message();
  EXPECT_FALSE(ids.error().is_transient());
  // The session that held commits is gone: this one was committed, although nobody could be told.
  ASSERT_TRUE(await("SELECT count(*) FROM waybill.outbox", "1"));
  EXPECT_THAT(ids.error().message(), HasSubstr("--id " + run("SELECT id FROM waybill.outbox")));
}

TEST_F(PostgresqlCommit, LostAnswerOfABatchTellsHowManyAndTheFirst) {
  std::vector<Message> messages(2);
  for (auto& message : messages) message.topic = Topic{"orders.created"};
  messages[0].id = MessageId{"first"};
  messages[1].id = MessageId{"second"};
  const auto ids = send_and_lose_the_answer(messages);
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().code(), ErrorCode::in_doubt) << ids.error().message();
  EXPECT_THAT(ids.error().message(), HasSubstr("2 messages, from first on"));
}

TEST_F(PostgresqlCommit, ConnectionThatIsLostBeforeTheCommitIsNoDoubt) {
  gate_.open(false);
  Message message;
  message.topic = Topic{"orders.created"};
  const auto ids = through_gate_->persist({&message, 1});
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().code(), ErrorCode::unreachable) << ids.error().message();
}

}  // namespace
}  // namespace waybill::contract

// What people see and do: counts, failed messages, whereabouts, reports.

#include <gmock/gmock.h>

#include "store/retention.hpp"
#include "store_suite.hpp"

namespace waybill::contract {
namespace {

using Place = store::Whereabouts::Place;
using testing::ElementsAre;
using testing::IsEmpty;

class StoreAdministration : public StoreContract {
 protected:
  std::vector<Ticket> fail(store::Lane& lane, int count, const std::string& answer = "no") {
    send(count);
    std::vector<Settlement> messages;
    std::vector<Ticket> tickets;
    for (const auto& claimed : fetch(lane, static_cast<std::size_t>(count))) {
      messages.push_back(failed(claimed, "rejected", answer));
      tickets.push_back(claimed.ticket);
    }
    settle(lane, messages);
    return tickets;
  }

  store::Whereabouts locate(const std::string& id) {
    auto found = store().locate(MessageId{id});
    EXPECT_TRUE(found) << found.error().message();
    return found ? *found : store::Whereabouts{};
  }
};

TEST_P(StoreAdministration, SchemaIsCurrentAndMigratingAgainChangesNothing) {
  auto state = store().schema();
  ASSERT_TRUE(state) << state.error().message();
  EXPECT_EQ(*state, store::SchemaState::current);
  auto sql = store().migration();
  ASSERT_TRUE(sql) << sql.error().message();
  EXPECT_EQ(*sql, "");
  send(1);
  auto migrated = store().migrate();
  EXPECT_TRUE(migrated) << migrated.error().message();
  EXPECT_EQ(count_sending(), 1U);
  auto lanes = store().lanes();
  ASSERT_TRUE(lanes) << lanes.error().message();
  EXPECT_EQ(*lanes, 1U);
}

TEST_P(StoreAdministration, CountsFollowTheMessages) {
  auto lane = acquire();
  send(5);
  EXPECT_EQ(count_sending(), 5U);
  auto claims = fetch(*lane, 5);
  EXPECT_EQ(count_sending(), 5U);
  settle(*lane, {confirmed(claims[0]), retry(claims[1], 1000), failed(claims[2])});
  EXPECT_EQ(count_sending(), 3U);
  EXPECT_EQ(count_failed(), 1U);
  auto counts = store().counts();
  ASSERT_TRUE(counts) << counts.error().message();
  EXPECT_GE(counts->oldest_sending_seconds, 0.0);
  EXPECT_LT(counts->oldest_sending_seconds, 60.0);
}

TEST_P(StoreAdministration, ResendMakesAFailedMessageSendingAtOnceWithFreshTries) {
  auto lane = acquire();
  const auto tickets = fail(*lane, 2);
  auto resent = store().resend({tickets.data(), 1}, "ann", "broker is fixed");
  ASSERT_TRUE(resent) << resent.error().message();
  EXPECT_EQ(*resent, 1U);
  EXPECT_EQ(count_failed(), 1U);
  EXPECT_EQ(count_sending(), 1U);
  const auto again = due(*lane, 0);
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].tries, 0U);
  EXPECT_EQ(again[0].attempt, 2U);
  auto twice = store().resend({tickets.data(), 1}, "ann", "again");
  ASSERT_TRUE(twice) << twice.error().message();
  EXPECT_EQ(*twice, 0U);
  const auto found = locate(again[0].message->id.str());
  ASSERT_EQ(found.history.size(), 2U);
  EXPECT_EQ(found.history[1].outcome, "resent by operator");
  EXPECT_EQ(found.history[1].answer, "broker is fixed");
  EXPECT_EQ(found.history[1].relay, "ann");
}

TEST_P(StoreAdministration, StandingsTellWhereEachOfManyIs) {
  using store::Standing;
  auto lane = acquire();
  const auto tickets = fail(*lane, 2);
  ASSERT_TRUE(store().drop({tickets.data(), 1}, "ann", "test order"));
  send(4);
  const auto claims = fetch(*lane, 4);
  settle(*lane, {confirmed(claims[0]), retry(claims[1], 1000)});
  std::vector<MessageId> ids;
  store::FailedFilter filter;
  for (const auto* state : {"dropped", "failed"}) {
    filter.state = state;
    ids.push_back(troubled(filter).at(0).message.id);
  }
  for (const auto& claimed : claims) ids.push_back(claimed.message->id);
  ids.emplace_back("never stored");
  const auto standings = store().standings(ids);
  ASSERT_TRUE(standings) << standings.error().message();
  EXPECT_THAT(*standings, ElementsAre(Standing::dropped, Standing::failed, Standing::gone, Standing::sending,
                                      Standing::sending, Standing::sending, Standing::gone));
  const auto none = store().standings({});
  ASSERT_TRUE(none) << none.error().message();
  EXPECT_TRUE(none->empty());
}

TEST_P(StoreAdministration, StandingsKnowAParkedMessage) {
  auto lane = acquire();
  send(2, "17");
  const auto claims = fetch(*lane, 2);
  const Scope scope{"orders.*", "17"};
  settle(*lane, {failed(claims[0]), verdict(claims[1], Verdict::parked)},
         {{ScopeChange::Kind::block, scope, claims[0].ticket}});
  const auto standings = store().standings(std::vector{claims[1].message->id});
  ASSERT_TRUE(standings) << standings.error().message();
  EXPECT_THAT(*standings, ElementsAre(store::Standing::sending));
}

TEST_P(StoreAdministration, MessagesCanBeListedWithoutTheirPayloads) {
  auto lane = acquire();
  fail(*lane, 1);
  ASSERT_NE(troubled().at(0).message.payload, "");
  store::FailedFilter filter;
  filter.payloads = false;
  EXPECT_EQ(troubled(filter).at(0).message.payload, "");
  EXPECT_EQ(troubled(filter).at(0).message.id, troubled().at(0).message.id);
}

TEST_P(StoreAdministration, DropIsAMarkThatRestoreUndoes) {
  auto lane = acquire();
  const auto tickets = fail(*lane, 3);
  auto dropped = store().drop({tickets.data(), 2}, "ann", "obsolete");
  ASSERT_TRUE(dropped) << dropped.error().message();
  EXPECT_EQ(*dropped, 2U);
  EXPECT_EQ(count_failed(), 1U);
  store::FailedFilter filter;
  filter.state = "dropped";
  EXPECT_EQ(troubled(filter).size(), 2U);
  EXPECT_EQ(troubled(filter)[0].message.payload, "1");
  auto restored = store().restore({tickets.data(), 3}, "ann", "a mistake");
  ASSERT_TRUE(restored) << restored.error().message();
  EXPECT_EQ(*restored, 2U);
  EXPECT_EQ(count_failed(), 3U);
  EXPECT_THAT(due(*lane, 1'000'000), IsEmpty());
}

TEST_P(StoreAdministration, FailedMessagesArePagedByKeyset) {
  auto lane = acquire();
  fail(*lane, 25);
  store::FailedFilter filter;
  filter.limit = 10;
  std::vector<std::string> seen;
  for (int page = 0; page < 4; ++page) {
    for (const auto& row : troubled(filter)) {
      seen.push_back(row.message.payload);
      EXPECT_GT(row.ticket, filter.after);
      filter.after = row.ticket;
    }
  }
  EXPECT_EQ(seen, numbers(25));
}

TEST_P(StoreAdministration, FailedMessagesAreFilteredByEachField) {
  auto lane = acquire();
  send_row({.topic = "orders.created", .id = "one", .key = "k1"});
  send_row({.topic = "orders.paid", .id = "two", .key = "k2"});
  const auto claims = fetch(*lane, 2);
  settle(*lane, {failed(claims[0], "unroutable", "312 NO_ROUTE"), failed(claims[1], "rejected", "100% [full]")});
  const auto ids = [&](const store::FailedFilter& filter) {
    std::vector<std::string> all;
    for (const auto& row : troubled(filter)) all.push_back(row.message.id.str());
    return all;
  };
  EXPECT_THAT(ids({}), ElementsAre("one", "two"));
  EXPECT_THAT(ids({.topic = "orders.p*"}), ElementsAre("two"));
  EXPECT_THAT(ids({.within = {"orders.p*"}}), ElementsAre("two"));
  EXPECT_THAT(ids({.within = {"bills.*", "orders.*", "[x|y]?"}}), ElementsAre("one", "two"));
  EXPECT_THAT(ids({.within = {"bills.*", "orders"}}), IsEmpty());
  EXPECT_THAT(ids({.topic = "orders.c*", .within = {"orders.p*", "*"}}), ElementsAre("one"));
  EXPECT_THAT(ids({.key = "k1"}), ElementsAre("one"));
  EXPECT_THAT(ids({.reason = "rejected"}), ElementsAre("two"));
  EXPECT_THAT(ids({.cause = "NO_ROUTE"}), ElementsAre("one"));
  EXPECT_THAT(ids({.cause = "% ["}), ElementsAre("two"));
  EXPECT_THAT(ids({.id = "two"}), ElementsAre("two"));
  EXPECT_THAT(ids({.since_ms = 4'000'000'000'000}), IsEmpty());
  EXPECT_THAT(ids({.until_ms = 1000}), IsEmpty());
  EXPECT_THAT(ids({.since_ms = 1000, .until_ms = 4'000'000'000'000}), ElementsAre("one", "two"));
}

TEST_P(StoreAdministration, FailedMessagesAreGroupedByCause) {
  auto lane = acquire();
  fail(*lane, 2, "connection 17 closed: channel 3");
  fail(*lane, 3, "connection 9 closed: channel 12");
  fail(*lane, 1, "something else");
  EXPECT_TRUE(store().failed_groups({.within = {"nothing.of.it"}})->empty());
  auto groups = store().failed_groups({.within = {"nothing.of.it", "*"}});
  ASSERT_TRUE(groups) << groups.error().message();
  ASSERT_EQ(groups->size(), 2U);
  EXPECT_EQ((*groups)[0].count, 5U);
  EXPECT_EQ((*groups)[0].route, "orders.*");
  EXPECT_EQ((*groups)[0].reason, "rejected");
  EXPECT_EQ((*groups)[0].answer, "connection # closed: channel #");
  EXPECT_LE((*groups)[0].first_ms, (*groups)[0].last_ms);
  EXPECT_NE((*groups)[0].sample_id, "");
  EXPECT_EQ((*groups)[1].count, 1U);
}

TEST_P(StoreAdministration, MessageIsLocatedWhereverItIs) {
  auto lane = acquire();
  EXPECT_EQ(locate("m1").place, Place::gone);
  send_row({.id = "m1", .key = "k", .payload = "p"});
  auto found = locate("m1");
  EXPECT_EQ(found.place, Place::outbox);
  EXPECT_FALSE(found.claimed);
  ASSERT_TRUE(found.troubled);
  EXPECT_EQ(found.troubled->message.payload, "p");
  EXPECT_EQ(found.holder, "test:1");
  const auto claims = fetch(*lane, 1);
  // A lane may keep this to itself until it next waits.
  ASSERT_TRUE(lane->await(Deadline::after(Duration::zero()), -1));
  EXPECT_TRUE(locate("m1").claimed);
  settle(*lane, {retry(claims[0], 700)}, {}, 200);
  found = locate("m1");
  EXPECT_EQ(found.place, Place::retry);
  ASSERT_TRUE(found.troubled);
  EXPECT_EQ(found.troubled->state, "sending");
  EXPECT_LE(found.troubled->due_in_ms, 500);  // the lane's clock goes on
  EXPECT_GT(found.troubled->due_in_ms, 0);
  EXPECT_EQ(found.troubled->reason, "rejected");
  settle(*lane, {confirmed(due(*lane, 700)[0])});
  found = locate("m1");
  EXPECT_EQ(found.place, Place::gone);
  EXPECT_EQ(found.history.size(), 2U);
}

TEST_P(StoreAdministration, MessageIsLocatedWithItsWholePayload) {
  std::string payload{"\\x00\0\xff", 6};
  while (payload.size() < 40'000) payload += payload;
  auto lane = acquire();
  send_row({.id = "m1", .payload = payload});
  auto found = locate("m1");
  EXPECT_EQ(found.place, Place::outbox);
  ASSERT_TRUE(found.troubled);
  EXPECT_EQ(found.troubled->message.payload, payload);
  settle(*lane, {retry(fetch(*lane, 1)[0], 700)});
  found = locate("m1");
  EXPECT_EQ(found.place, Place::retry);
  ASSERT_TRUE(found.troubled);
  EXPECT_EQ(found.troubled->message.payload, payload);
}

TEST_P(StoreAdministration, ReportsAreReplacedPerRelay) {
  for (const auto* json : {"{\"n\":1}", "{\"n\":2}"}) {
    auto stored = store().report({"host:1:s:0", json, 0});
    ASSERT_TRUE(stored) << stored.error().message();
  }
  auto stored = store().report({"host:2:s:0", "{}", 0});
  ASSERT_TRUE(stored) << stored.error().message();
  auto reports = store().reports();
  ASSERT_TRUE(reports) << reports.error().message();
  ASSERT_EQ(reports->size(), 2U);
  EXPECT_EQ((*reports)[0].relay, "host:1:s:0");
  EXPECT_EQ((*reports)[0].json, "{\"n\":2}");
  EXPECT_GE((*reports)[0].age_ms, 0);
  EXPECT_LT((*reports)[0].age_ms, 60'000);
}

// A relay that dies and is started again every few seconds leaves one each time, and who asks for the status reads all.
TEST_P(StoreAdministration, ReportsOfRelaysThatCameAndWentAreFew) {
  const auto relay = [](int number) { return "host:" + std::to_string(number) + ":s:0"; };
  for (int number = 0; number <= 1200; ++number) {
    auto stored = store().report({relay(number), "{}", 0});
    ASSERT_TRUE(stored) << stored.error().message();
  }
  auto reports = store().reports();
  ASSERT_TRUE(reports) << reports.error().message();
  EXPECT_LE(reports->size(), static_cast<std::size_t>(store::reports_kept));
  const auto is_there = [&](int number) {
    return std::ranges::any_of(*reports, [&](const auto& one) { return one.relay == relay(number); });
  };
  EXPECT_TRUE(is_there(1200));
  EXPECT_FALSE(is_there(0));
}

TEST_P(StoreAdministration, ExaminationFindsNothingCriticalInAFreshStore) {
  auto findings = store().examine();
  ASSERT_TRUE(findings) << findings.error().message();
  for (const auto& finding : *findings) {
    EXPECT_NE(finding.severity, Finding::Severity::critical) << finding.code << ": " << finding.text;
    EXPECT_EQ(finding.code.rfind("WB-D", 0), 0U);
    if (finding.severity == Finding::Severity::warning) {
      EXPECT_NE(finding.remedy, "") << finding.code;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreAdministration,
                         testing::Values("memory", "sqlite", "postgresql", "mysql", "redis"),
                         [](const auto& kind) { return std::string{kind.param}; });

}  // namespace
}  // namespace waybill::contract

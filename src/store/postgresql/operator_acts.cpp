#include "store/postgresql/store.hpp"

namespace waybill::postgresql {
namespace {

/// What a person does to messages: from which states, the change, and how the history calls it.
struct Act {
  const char* from;
  const char* change;
  const char* outcome;
};

constexpr Act resend_act{"'failed', 'dropped'", "state = 'sending', due_ms = 0, tries = 0", "resent by operator"};
// A dropped message releases its scope for good: restored, it must not hold up what has flowed on since.
constexpr Act drop_act{"'failed'", "state = 'dropped', blocks = false", "dropped by operator"};
constexpr Act restore_act{"'dropped'", "state = 'failed'", "restored by operator"};

Result<std::uint64_t> perform(Connection& connection, const Act& act, std::span<const store::Ticket> tickets,
                              const std::string& who, const std::string& why) {
  std::vector<std::int64_t> seqs;
  for (const auto& ticket : tickets) seqs.push_back(static_cast<std::int64_t>(ticket.value));
  Parameters parameters;
  parameters.add(array_literal(seqs)).add(why).add(who);
  auto done =
      connection.run(std::string{"WITH changed AS (UPDATE waybill.retry SET "} + act.change +
                         ", changed_at = clock_timestamp() WHERE seq = ANY($1::bigint[]) AND state IN (" + act.from +
                         ") RETURNING id, attempts) INSERT INTO waybill.attempt (id, attempt, outcome, answer, "
                         "endpoint, relay) SELECT id, "
                         "attempts, '" +
                         act.outcome + "', $2, '', $3 FROM changed",
                     parameters, "can't change failed messages");
  if (!done) return done.error();
  return done->affected();
}

}  // namespace

Result<std::uint64_t> PostgresStore::resend(std::span<const store::Ticket> tickets, const std::string& who,
                                            const std::string& why) {
  return with_connection([&](Connection& connection) { return perform(connection, resend_act, tickets, who, why); });
}

Result<std::uint64_t> PostgresStore::drop(std::span<const store::Ticket> tickets, const std::string& who,
                                          const std::string& why) {
  return with_connection([&](Connection& connection) { return perform(connection, drop_act, tickets, who, why); });
}

Result<std::uint64_t> PostgresStore::restore(std::span<const store::Ticket> tickets, const std::string& who,
                                             const std::string& why) {
  return with_connection([&](Connection& connection) { return perform(connection, restore_act, tickets, who, why); });
}

}  // namespace waybill::postgresql

#include "store/postgresql/retry_table.hpp"

#include <algorithm>
#include <utility>

namespace waybill::postgresql {
namespace {

using store::Origin;
using store::Settlement;
using store::Verdict;

constexpr auto doing_settle = "can't write waybill.retry";
constexpr auto doing_due = "can't read waybill.retry";

/// The rows of lane $1, without those of $2, at most $3.
std::string retries_where(const char* condition) {
  return std::string{"SELECT "} + OutboxReader::columns +
         ", o.attempts::bigint, o.tries::bigint, o.reason, o.handed_out::integer::bigint, clock_timestamp(), o.due_ms "
         "FROM (SELECT *, '0'::xid8 AS xid FROM waybill.retry) o WHERE o.lane = $1::integer AND o.state = 'sending' "
         "AND NOT o.seq = ANY($2::bigint[]) AND " +
         condition + " ORDER BY o.due_ms, o.seq LIMIT $3::bigint";
}

std::size_t at_once(const store::FetchLimit& limit) { return std::min<std::size_t>(limit.messages, 500); }

bool stays(const Settlement& settlement) {
  return settlement.verdict == Verdict::retry || settlement.verdict == Verdict::failed;
}

std::string outcome_of(const Settlement& settlement) {
  if (settlement.verdict == Verdict::confirmed) return "confirmed";
  if (settlement.verdict == Verdict::dropped) return "dropped";
  return settlement.reason;
}

Seq seq_of(const Settlement& settlement) { return static_cast<Seq>(settlement.ticket.value); }

/// The settlements as one relation: a statement for the whole batch instead of one for each message.
constexpr auto settled =
    "unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[], $5::integer[], $6::integer[], $7::bigint[], "
    "$8::text[], "
    "$9::text[], $10::text[]) AS s(seq, state, route, blocks, attempts, tries, due_ms, reason, answer, endpoint)";

}  // namespace

RetryTable::RetryTable(Connection& connection, OutboxReader& reader, std::uint32_t lane, std::string relay)
    : connection_(&connection), reader_(&reader), lane_(lane), relay_(std::move(relay)) {}

bool RetryTable::concerns(const store::SettleBatch& batch) {
  return std::any_of(batch.messages.begin(), batch.messages.end(), [](const Settlement& settlement) {
    return settlement.origin == Origin::retry || settlement.verdict == Verdict::dropped || stays(settlement);
  });
}

Status RetryTable::settle(const store::SettleBatch& batch, Seq flagged) {
  Settlements moved_in;
  Settlements changed;
  Settlements gone;
  Settlements tried;
  Settlements dropped;
  for (const auto& settlement : batch.messages) {
    const bool known = settlement.origin == Origin::retry;
    if (!known && settlement.verdict == Verdict::dropped) dropped.push_back(&settlement);
    if (!known && !stays(settlement)) continue;
    (known ? (stays(settlement) ? changed : gone) : moved_in).push_back(&settlement);
    if (!settlement.is_put_off()) tried.push_back(&settlement);
    handed_out_.erase(seq_of(settlement));
    if (settlement.unanswered) handed_out_.insert(seq_of(settlement));
  }
  if (auto done = copy_in(moved_in, flagged); !done) return done;
  if (auto done = change(changed); !done) return done;
  if (auto done = record(tried, "waybill.retry"); !done) return done;
  if (auto done = record(dropped, "waybill.outbox"); !done) return done;
  return remove(gone);
}

Parameters RetryTable::arrays_of(const Settlements& settlements) const {
  std::vector<std::int64_t> seqs, attempts, tries, due;
  std::vector<std::string> states, routes, blocks, reasons, answers, endpoints;
  for (const auto* settlement : settlements) {
    seqs.push_back(seq_of(*settlement));
    states.emplace_back(settlement->verdict == Verdict::failed ? "failed" : "sending");
    routes.push_back(settlement->route);
    blocks.emplace_back(settlement->blocks ? "t" : "f");
    attempts.push_back(settlement->attempt);
    tries.push_back(settlement->tries);
    due.push_back(settlement->due_at.ms);
    reasons.push_back(settlement->reason);
    answers.push_back(settlement->answer);
    endpoints.push_back(settlement->endpoint);
  }
  Parameters parameters;
  parameters.add(array_literal(seqs)).add(array_literal(states)).add(array_literal(routes)).add(array_literal(blocks));
  parameters.add(array_literal(attempts)).add(array_literal(tries)).add(array_literal(due));
  parameters.add(array_literal(reasons)).add(array_literal(answers)).add(array_literal(endpoints));
  return parameters;
}

Status RetryTable::copy_in(const Settlements& settlements, Seq flagged) {
  if (settlements.empty()) return {};
  const Statement statement{
      "retry_copy",
      std::string{
          "INSERT INTO waybill.retry (seq, lane, state, route, blocks, attempts, tries, due_ms, reason, "
          "answer, endpoint, handed_out, id, topic, key, payload, headers, content_type, not_before, created_at) "
          "SELECT s.seq, $11::integer, s.state, s.route, s.blocks, s.attempts, s.tries, s.due_ms, s.reason, "
          "s.answer, s.endpoint, s.seq <= $12::bigint, " WAYBILL_BOUNDED_NAMES
          ", o.payload, o.headers, o.content_type, o.not_before, o.created_at FROM "} +
          settled +
          " JOIN waybill.outbox o ON o.seq = s.seq AND ((o.seq >> 17) & 7) = ((s.seq >> 17) & 7) "
          "ON CONFLICT (seq) DO NOTHING"};
  auto parameters = arrays_of(settlements);
  parameters.add(std::int64_t{lane_}).add(flagged);
  if (auto done = connection_->run(statement, parameters, Format::text, doing_settle); !done) return done.error();
  return {};
}

Status RetryTable::change(const Settlements& settlements) {
  if (settlements.empty()) return {};
  const Statement statement{
      "retry_change",
      std::string{"UPDATE waybill.retry r SET state = s.state, route = s.route, blocks = s.blocks, attempts = "
                  "s.attempts, tries = s.tries, due_ms = s.due_ms, reason = s.reason, answer = s.answer, "
                  "endpoint = s.endpoint, changed_at = clock_timestamp(), handed_out = false FROM "} +
          settled + " WHERE r.seq = s.seq AND r.state = 'sending'"};
  if (auto done = connection_->run(statement, arrays_of(settlements), Format::text, doing_settle); !done) {
    return done.error();
  }
  return {};
}

Status RetryTable::record(const Settlements& settlements, const std::string& table) {
  if (settlements.empty()) return {};
  std::vector<std::int64_t> seqs, attempts;
  std::vector<std::string> outcomes, answers, endpoints;
  for (const auto* settlement : settlements) {
    seqs.push_back(seq_of(*settlement));
    attempts.push_back(settlement->attempt);
    outcomes.push_back(outcome_of(*settlement));
    answers.push_back(settlement->answer);
    endpoints.push_back(settlement->endpoint);
  }
  const Statement statement{
      "record " + table,
      "INSERT INTO waybill.attempt (id, attempt, outcome, answer, endpoint, relay) SELECT r.id, s.attempt, "
      "s.outcome, s.answer, s.endpoint, $6 FROM unnest($1::bigint[], $2::integer[], $3::text[], $4::text[], "
      "$5::text[]) AS s(seq, attempt, outcome, answer, endpoint) JOIN " +
          table + " r ON r.seq = s.seq"};
  Parameters parameters;
  parameters.add(array_literal(seqs)).add(array_literal(attempts)).add(array_literal(outcomes));
  parameters.add(array_literal(answers)).add(array_literal(endpoints)).add(relay_);
  if (auto done = connection_->run(statement, parameters, Format::text, "can't write waybill.attempt"); !done) {
    return done.error();
  }
  return {};
}

Status RetryTable::remove(const Settlements& settlements) {
  if (settlements.empty()) return {};
  std::vector<std::int64_t> seqs;
  for (const auto* settlement : settlements) seqs.push_back(seq_of(*settlement));
  static const Statement statement{"retry_remove",
                                   "DELETE FROM waybill.retry WHERE seq = ANY($1::bigint[]) AND state = 'sending'"};
  Parameters parameters;
  parameters.add(array_literal(seqs));
  if (auto done = connection_->run(statement, parameters, Format::text, doing_settle); !done) return done.error();
  return {};
}

Status RetryTable::adopt(const std::vector<Seq>& seqs, const std::string& route, LaneTime now, Seq flagged) {
  std::vector<Settlement> settlements;
  for (const auto seq : seqs) {
    Settlement settlement;
    settlement.ticket = {static_cast<std::uint64_t>(seq)};
    settlement.verdict = Verdict::retry;
    settlement.attempt = 0;
    settlement.due_at = now;
    settlement.route = route;
    settlement.reason = "delayed";
    settlements.push_back(std::move(settlement));
  }
  Settlements pointers;
  for (const auto& settlement : settlements) pointers.push_back(&settlement);
  return copy_in(pointers, flagged);
}

Status RetryTable::catch_up(LaneTime now) {
  static const Statement statement{"catch_up",
                                   "UPDATE waybill.retry SET due_ms = $2::bigint WHERE lane = $1::integer AND state = "
                                   "'sending' AND due_ms > $2::bigint AND reason = 'delayed' AND not_before <= "
                                   "clock_timestamp()"};
  Parameters parameters;
  parameters.add(std::int64_t{lane_}).add(now.ms);
  auto done = connection_->run(statement, parameters, Format::text, doing_due);
  return done ? Status{} : Status{done.error()};
}

Result<store::Due> RetryTable::due(LaneTime now, const store::FetchLimit& limit) {
  static const Statement statement{"due", retries_where("o.due_ms <= $4::bigint")};
  Parameters parameters = who_asks(limit);
  parameters.add(now.ms);
  store::DuePosition last;
  auto fetched = hand_out(statement, parameters, limit, last);
  if (!fetched) return fetched.error();
  store::Due due;
  due.messages = std::move(fetched->messages);
  due.more = fetched->more;
  auto waiting = any_later(now);
  if (!waiting) return waiting.error();
  due.waiting = *waiting;
  return due;
}

Result<store::Fetched> RetryTable::set_aside(const std::string& route, const store::FetchLimit& limit) {
  static const Statement statement{
      "set_aside",
      retries_where("o.reason = 'set_aside' AND o.route = $4::text AND (o.due_ms, o.seq) > ($5::bigint, $6::bigint)")};
  auto& last = set_aside_at_[route];
  Parameters parameters = who_asks(limit);
  parameters.add(route).add(last.due_ms).add(last.seq);
  auto fetched = hand_out(statement, parameters, limit, last);
  if (fetched && !fetched->more) set_aside_at_.erase(route);
  return fetched;
}

Parameters RetryTable::who_asks(const store::FetchLimit& limit) const {
  Parameters parameters;
  parameters.add(std::int64_t{lane_});
  parameters.add(array_literal(std::vector<std::int64_t>{handed_out_.begin(), handed_out_.end()}));
  parameters.add(static_cast<std::int64_t>(at_once(limit)));
  return parameters;
}

Result<store::Fetched> RetryTable::hand_out(const Statement& statement, const Parameters& parameters,
                                            const store::FetchLimit& limit, store::DuePosition& last) {
  auto found = connection_->run(statement, parameters, Format::binary, doing_due);
  if (!found) return found.error();
  std::vector<OutboxRow> rows;
  for (int i = 0; i < found->count(); ++i) rows.push_back(reader_->row_of(*found, i));
  auto fitting = reader_->load_within(rows, limit, true);
  if (!fitting) return fitting.error();

  store::Fetched fetched;
  fetched.more = *fitting < rows.size() || (at_once(limit) > 0 && rows.size() == at_once(limit));
  std::vector<Seq> first_time;
  for (std::size_t i = 0; i < *fitting; ++i) {
    const int row = static_cast<int>(i);
    const auto extra = [&](int column) {
      return binary_integer(found->bytes(row, OutboxReader::column_count + column));
    };
    // What was never counted as sent may have been by an owner that died with it in hand.
    const auto sent = std::max(extra(0), extra(3));
    auto claimed = claimed_of(rows[i], Origin::retry, static_cast<std::uint32_t>(sent + 1),
                              binary_unix_us(found->bytes(row, OutboxReader::column_count + 4)));
    claimed.tries = static_cast<std::uint32_t>(extra(1));
    if (rows[i].defect.empty()) claimed.reason = found->text(row, OutboxReader::column_count + 2);
    if (sent == 0 && claimed.wait == Duration::zero()) first_time.push_back(rows[i].seq);
    last = {extra(5), rows[i].seq};
    fetched.messages.push_back(std::move(claimed));
  }
  if (auto marked = mark_handed_out(first_time); !marked) return marked.error();
  for (const auto& claimed : fetched.messages) handed_out_.insert(static_cast<Seq>(claimed.ticket.value));
  return fetched;
}

Result<bool> RetryTable::any_later(LaneTime now) {
  static const Statement later{"later",
                               "SELECT EXISTS (SELECT FROM waybill.retry WHERE lane = $1::integer AND state = "
                               "'sending' AND due_ms > $2::bigint AND reason IS DISTINCT FROM 'route_stopped')"};
  Parameters after;
  after.add(std::int64_t{lane_}).add(now.ms);
  auto waiting = connection_->run(later, after, Format::text, doing_due);
  if (!waiting) return waiting.error();
  return waiting->flag(0, 0);
}

Status RetryTable::mark_handed_out(const std::vector<Seq>& seqs) {
  if (seqs.empty()) return {};
  static const Statement statement{"handed_out",
                                   "UPDATE waybill.retry SET handed_out = true WHERE seq = ANY($1::bigint[])"};
  Parameters parameters;
  parameters.add(array_literal(seqs));
  if (auto done = connection_->run(statement, parameters, Format::text, doing_settle); !done) return done.error();
  return {};
}

}  // namespace waybill::postgresql

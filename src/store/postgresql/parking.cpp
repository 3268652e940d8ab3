#include "store/postgresql/parking.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace waybill::postgresql {
namespace {

using store::Scope;
using store::ScopeChange;

constexpr auto doing = "can't keep the list of waiting messages";
/// `key = $3` and `key IS NULL` need statements of their own to use the index.
std::string named(const char* name, const Scope& scope) { return std::string{name} + (scope.key ? "_key" : "_route"); }
std::string of_scope(const Scope& scope) {
  return std::string{" lane = $1::integer AND route = $2 AND key "} +
         (scope.key ? "= $3::text" : "IS NOT DISTINCT FROM $3::text");
}

std::vector<Seq> seqs_of(std::string_view array) {
  std::vector<Seq> seqs;
  const char* at = array.data() + 1;
  const char* const end = array.data() + array.size();
  while (at < end) {
    Seq seq = 0;
    const auto [next, error] = std::from_chars(at, end, seq);
    if (error != std::errc{}) break;
    seqs.push_back(seq);
    at = next + 1;
  }
  return seqs;
}

}  // namespace

Parking::Parking(Connection& connection, OutboxReader& reader, std::uint32_t lane)
    : connection_(&connection), reader_(&reader), lane_(lane) {}

Result<Rows> Parking::run(const Statement& statement, const Parameters& parameters) {
  return connection_->run(statement, parameters, Format::text, doing);
}

Status Parking::load() {
  static const Statement statement{"scopes", "SELECT route, key FROM waybill.blocked_scope WHERE lane = $1::integer"};
  Parameters parameters;
  parameters.add(std::int64_t{lane_});
  auto rows = run(statement, parameters);
  if (!rows) return rows.error();
  for (int i = 0; i < rows->count(); ++i) blocked_.insert({rows->text(i, 0), rows->optional_text(i, 1)});
  return {};
}

namespace {

Parameters scope_parameters(std::uint32_t lane, const Scope& scope) {
  Parameters parameters;
  parameters.add(std::int64_t{lane}).add(scope.route).add_optional(scope.key);
  return parameters;
}

}  // namespace

Status Parking::change(const std::vector<ScopeChange>& changes) {
  for (const auto& change : changes) {
    auto done = change.kind == ScopeChange::Kind::block     ? block(change)
                : change.kind == ScopeChange::Kind::advance ? advance(change)
                                                            : release(change.scope);
    if (!done) return done;
  }
  return {};
}

Status Parking::block(const ScopeChange& change) {
  const auto& scope = change.scope;
  const Statement forget{named("scope_forget", scope), "DELETE FROM waybill.blocked_scope WHERE" + of_scope(scope)};
  static const Statement insert{"scope_block",
                                "INSERT INTO waybill.blocked_scope (lane, route, key, behind) VALUES "
                                "($1::integer, $2, $3, $4::bigint)"};
  if (auto done = run(forget, scope_parameters(lane_, scope)); !done) return done.error();
  auto parameters = scope_parameters(lane_, scope);
  parameters.add(static_cast<std::int64_t>(change.behind.value));
  if (auto done = run(insert, parameters); !done) return done.error();
  blocked_.insert(scope);
  if (auto done = advance(change); !done) return done;
  // What was handed out beyond it is to be handed out again.
  const auto found = cursors_.find(scope);
  if (found == cursors_.end() || found->second.handed.empty()) return {};
  auto& [chunk, index, handed] = found->second;
  chunk = handed.front().chunk;
  index = handed.front().index;
  handed.clear();
  return {};
}

Status Parking::advance(const ScopeChange& change) {
  const auto found = cursors_.find(change.scope);
  if (found == cursors_.end()) return {};
  auto& handed = found->second.handed;
  const auto last = std::find_if(handed.begin(), handed.end(), [&](const Listed& listed) {
    return listed.seq == static_cast<Seq>(change.behind.value);
  });
  if (last == handed.end()) return {};
  const auto chunk = last->chunk;
  const auto keep_from = last->index + 1;
  handed.erase(handed.begin(), last + 1);

  const Statement forget{named("parked_forget", change.scope),
                         "DELETE FROM waybill.parked WHERE" + of_scope(change.scope) +
                             " AND (n < $4::bigint OR (n = $4::bigint AND cardinality(seqs) <= $5::integer)) "
                             "RETURNING n"};
  auto parameters = scope_parameters(lane_, change.scope);
  parameters.add(chunk).add(static_cast<std::int64_t>(keep_from));
  auto forgotten = run(forget, parameters);
  if (!forgotten) return forgotten.error();
  forget_claims(*forgotten);
  // The array keeps its length, so that places in it stay what they are in memory: what is done becomes 0.
  static const Statement trim{
      "parked_trim",
      "UPDATE waybill.parked SET seqs = array_fill(0::bigint, ARRAY[$2::integer]) || seqs[$2::integer + 1 : ], "
      "first_seq = (SELECT min(s) FROM unnest(seqs[$2::integer + 1 : ]) s) WHERE n = $1::bigint"};
  Parameters of_chunk;
  of_chunk.add(chunk).add(static_cast<std::int64_t>(keep_from));
  if (auto done = run(trim, of_chunk); !done) return done.error();
  return {};
}

Status Parking::release(const Scope& scope) {
  const Statement left{named("parked_left", scope),
                       "DELETE FROM waybill.parked WHERE" + of_scope(scope) + " RETURNING n, seqs"};
  const Statement forget{named("scope_forget", scope), "DELETE FROM waybill.blocked_scope WHERE" + of_scope(scope)};
  auto rows = run(left, scope_parameters(lane_, scope));
  if (!rows) return rows.error();
  forget_claims(*rows);
  if (auto done = run(forget, scope_parameters(lane_, scope)); !done) return done.error();
  std::vector<Listed> not_handed;
  const auto cursor = cursors_[scope];
  for (int i = 0; i < rows->count(); ++i) {
    const auto n = rows->number(i, 0);
    const auto seqs = seqs_of(rows->bytes(i, 1));
    const auto from = n < cursor.chunk ? seqs.size() : n == cursor.chunk ? std::min(cursor.index, seqs.size()) : 0;
    for (auto k = from; k < seqs.size(); ++k) {
      if (seqs[k] != 0) not_handed.push_back({n, k, seqs[k], false});
    }
  }
  std::sort(not_handed.begin(), not_handed.end(),
            [](const Listed& a, const Listed& b) { return std::pair{a.chunk, a.index} < std::pair{b.chunk, b.index}; });
  if (!not_handed.empty()) {
    stranded_.emplace_back(scope.route, std::vector<Seq>{});
    for (const auto& listed : not_handed) stranded_.back().second.push_back(listed.seq);
  }
  cursors_.erase(scope);
  blocked_.erase(scope);
  return {};
}

std::vector<std::pair<std::string, std::vector<Seq>>> Parking::take_stranded() { return std::exchange(stranded_, {}); }

Status Parking::park(const std::vector<ToPark>& messages) {
  std::map<Scope, std::vector<const ToPark*>> by_scope;
  for (const auto& to_park : messages) {
    Scope scope{to_park.route, std::nullopt};
    // Its key's scope first: that is the one whose backlog is drained in order.
    if (to_park.message != nullptr && to_park.message->key) scope.key = to_park.message->key->str();
    if (!blocked_.contains(scope)) scope.key.reset();
    if (blocked_.contains(scope)) {
      by_scope[scope].push_back(&to_park);
    } else {  // released meanwhile: no backlog would ever hand it out
      stranded_.emplace_back(to_park.route, std::vector<Seq>{to_park.seq});
    }
  }
  for (const auto& [scope, waiting] : by_scope) {
    if (auto done = write(scope, waiting); !done) return done;
  }
  return {};
}

Status Parking::write(const Scope& scope, const std::vector<const ToPark*>& messages) {
  static const Statement statement{
      "park",
      "INSERT INTO waybill.parked (lane, route, key, claimed, first_seq, last_seq, seqs) VALUES "
      "($1::integer, $2, $3, $4::boolean, $5::bigint, $6::bigint, $7::bigint[])"};
  std::vector<std::int64_t> seqs;
  bool maybe_sent = false;
  for (const auto* to_park : messages) {
    seqs.push_back(to_park->seq);
    maybe_sent = maybe_sent || to_park->maybe_sent;
  }
  auto parameters = scope_parameters(lane_, scope);
  parameters.add(std::string_view{maybe_sent ? "t" : "f"});
  const auto [first, last] = std::minmax_element(seqs.begin(), seqs.end());
  parameters.add(*first).add(*last).add(array_literal(seqs));
  if (auto done = run(statement, parameters); !done) return done.error();
  return {};
}

Result<std::vector<Parking::Chunk>> Parking::chunks_of(const Scope& scope, std::int64_t from, std::size_t limit) {
  const Statement statement{named("parked_next", scope), "SELECT n, claimed, seqs FROM waybill.parked WHERE" +
                                                             of_scope(scope) +
                                                             " AND n >= $4::bigint ORDER BY n LIMIT $5::bigint"};
  auto parameters = scope_parameters(lane_, scope);
  parameters.add(from).add(static_cast<std::int64_t>(limit));
  auto rows = run(statement, parameters);
  if (!rows) return rows.error();
  std::vector<Chunk> chunks;
  for (int i = 0; i < rows->count(); ++i) {
    chunks.push_back({rows->number(i, 0), rows->flag(i, 1), seqs_of(rows->bytes(i, 2))});
  }
  return chunks;
}

Result<std::vector<Parking::Listed>> Parking::next_listed(const Scope& scope, const Cursor& cursor, std::size_t limit) {
  constexpr std::size_t chunks_at_once = 64;
  std::vector<Listed> listed;
  auto from = cursor.chunk;
  auto index = cursor.index;
  while (listed.size() < limit) {
    auto chunks = chunks_of(scope, from, chunks_at_once);
    if (!chunks) return chunks.error();
    for (const auto& chunk : *chunks) {
      if (chunk.n != from) index = 0;
      for (; index < chunk.seqs.size() && listed.size() < limit; ++index) {
        const bool sent = chunk.claimed && !claimed_here_.contains(chunk.n);
        if (chunk.seqs[index] != 0) listed.push_back({chunk.n, index, chunk.seqs[index], sent});
      }
      from = chunk.n;
    }
    if (chunks->size() < chunks_at_once) break;
    ++from;
    index = 0;
  }
  return listed;
}

Result<store::Fetched> Parking::backlog(const Scope& scope, const store::FetchLimit& limit) {
  auto& cursor = cursors_[scope];
  const auto asked = std::min<std::size_t>(limit.messages, 500);
  auto listed = next_listed(scope, cursor, asked);
  if (!listed) return listed.error();
  std::vector<Seq> seqs;
  for (const auto& entry : *listed) seqs.push_back(entry.seq);
  if (seqs.empty()) return store::Fetched{};
  std::int64_t now_us = 0;
  auto rows = reader_->by_seq(seqs, now_us);
  if (!rows) return rows.error();
  auto fitting = reader_->load_within(*rows, limit);
  if (!fitting) return fitting.error();

  store::Fetched fetched;
  fetched.more = *fitting < rows->size() || listed->size() == asked;
  std::vector<Listed> handed;
  std::size_t place = 0;
  for (std::size_t i = 0; i < *fitting; ++i) {
    while ((*listed)[place].seq != (*rows)[i].seq) ++place;  // a row that is gone was taken out by hand
    const auto& entry = (*listed)[place];
    fetched.messages.push_back(claimed_of((*rows)[i], store::Origin::backlog, entry.claimed ? 2 : 1, now_us));
    handed.push_back(entry);
  }
  if (handed.empty()) return fetched;
  if (auto claimed = claim(handed); !claimed) return claimed.error();
  cursor.chunk = handed.back().chunk;
  cursor.index = handed.back().index + 1;
  cursor.handed.insert(cursor.handed.end(), handed.begin(), handed.end());
  return fetched;
}

void Parking::forget_claims(const Rows& chunks) {
  for (int i = 0; i < chunks.count(); ++i) claimed_here_.erase(chunks.number(i, 0));
}

Status Parking::claim(const std::vector<Listed>& listed) {
  std::vector<std::int64_t> chunks;
  for (const auto& entry : listed) {
    if (!entry.claimed && claimed_here_.insert(entry.chunk).second) chunks.push_back(entry.chunk);
  }
  if (chunks.empty()) return {};
  static const Statement statement{"parked_claim",
                                   "UPDATE waybill.parked SET claimed = true WHERE n = ANY($1::bigint[])"};
  Parameters parameters;
  parameters.add(array_literal(chunks));
  if (auto done = run(statement, parameters); !done) return done.error();
  return {};
}

Result<std::vector<Scope>> Parking::released() {
  if (blocked_.empty()) return std::vector<Scope>{};
  // CASE keeps the planner from joining: on tables that have grown and were not analysed since, it compares each with
  // each, while one look into retry_blocking for each scope takes the same time always.
  static const Statement statement{"released",
                                   "SELECT b.route, b.key FROM waybill.blocked_scope b WHERE b.lane = $1::integer AND "
                                   "CASE WHEN b.key IS NULL THEN NOT "
                                   "EXISTS (SELECT FROM waybill.retry r WHERE r.lane = b.lane AND r.blocks AND r.state "
                                   "= 'failed' AND r.route = b.route) "
                                   "ELSE NOT EXISTS (SELECT FROM waybill.retry r WHERE r.lane = b.lane AND r.blocks "
                                   "AND r.state <> 'dropped' AND r.route = "
                                   "b.route AND r.key = b.key) END LIMIT 1000"};
  Parameters parameters;
  parameters.add(std::int64_t{lane_});
  auto rows = run(statement, parameters);
  if (!rows) return rows.error();
  std::vector<Scope> scopes;
  for (int i = 0; i < rows->count(); ++i) scopes.push_back({rows->text(i, 0), rows->optional_text(i, 1)});
  return scopes;
}

}  // namespace waybill::postgresql

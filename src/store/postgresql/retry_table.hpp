#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "store/due_position.hpp"
#include "store/postgresql/connection.hpp"
#include "store/postgresql/outbox_reader.hpp"
#include "store/store.hpp"

namespace waybill::postgresql {

/// A lane's part of waybill.retry and the history of its messages.
class RetryTable {
 public:
  RetryTable(Connection& connection, OutboxReader& reader, std::uint32_t lane, std::string relay);

  /// Whether `batch` changes the table at all: the happy path doesn't.
  static bool concerns(const store::SettleBatch& batch);
  /// Writes what became of messages; call it inside a transaction. Up to `flagged`, fresh messages may have been sent
  /// by an earlier owner.
  Status settle(const store::SettleBatch& batch, Seq flagged);
  bool has_handed_out(Seq seq) const { return handed_out_.contains(seq); }
  /// Copies parked messages from the outbox, due at once: for those whose scope is gone.
  Status adopt(const std::vector<Seq>& seqs, const std::string& route, LaneTime now, Seq flagged);
  /// The lane's clock stood still while nobody held it: what asked to come later is due when the server's clock says
  /// so.
  Status catch_up(LaneTime now);
  Result<store::Due> due(LaneTime now, const store::FetchLimit& limit);
  Result<store::Fetched> set_aside(const std::string& route, const store::FetchLimit& limit);

 private:
  using Settlements = std::vector<const store::Settlement*>;
  Status copy_in(const Settlements& settlements, Seq flagged);
  Status change(const Settlements& settlements);
  Status record(const Settlements& settlements, const std::string& table);
  Status remove(const Settlements& settlements);
  /// The rows that a statement finds, as far as they fit; `last` becomes where the last one stands.
  Result<store::Fetched> hand_out(const Statement& statement, const Parameters& parameters,
                                  const store::FetchLimit& limit, store::DuePosition& last);
  Result<bool> any_later(LaneTime now);
  Status mark_handed_out(const std::vector<Seq>& seqs);
  Parameters who_asks(const store::FetchLimit& limit) const;
  Parameters arrays_of(const Settlements& settlements) const;

  Connection* connection_;
  OutboxReader* reader_;
  std::uint32_t lane_;
  std::string relay_;
  std::unordered_set<Seq> handed_out_;
  std::map<std::string, store::DuePosition> set_aside_at_;  ///< by route: how far they were handed out
};

}  // namespace waybill::postgresql

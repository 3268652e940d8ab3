#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/postgresql/connection.hpp"
#include "store/postgresql/outbox_reader.hpp"
#include "store/store.hpp"

namespace waybill::postgresql {

/// A fresh message that is to wait behind a scope.
struct ToPark {
  Seq seq = 0;
  std::string route;
  std::shared_ptr<const Message> message;
  bool maybe_sent = false;  ///< by an earlier owner
};

/// A lane's blocked scopes and the lists of the messages that wait behind them. The lists keep the order in which
/// messages left the outbox, and name each one: a route that stops may have confirmed later messages than the one it
/// stops for.
class Parking {
 public:
  Parking(Connection& connection, OutboxReader& reader, std::uint32_t lane);

  Status load();
  const std::set<store::Scope>& blocked() const { return blocked_; }

  /// Call both inside one transaction, the changes of the scopes first.
  Status change(const std::vector<store::ScopeChange>& changes);
  Status park(const std::vector<ToPark>& messages);
  /// Messages whose scope was released before they were handed out, with the route; taken by the caller.
  std::vector<std::pair<std::string, std::vector<Seq>>> take_stranded();

  Result<store::Fetched> backlog(const store::Scope& scope, const store::FetchLimit& limit);
  /// Blocked scopes that no message blocks any more.
  Result<std::vector<store::Scope>> released();

 private:
  struct Chunk {
    std::int64_t n = 0;
    bool claimed = false;
    std::vector<Seq> seqs;
  };
  struct Listed {
    std::int64_t chunk = 0;
    std::size_t index = 0;
    Seq seq = 0;
    bool claimed = false;
  };
  struct Cursor {
    std::int64_t chunk = 0;  // the next to be handed out is at `index` of this chunk, or in a later one
    std::size_t index = 0;
    std::deque<Listed> handed;  // handed out and not yet passed by an advance
  };

  Status block(const store::ScopeChange& change);
  Status advance(const store::ScopeChange& change);
  Status release(const store::Scope& scope);
  Result<std::vector<Chunk>> chunks_of(const store::Scope& scope, std::int64_t from, std::size_t limit);
  Result<std::vector<Listed>> next_listed(const store::Scope& scope, const Cursor& cursor, std::size_t limit);
  Status claim(const std::vector<Listed>& listed);
  /// These are gone from the table; a lane lives for weeks and must not remember each.
  void forget_claims(const Rows& chunks);
  Status write(const store::Scope& scope, const std::vector<const ToPark*>& messages);
  Result<Rows> run(const Statement& statement, const Parameters& parameters);

  Connection* connection_;
  OutboxReader* reader_;
  std::uint32_t lane_;
  std::set<store::Scope> blocked_;
  std::map<store::Scope, Cursor> cursors_;
  std::set<std::int64_t> claimed_here_;  // chunks first handed out in this session: what is in them was not sent before
  std::vector<std::pair<std::string, std::vector<Seq>>> stranded_;
};

}  // namespace waybill::postgresql

#pragma once

/// \file
/// What the memory store keeps: the tables of an SQL store as plain values. Whoever holds `Tables::mutex` may read and
/// write them; nothing here takes it.

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace waybill::store::memory {

using Sequence = std::uint64_t;

/// How far a row's transaction has come.
enum class Commit {
  open,     ///< nobody else sees it
  visible,  ///< committed, but a crash of the store could still undo it
  durable,  ///< may be published
};

struct OutboxRow {
  Message message;
  std::string defect;  ///< malformed headers, as they would be found in a table
  std::int64_t stored_at_ms = 0;
  std::uint64_t transaction = 0;
  Commit commit = Commit::open;
  bool parked = false;  ///< fetch has passed over it: it waits behind a scope
  std::string route;    ///< of a parked row
};

struct RetryRow {
  Message message;
  std::string defect;
  std::uint32_t lane = 0;
  std::string state;  ///< `sending`, `failed` or `dropped`
  std::string route, reason, answer;
  std::uint32_t attempts = 0;
  std::uint32_t tries = 0;
  bool blocks = false;
  bool claimed = false;     ///< handed out since it was last settled: it may have been sent
  std::int64_t due_ms = 0;  ///< by the lane's clock
  std::int64_t stored_at_ms = 0;
  std::int64_t changed_at_ms = 0;
};

/// A lane's durable position.
struct LaneRow {
  LaneTime clock{};
  Sequence claimed = 0;           ///< rows up to here may have been sent by the owner, or by one before it
  Sequence formerly_claimed = 0;  ///< rows up to here may have been sent by an owner before the present one
  bool clean = true;
  std::optional<Sequence> suspect;
  std::uint64_t suspect_fence = 0;  ///< which owner marked the suspect
  std::optional<Sequence> blamed;
  std::uint32_t kills = 0;  ///< owners in a row that ended with `blamed` as their suspect
  std::uint64_t fence = 0;  ///< rises with each owner: an older one is no owner any more
  bool held = false;
  std::string holder;
  std::map<Scope, Sequence> blocked;  ///< scope -> the point after which its messages wait
  std::set<Sequence> unseen;          ///< durable rows that the present owner has not handed out
};

/// The calls that can be told to fail.
enum class Call { acquire, fetch, due, backlog, set_aside, settle, mark_suspect, await, persist };

enum class Fault {
  none,
  fail_before,  ///< nothing happens, and an error is reported
  fail_after,   ///< it happens, and an error is reported all the same: in doubt for the caller
  lose_lane,    ///< the lane is taken away first
};

struct Operation {
  std::uint64_t revision = 1;
  std::string document;
  std::int64_t created_at_ms = 0, changed_at_ms = 0;
  std::vector<OperationResult> results;
};

struct Options {
  /// The store's wall clock in Unix milliseconds; empty: always 0.
  std::function<std::int64_t()> wall_ms;
  std::uint32_t lanes = 1;
  /// How far a claim is stored ahead of what was handed out.
  Sequence claim_ahead = 4000;
  /// True: a new owner gets parked rows as fresh ones again (as SQLite); false: they stay passed over (as PostgreSQL).
  bool rereads_parked = false;
  /// True: await() sleeps until there is news; false: it answers at once, for simulations.
  bool blocking = false;
  /// Asked before every call; empty: never a fault.
  std::function<Fault(Call)> faults;
};

struct Tables {
  explicit Tables(Options chosen) : options(std::move(chosen)), lanes(options.lanes) {}

  std::int64_t wall_ms() const { return options.wall_ms ? options.wall_ms() : 0; }
  std::uint32_t lane_of(Sequence sequence, const std::optional<Key>& key) const;
  /// Makes a row that became durable known to its lane's owner.
  void publish_row(Sequence sequence);
  /// The retry row that the scope waits for, or null.
  const RetryRow* blocker(std::uint32_t lane, const Scope& scope) const;

  mutable std::mutex mutex;
  Options options;
  Sequence last_sequence = 0;
  std::uint64_t last_transaction = 0;
  std::map<Sequence, OutboxRow> outbox;
  std::map<Sequence, RetryRow> retry;
  std::map<std::string, std::vector<Attempt>> history;  ///< by message id
  std::vector<LaneRow> lanes;
  std::map<std::string, Operation> operations;
  std::map<std::string, Pause> pauses;                                  ///< by route
  std::map<std::string, std::pair<std::string, std::int64_t>> reports;  ///< relay -> json, written at
};

/// Whether the scope holds back a message of this route and key.
bool covers(const Scope& scope, const std::string& route, const std::optional<Key>& key);

}  // namespace waybill::store::memory

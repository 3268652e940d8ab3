#pragma once

/// \file
/// The contract of a store: where messages are persisted before they are published. Each folder beside this file is one
/// implementation, registered in `registry.cpp`, and passes `tests/contract/store_*` unchanged.
///
/// Words: a *lane* is a slice of the outbox that one relay works on at a time. A *fresh* message has never left the
/// outbox. A message that was not confirmed at once is moved to the store's *retry* table together with its state
/// (`sending`, `failed` or `dropped`) and its history. A *scope* is a key of a route (or a whole route) whose later
/// messages wait behind one message that is being retried or has failed; they stay in the outbox, uncopied.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/finding.hpp"
#include "core/time.hpp"
#include "store/operation.hpp"
#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill::store {

/// Names one message inside one store for as long as it is there. Its order has no meaning outside the store.
struct Ticket {
  std::uint64_t value = 0;
  friend auto operator<=>(const Ticket&, const Ticket&) = default;
};

/// Where a claimed message came from; a settlement must carry it back unchanged.
enum class Origin {
  fresh,    ///< from the outbox, in its order
  retry,    ///< from the retry table: it was out before, or had to wait for `not_before`
  backlog,  ///< from the outbox, behind a scope that is being drained
};

/// A route's key, or (key empty) the whole route, whose messages wait in the outbox.
struct Scope {
  std::string route;               ///< the route's topic glob
  std::optional<std::string> key;  ///< nullopt: every message of the route
  friend auto operator<=>(const Scope&, const Scope&) = default;
};

/// One message handed out by a lane.
struct Claimed {
  Ticket ticket;
  Origin origin = Origin::fresh;
  std::shared_ptr<const Message> message;
  std::uint32_t attempt = 1;  ///< the number its next publication carries: 1 when it certainly was never sent before
  std::uint32_t tries = 0;    ///< counted tries that got no ack so far
  Duration wait{0};           ///< > 0: not yet due by the store's clock (`not_before`)
  std::int64_t stored_at_ms = 0;  ///< store's wall clock, Unix milliseconds; for figures only, never for decisions
  std::string reason;  ///< origin retry: the reason it was settled with last; with a defect: `malformed` or `too_large`
  std::string defect;  ///< not empty: can never be published, and why (malformed headers, payload too large)
};

struct FetchLimit {
  std::size_t messages = 1000;   ///< 0: hands out none, and only proves that the lane is still owned
  std::size_t bytes = 4u << 20;  ///< of the messages as message_size() counts them; at least one message is returned
                                 ///< whatever its size (up to max_payload)
};

/// What the store's wall clock said, and when by this process's clock: ages of messages come from it without comparing
/// the clocks of two hosts. For figures only.
struct WallClock {
  std::int64_t unix_ms = 0;  ///< 0: not said
  MonoTime at{};
};

struct Fetched {
  std::vector<Claimed> messages;
  bool more = false;  ///< the limit was reached: fetch again at once
  WallClock wall;     ///< where it costs nothing to say
};

struct Due {
  std::vector<Claimed> messages;  ///< origin retry, longest due first
  std::vector<Scope> released;    ///< scopes whose blocking message is gone (confirmed, dropped): they can be drained
  bool more = false;
  bool waiting = false;  ///< other retries are *sending* and not due yet (one EXISTS, not a count); not those
                         ///< with reason `route_stopped`, which wait for a person
};

/// The reason of a retry that Lane::set_aside() hands out before its time.
inline constexpr const char* reason_set_aside = "set_aside";

/// What became of one message, as the engine decided.
enum class Verdict {
  confirmed,  ///< leaves the store
  dropped,    ///< by the route's policy (`on_nack = "drop"`): leaves the store
  retry,      ///< stays *sending* in the retry table until `due_at`
  failed,     ///< becomes *failed* in the retry table, for a person
  parked,     ///< fresh only: waits in the outbox behind its scope. A store whose order can put it before the scope's
           ///< stored advance point (a late commit) moves it to the retry table, due at once, so that no backlog misses
           ///< it
};

struct Settlement {
  Ticket ticket;
  Origin origin = Origin::fresh;
  Verdict verdict = Verdict::confirmed;
  std::uint32_t attempt = 1;  ///< publications so far that may have reached the broker
  std::uint32_t tries = 0;    ///< counted tries without an ack
  LaneTime due_at{};          ///< retry only
  bool blocks = false;      ///< retry and failed: later messages of its scope wait for it. Stored with the row: a scope
                            ///< is `released` when no row that blocks it is left in state sending or failed
                            ///< (a whole route: in state failed, since the heads of its keys wait as sending)
  std::string route;        ///< the route's topic glob, empty when none matched
  bool unanswered = false;  ///< retry only: it is in flight still and will be settled again: until then it counts as
                            ///< handed out by due() in this session
  std::string reason;    ///< retry and failed: `rejected unroutable no_route malformed too_large poison delayed suspect
                         ///< route_fault unanswered route_stopped set_aside`
  std::string answer;    ///< the broker's words, verbatim
  std::string endpoint;  ///< which broker connection gave the answer; empty when none was asked

  /// It was not sent since it was last settled, which may be so for weeks: its history gains no line.
  bool is_put_off() const { return reason == "delayed" || reason == "route_stopped" || reason == "set_aside"; }
};

/// A change of the set of blocked scopes.
struct ScopeChange {
  enum class Kind {
    block,    ///< later messages of the scope wait behind `behind`; backlog() starts again right after it
    advance,  ///< the backlog up to and including `behind` has been dealt with
    release,  ///< the backlog is empty: messages flow again
  };
  Kind kind = Kind::block;
  Scope scope;
  Ticket behind;
};

/// Everything that is settled together: one transaction, durable when settle() returns.
struct SettleBatch {
  std::vector<Settlement> messages;
  std::vector<ScopeChange> scopes;
  LaneTime now{};                 ///< the lane's clock, stored for the next owner
  std::optional<Ticket> suspect;  ///< the message that was marked and is in flight alone still; else the mark is
                                  ///< forgotten
  bool clean_stop = false;  ///< nothing is in flight and nothing will be fetched again: forget claims made in advance
};

struct SettleReport {
  /// How many fresh messages, counted over the life of this session, are now durably settled in the store so that no
  /// later owner of the lane would hand them out again.
  std::uint64_t durable_fresh = 0;
};

/// What the previous owner of a lane left.
struct LaneState {
  LaneTime clock{};
  bool unclean = false;             ///< it ended without a clean stop: messages may have been sent already
  std::optional<Ticket> suspect;    ///< the message that stood alone in flight when it ended
  std::uint32_t suspect_kills = 0;  ///< how many owners in a row ended with that suspect
  std::vector<Scope> blocked;       ///< scopes with messages waiting, in no order
  WallClock wall;
};

/// One held lane. Used by one thread at a time. Ownership ends with the object, with the process, or with the
/// connection; every call then answers `lost_lane` and the object is useless: destroy it and acquire again.
class Lane {
 public:
  virtual ~Lane() = default;

  /// What was found at acquisition.
  virtual const LaneState& state() const = 0;

  /// The next fresh messages, committed and durable, in the outbox's order. That they are claimed is stored before this
  /// returns, so a later owner knows that they may have been sent. Blocks for one or two round trips; never waits for
  /// new messages. Messages already handed out by this session are not handed out again.
  virtual Result<Fetched> fetch(FetchLimit limit) = 0;

  /// Retries whose time has come by the lane's clock and that this session has not handed out since they were last
  /// settled; and scopes whose blocking message is gone.
  virtual Result<Due> due(LaneTime now, FetchLimit limit) = 0;

  /// Messages of a blocked scope after its stored advance point that fetch() has already passed over, in order, and
  /// that this session has not yet handed out as backlog. Leaves out messages with a `not_before`: those never wait in
  /// the outbox, they go by the retry table. Empty: nothing waits.
  virtual Result<Fetched> backlog(const Scope& scope, FetchLimit limit) = 0;

  /// Retries of a route with the reason reason_set_aside, whatever their time, that this session has not handed out
  /// since they were last settled. One call goes on where the last for this route ended, until nothing is left (`more`
  /// is false); the next then begins anew.
  virtual Result<Fetched> set_aside(const std::string& route, FetchLimit limit) = 0;

  /// Stores what became of messages. All or nothing, durable on return. After an error the outcome may be in doubt; the
  /// session must be given up.
  virtual Result<SettleReport> settle(const SettleBatch& batch) = 0;

  /// Stores that this one message is about to be in flight alone: durable before it returns. If the owner dies with it,
  /// the next LaneState names it. Forgotten with the next settle() that does not name it as its suspect.
  virtual Status mark_suspect(Ticket ticket) = 0;

  /// Blocks until new messages may have been committed (true), or the deadline passed or `interrupt` (a file
  /// descriptor) became readable (false). May return true for nothing. Proves ownership at least every few seconds:
  /// `lost_lane`.
  virtual Result<bool> await(Deadline deadline, int interrupt) = 0;
};

/// How the tables are.
enum class SchemaState { missing, current, older, newer };

/// A retry-table row as people see it.
struct Troubled {
  Ticket ticket;
  std::uint32_t lane = 0;
  Message message;
  std::string state;  ///< `sending`, `failed` or `dropped`
  std::string route;
  std::uint32_t attempts = 0;  ///< publications that may have reached the broker
  std::uint32_t tries = 0;
  std::string reason;
  std::string answer;
  std::int64_t stored_at_ms = 0;
  std::int64_t changed_at_ms = 0;
  std::int64_t due_in_ms = 0;  ///< state sending: how long until the next try
};

/// One line of a message's history.
struct Attempt {
  std::int64_t at_ms = 0;
  std::uint32_t attempt = 0;
  std::string outcome;  ///< the settlement's reason, or `confirmed`, `resent by operator`, `dropped by operator` ...
  std::string answer;
  std::string endpoint;
  std::string relay;  ///< host:pid of the relay, or the operator's name
};

struct FailedFilter {
  std::string topic;  ///< glob; empty: all
  std::optional<std::string> key;
  std::string reason;
  std::string cause;  ///< substring of the answer
  std::optional<std::string> id;
  std::optional<std::int64_t> since_ms, until_ms;  ///< of changed_at
  std::string state = "failed";
  std::size_t limit = 100;
  Ticket after{};        ///< keyset paging: tickets greater than this
  bool payloads = true;  ///< false: the messages come without them, which is enough to act on many
  std::vector<std::string>
      within;  ///< globs, one of which the topic matches too: all that who asks may see; empty: all
};

struct FailedGroup {
  std::string route, reason, answer;  ///< answer normalised: digits and ids replaced
  std::uint64_t count = 0;
  std::int64_t first_ms = 0, last_ms = 0;
  std::string sample_id;
};

struct Counts {
  std::uint64_t sending = 0;  ///< in the outbox or in the retry table as sending
  bool sending_is_estimate = false;
  std::uint64_t failed = 0;
  double oldest_sending_seconds = 0;  ///< 0 when nothing is sending
  std::uint64_t blocked_scopes = 0;
  /// How long the oldest transaction in the database has been open, as far as it may be seen; none: not known here.
  std::optional<double> oldest_transaction_seconds;
};

struct LaneHolder {
  std::uint32_t lane = 0;
  std::string holder;  ///< host:pid, empty when nobody holds it
};

/// Where one message is.
struct Whereabouts {
  enum class Place { outbox, retry, gone };
  Place place = Place::gone;
  std::optional<Troubled> troubled;  ///< place retry; for outbox, message and stored_at_ms are filled in too
  std::vector<Attempt> history;
  std::optional<Scope> blocked_by;  ///< it waits behind this scope
  std::string blocking_id;          ///< the message the scope waits for
  bool claimed = false;             ///< outbox: a relay has fetched it and its answer is not settled yet
  std::uint32_t lane = 0;
  std::string holder;
};

/// How one message stands, in a word: for the audit of very many.
enum class Standing {
  sending,
  failed,
  dropped,
  gone,  ///< confirmed, or never stored
};

/// One relay's live figures, stored every second for `status` (name: host:pid:store:lane).
struct RelayReport {
  std::string relay;
  std::string json;         ///< written by src/relay/report, read by src/admin
  std::int64_t age_ms = 0;  ///< by the store's clock
};

/// A route that a person holds back in one store.
struct Pause {
  std::string route;  ///< its topic, as the configuration writes it
  std::string who, why;
  std::int64_t since_ms = 0;  ///< by the clock of who did it: for people to read

  /// `paused by alice: maintenance`
  std::string in_words() const { return "paused by " + who + ": " + why; }
};

/// A store's connection settings and everything that is not the hot path. Each call opens or reuses a connection of its
/// own. Thread-safe unless said otherwise.
class Store {
 public:
  virtual ~Store() = default;

  virtual const StoreConfig& config() const = 0;

  virtual Result<SchemaState> schema() = 0;
  /// The SQL that would be run, for a DBA; empty when nothing is to be done.
  virtual Result<std::string> migration() = 0;
  virtual Status migrate() = 0;
  /// After a dump/restore or another move to a new cluster: makes waiting rows visible to relays again.
  virtual Result<std::uint64_t> restamp() = 0;

  /// Takes the lane, or answers `busy` when another relay holds it. Never waits for the other one. The lane's clock
  /// stood still while nobody held it: a `delayed` retry whose `not_before` has passed by the store's wall clock is
  /// due.
  virtual Result<std::unique_ptr<Lane>> acquire(std::uint32_t lane, const std::string& holder) = 0;
  /// How many lanes the tables were made for.
  virtual Result<std::uint32_t> lanes() = 0;

  /// Persists messages in one transaction of its own, all or none; gives their ids. For `waybill send`; services use
  /// `waybill/outbox_*.h` inside their own transactions.
  virtual Result<std::vector<MessageId>> persist(std::span<const Message> messages) = 0;

  virtual Result<Counts> counts() = 0;
  virtual Result<std::vector<LaneHolder>> holders() = 0;
  virtual Result<std::vector<Troubled>> troubled(const FailedFilter& filter) = 0;
  virtual Result<std::vector<FailedGroup>> failed_groups(const FailedFilter& filter) = 0;
  virtual Result<Whereabouts> locate(const MessageId& id) = 0;
  /// How up to 1,000 messages stand, in the order of `ids`. Reads the outbox once, however many they are.
  virtual Result<std::vector<Standing>> standings(std::span<const MessageId> ids) = 0;
  /// Failed (or dropped) messages become sending again, due at once, with tries reset. Gives how many.
  virtual Result<std::uint64_t> resend(std::span<const Ticket> tickets, const std::string& who,
                                       const std::string& why) = 0;
  /// Failed messages are marked dropped; kept, with their payload, until purged.
  virtual Result<std::uint64_t> drop(std::span<const Ticket> tickets, const std::string& who,
                                     const std::string& why) = 0;
  /// Dropped messages are failed again.
  virtual Result<std::uint64_t> restore(std::span<const Ticket> tickets, const std::string& who,
                                        const std::string& why) = 0;

  /// Stores a new operation with revision 1, and forgets those that ended long ago (days_kept). `busy`: the id is
  /// taken.
  virtual Status add_operation(const std::string& id, const std::string& document) = 0;
  /// Stores the next state of an operation together with results, all or nothing, if it still has this revision: true.
  /// False: somebody else changed it, or it is gone; nothing was stored.
  virtual Result<bool> change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                        std::span<const OperationResult> results) = 0;
  /// Newest first.
  virtual Result<std::vector<OperationRecord>> operations(const OperationFilter& filter) = 0;
  /// Those after number `after`, in their order, at most `limit`.
  virtual Result<std::vector<OperationResult>> operation_results(const std::string& id, std::uint64_t after,
                                                                 std::size_t limit) = 0;

  /// The routes that people hold back here. A relay asks every second.
  virtual Result<std::vector<Pause>> pauses() = 0;
  /// Holds a route back. False: it is held back already; nothing was changed.
  virtual Result<bool> pause(const Pause& pause) = 0;
  /// Lets it go on. False: it was not held back.
  virtual Result<bool> resume(const std::string& route) = 0;

  virtual Status report(const RelayReport& report) = 0;
  virtual Result<std::vector<RelayReport>> reports() = 0;

  /// What the promises rest on, as this store is set up.
  virtual Result<std::vector<Finding>> examine() = 0;
};

/// Makes the store that the URL's scheme names. Opens no connection. Errors: unknown scheme, malformed URL.
Result<std::unique_ptr<Store>> open_store(const StoreConfig& config);

}  // namespace waybill::store

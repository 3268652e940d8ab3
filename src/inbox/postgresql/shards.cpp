#include "inbox/shards.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include "core/url.hpp"
#include "inbox/postgresql/shard_link.hpp"
#include "inbox/postgresql/shard_map.hpp"
#include "inbox/postgresql/share_copy.hpp"

namespace waybill::inbox {
namespace {

using postgresql::Rows;
using postgresql::ShardLink;
using postgresql::ShardMap;
using postgresql::ShardView;
using postgresql::Value;

using Progress = std::function<bool(const ShardProgress&)>;

constexpr auto pause = std::chrono::milliseconds{100};
// A server takes this long at most to end the session of a change that has just ended or was killed.
constexpr auto patience = std::chrono::seconds{2};

struct Member {
  ShardLink link;
  ShardView view;
};

Error stopped() { return {ErrorCode::timeout, "stopped; `waybill inbox shards apply` goes on from here"}; }

/// The shards of one inbox while they are being changed.
class Change {
 public:
  Change(std::vector<Member> members, const Progress& progress) : members_(std::move(members)), progress_(progress) {}

  Result<std::uint64_t> run();

 private:
  Status alone();
  Status still_alone();
  Status agree() const;
  Status fit_to_be_added(Member& member) const;
  Status found();
  Status complete();
  Status add(Member& newcomer);
  Status tell_all(const ShardMap& map, const std::vector<std::string>& former, const std::string& newcomer);
  Status install(Member& member, const ShardMap& map, const std::vector<std::string>& former);
  Status take_over(Member& member);
  Status await_settled(Member& former, const Member& newcomer);
  Member* member(std::string_view name);
  const ShardMap& newest() const;
  bool tell(ShardProgress::Step step, const std::string& shard, const std::string& from = {}, std::uint64_t marks = 0) {
    return !progress_ || progress_({step, shard, from, marks});
  }

  std::vector<Member> members_;
  const Progress& progress_;
};

Result<std::uint64_t> Change::run() {
  if (auto lock = alone(); !lock) return std::move(lock).error();
  for (auto& one : members_) {  // again, now that nobody else changes it
    auto now = postgresql::view(*one.link.connection());
    if (!now) return std::move(now).error();
    one.view = *std::move(now);
  }
  if (auto same = agree(); !same) return std::move(same).error();
  if (newest().version == 0) {
    if (auto made = found(); !made) return std::move(made).error();
    return members_.size();
  }
  if (auto done = complete(); !done) return std::move(done).error();
  std::uint64_t added = 0;
  for (auto& one : members_) {
    const auto& shards = newest().shards;
    if (std::find(shards.begin(), shards.end(), one.link.name()) != shards.end()) continue;
    if (auto more = add(one); !more) return std::move(more).error();
    ++added;
  }
  return added;
}

// One change at a time: held by the connection to the first shard, so it ends with this process.
Status Change::alone() {
  const auto& shards = newest().shards;
  auto* first = shards.empty() ? &members_.front() : member(shards.front());
  if (first == nullptr) return agree();
  const auto until = std::chrono::steady_clock::now() + patience;
  while (true) {
    auto held = first->link.run("SELECT pg_try_advisory_lock(x'77627368'::int, 0)", {}, "can't lock the shards");
    if (!held) return std::move(held).error();
    if (postgresql::text(*held, 0, 0) == "t") return {};
    if (std::chrono::steady_clock::now() > until) break;
    std::this_thread::sleep_for(pause);
  }
  return Error{ErrorCode::busy, "the shards are being changed by somebody else; try again later"};
}

// A connection that was lost and made anew has lost the lock too.
Status Change::still_alone() {
  auto* first = member(newest().shards.front());
  auto held = first->link.run(
      "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = x'77627368'::int::oid AND "
      "pid = pg_backend_pid())",
      {}, "can't look for the lock");
  if (!held) return std::move(held).error();
  if (postgresql::text(*held, 0, 0) == "t") return {};
  return Error{ErrorCode::unreachable, "the connection to shard '" + first->link.name() +
                                           "' was lost; `waybill inbox shards apply` goes on from here"};
}

Status Change::agree() const {
  const auto& map = newest();
  for (const auto& shard : map.shards) {
    const bool listed =
        std::any_of(members_.begin(), members_.end(), [&](const auto& one) { return one.link.name() == shard; });
    if (listed) continue;
    return Error{ErrorCode::refused, "shard '" + shard +
                                         "' is in use and has marks, but is not listed; list it again: shards can be "
                                         "added, not taken away or renamed"};
  }
  for (const auto& one : members_) {
    if (one.view.map.version == 0 || one.view.own == one.link.name()) continue;
    return Error{ErrorCode::invalid_configuration, "the database of shard '" + one.link.name() + "' is shard '" +
                                                       one.view.own + "'; give each its own url"};
  }
  return {};
}

// Marks that others can't know of would be done a second time there.
Status Change::fit_to_be_added(Member& member) const {
  auto marked = member.link.run("SELECT EXISTS (SELECT FROM waybill.inbox)", {}, "can't look for marks");
  if (!marked) return std::move(marked).error();
  if (postgresql::text(*marked, 0, 0) == "f") return {};
  return Error{ErrorCode::refused,
               "shard '" + member.link.name() +
                   "' has marks of its own already; start with it alone in the list, then add the others"};
}

// The first map. Whoever is sent to a shard that does not know it yet is refused there, and nothing is marked.
Status Change::found() {
  ShardMap map{1, {}};
  for (auto& one : members_) {
    if (members_.size() > 1) {
      if (auto fit = fit_to_be_added(one); !fit) return fit;
    }
    map.shards.push_back(one.link.name());
  }
  return tell_all(map, {}, {});
}

Status Change::complete() {
  const auto map = newest();
  std::vector<std::string> former;
  std::string newcomer;
  for (const auto& one : members_) {
    if (one.view.former.empty()) continue;
    former = one.view.former;
    newcomer = one.link.name();
  }
  if (auto told = tell_all(map, former, newcomer); !told) return told;
  return newcomer.empty() ? Status{} : take_over(*member(newcomer));
}

Status Change::add(Member& newcomer) {
  if (auto fit = fit_to_be_added(newcomer); !fit) return fit;
  if (auto lock = still_alone(); !lock) return lock;
  const auto former = newest().shards;
  ShardMap map{newest().version + 1, former};
  map.shards.push_back(newcomer.link.name());
  if (auto told = tell_all(map, former, newcomer.link.name()); !told) return told;
  return take_over(newcomer);
}

// The newcomer first: whoever is sent to it must find that it knows whom to ask.
Status Change::tell_all(const ShardMap& map, const std::vector<std::string>& former, const std::string& newcomer) {
  if (!newcomer.empty()) {
    if (auto told = install(*member(newcomer), map, former); !told) return told;
  }
  for (const auto& shard : map.shards) {
    if (shard == newcomer) continue;
    if (auto told = install(*member(shard), map, {}); !told) return told;
  }
  return {};
}

// Three transactions, each of which may be the last one: the row, that it is in force, and the bound. The bound is a
// transaction id taken after the map came into force, so all who saw an older one have a lower id.
Status Change::install(Member& member, const ShardMap& map, const std::vector<std::string>& former) {
  if (member.view.map.version == map.version && member.view.bounded) return {};
  if (!tell(ShardProgress::Step::installing, member.link.name())) return stopped();
  const auto version = std::to_string(map.version);
  const std::pair<const char*, std::vector<Value>> steps[] = {
      {"INSERT INTO waybill.shard_map (version, shards, own, former) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
       {version, postgresql::array_of(map.shards), member.link.name(),
        former.empty() ? Value{} : Value{postgresql::array_of(former)}}},
      {"SELECT setval('waybill.shard_state', $1::bigint) FROM waybill.shard_state WHERE last_value < $1::bigint",
       {version}},
      {"UPDATE waybill.shard_map SET since = pg_current_xact_id() WHERE version = $1 AND since IS NULL", {version}}};
  for (const auto& [sql, values] : steps) {
    if (auto done = member.link.run(sql, values, "can't install the map of shards"); !done) {
      return std::move(done).error();
    }
  }
  member.view.map = map;
  member.view.own = member.link.name();
  member.view.former = former;
  member.view.bounded = true;
  return {};
}

Status Change::take_over(Member& newcomer) {
  std::uint64_t marks = 0;
  for (const auto& shard : newcomer.view.former) {
    auto& former = *member(shard);
    if (auto settled = await_settled(former, newcomer); !settled) return settled;
    postgresql::ShareCopy copy(former.link, newcomer.link);
    while (!copy.done()) {
      if (!tell(ShardProgress::Step::copying, newcomer.link.name(), shard, marks)) return stopped();
      auto taken = copy.next();
      if (!taken) return std::move(taken).error();
      marks += *taken;
    }
  }
  auto ended = newcomer.link.run("UPDATE waybill.shard_map SET former = NULL WHERE former IS NOT NULL", {},
                                 "can't end the take-over");
  if (!ended) return std::move(ended).error();
  newcomer.view.former.clear();
  return {};
}

Status Change::await_settled(Member& former, const Member& newcomer) {
  while (true) {
    auto settled = former.link.run("SELECT waybill.shard_settled()", {}, "can't look for open transactions");
    if (!settled) return std::move(settled).error();
    if (postgresql::text(*settled, 0, 0) == "t") return {};
    if (!tell(ShardProgress::Step::waiting, newcomer.link.name(), former.link.name())) return stopped();
    std::this_thread::sleep_for(pause);
  }
}

Member* Change::member(std::string_view name) {
  const auto found =
      std::find_if(members_.begin(), members_.end(), [&](const auto& one) { return one.link.name() == name; });
  return found == members_.end() ? nullptr : &*found;
}

const ShardMap& Change::newest() const {
  return std::max_element(members_.begin(), members_.end(),
                          [](const auto& a, const auto& b) { return a.view.map.version < b.view.map.version; })
      ->view.map;
}

Result<Member> open(const StoreConfig& store) {
  const auto url = parse_url(store.url.reveal());
  if (!url || (url->scheme != "postgresql" && url->scheme != "postgres")) {
    return Error{ErrorCode::unsupported, "store '" + store.name + "' can't be a shard: only postgresql stores can"};
  }
  Member member{ShardLink(store.name, store.url.reveal()), {}};
  auto connection = member.link.connection();
  if (!connection) return std::move(connection).error();
  auto view = postgresql::view(*connection);
  if (!view) return Error{view.error().code(), "shard '" + store.name + "': " + view.error().message()};
  member.view = *std::move(view);
  return member;
}

}  // namespace

std::vector<ShardState> look_at_shards(const std::vector<StoreConfig>& stores) {
  std::vector<ShardState> states;
  for (const auto& store : stores) {
    auto member = open(store);
    if (member) {
      states.push_back({store.name, member->view.map.version, member->view.former, std::nullopt});
    } else {
      states.push_back({store.name, 0, {}, std::move(member).error()});
    }
  }
  return states;
}

Result<std::uint64_t> apply_shards(const std::vector<StoreConfig>& stores, const Progress& progress) {
  if (stores.empty()) return Error{ErrorCode::invalid_configuration, "no shards are listed"};
  std::vector<Member> members;
  for (const auto& store : stores) {
    auto member = open(store);
    if (!member) return std::move(member).error();
    members.push_back(*std::move(member));
  }
  return Change{std::move(members), progress}.run();
}

}  // namespace waybill::inbox

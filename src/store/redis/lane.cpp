#include "store/redis/lane.hpp"

#include "store/redis/library.hpp"
#include "store/redis/owner.hpp"

namespace waybill::redis {
namespace {

constexpr Duration proof_interval = std::chrono::seconds{2};
constexpr std::chrono::milliseconds listening_time{5000};
constexpr std::string_view taking = "can't take the lane";
constexpr std::string_view looking = "can't look for new messages";

/// The number of an owner whose connection the server has no more, or nothing.
Result<std::string> gone_owner(Connection& connection, std::uint32_t lane, std::string_view session) {
  auto owner = owner_of(connection, lane);
  if (!owner) return owner.error();
  if (!*owner) return std::string{};
  auto connected = is_connected(connection, **owner, session);
  if (!connected) return connected.error();
  return *connected ? std::string{} : (*owner)->fence;
}

}  // namespace

store::Scope scope_of(std::string_view name) {
  const auto route = name.substr(2, name.find('\0', 2) - 2);
  store::Scope scope{std::string{route}, std::nullopt};
  if (name.starts_with('k')) scope.key = std::string{name.substr(name.find(':', route.size() + 2) + 1)};
  return scope;
}

std::string name_of(const store::Scope& scope) {
  std::string name{scope.key ? "k" : "r"};
  name += '\0';
  name += scope.route;
  if (!scope.key) return name;
  name += '\0';
  return name + std::to_string(scope.key->size()) + ":" + *scope.key;
}

RedisLane::RedisLane(Connection connection, const StoreConfig& store, std::uint32_t lane, std::string holder)
    : connection_(std::move(connection)),
      store_(store),
      lane_(lane),
      stream_(stream_of(lane)),
      holder_(std::move(holder)) {}

Result<std::unique_ptr<store::Lane>> RedisLane::open(const StoreConfig& store, std::uint32_t lane,
                                                     const std::string& holder) {
  auto connection = Connection::open(store, stream_of(lane));
  if (!connection) return connection.error();
  if (auto current = require_current_library(*connection, lane, store.name); !current) return current.error();
  std::unique_ptr<RedisLane> made{new RedisLane(std::move(*connection), store, lane, holder)};
  if (auto taken = made->take(); !taken) return taken.error();
  return std::unique_ptr<store::Lane>{std::move(made)};
}

Status RedisLane::take() {
  auto session = session_of(connection_);
  if (!session) return session.error();
  auto gone = gone_owner(connection_, lane_, *session);
  if (!gone) return gone.error();
  auto taken = connection_.run(
      call("waybill_take", stream_, {std::to_string(library_version), holder_, *session, *gone}), taking);
  if (!taken) {
    const auto& error = taken.error();
    if (error.code() != ErrorCode::busy) return error;
    const auto holder = error.message().rfind("WBBUSY ");
    return Error{ErrorCode::busy,
                 "lane " + std::to_string(lane_) + " of store '" + store_.name + "' is held by " +
                     (holder == std::string::npos ? "another relay" : error.message().substr(holder + 7))};
  }
  remember_previous_owner(**taken);
  auto time = connection_.run({"TIME"}, taking);
  if (!time) return time.error();
  state_.wall =
      store::WallClock{(**time)[0].number() * 1000 + (**time)[1].number() / 1000, std::chrono::steady_clock::now()};
  last_proof_ = std::chrono::steady_clock::now();
  return wait_for_replicas(taking);
}

void RedisLane::remember_previous_owner(Reply taken) {
  fence_ = taken[0].text();
  state_.clock = LaneTime{taken[1].number()};
  state_.unclean = taken[2].number() != 0;
  if (const auto suspect = taken[3].bytes(); !suspect.empty()) state_.suspect = ticket_of_hex(suspect);
  state_.suspect_kills = static_cast<std::uint32_t>(taken[4].number());
  formerly_ = EntryId::parse(taken[5].bytes());
  last_ = taken[6].text();
  salt_ = taken[7].text();
  const auto scopes = taken[8];
  for (std::size_t at = 0; at + 1 < scopes.size(); at += 2) {
    auto scope = scope_of(scopes[at].bytes());
    backlog_at_[scope] = scopes[at + 1].text();
    state_.blocked.push_back(std::move(scope));
  }
}

Error RedisLane::lost() const {
  return {ErrorCode::lost_lane, "lane " + std::to_string(lane_) + " of store '" + store_.name +
                                    "' has another owner, or its connection is gone"};
}

Error RedisLane::give_up(Error error) {
  broken_ = true;
  return error;
}

Result<OwnedReply> RedisLane::run(std::string_view function, std::vector<std::string> arguments,
                                  std::string_view doing) {
  if (broken_) return lost();
  arguments.insert(arguments.begin(), fence_);
  auto reply = connection_.run(call(function, stream_, std::move(arguments)), doing);
  if (!reply) return give_up(reply.error());
  if (auto waited = wait_for_replicas(doing); !waited) return waited.error();
  last_proof_ = std::chrono::steady_clock::now();
  return reply;
}

Status RedisLane::wait_for_replicas(std::string_view doing) {
  if (store_.replicas == 0) return {};
  auto reached = redis::wait_for_replicas(connection_, store_.replicas, doing);
  return reached ? reached : Status{give_up(reached.error())};
}

Status RedisLane::prove_ownership() {
  if (broken_) return lost();
  if (std::chrono::steady_clock::now() - last_proof_ < proof_interval) return {};
  auto held = run("waybill_hold", {"0"}, "can't prove that the lane is owned");
  return held ? Status{} : Status{held.error()};
}

Status RedisLane::look_for_losses() {
  const MonoTime now = std::chrono::steady_clock::now();
  if (now < next_look_) return {};
  next_look_ = now + proof_interval;
  auto looked = run("waybill_hold", {"1"}, "can't look for lost messages");
  return looked ? Status{} : Status{looked.error()};
}

Status RedisLane::listen() {
  if (listening_) return {};
  if (!ear_) {
    auto connection = Connection::open(store_, stream_);
    if (!connection) return connection.error();
    ear_.emplace(std::move(*connection));
  }
  listening_ = true;
  return ear_->start(
      {"XREAD", "COUNT", "1", "BLOCK", std::to_string(listening_time.count()), "STREAMS", stream_, last_}, looking);
}

Result<bool> RedisLane::await(Deadline deadline, int interrupt) {
  if (auto owner = prove_ownership(); !owner) return owner.error();
  if (!pending_.empty()) return true;
  while (true) {
    if (auto heard = listen(); !heard) return give_up(heard.error());
    const auto proof_at = std::min(deadline.at(), MonoTime{last_proof_ + proof_interval});
    if (ear_->answered(Deadline{proof_at}, interrupt)) {
      auto news = ear_->finish(looking);
      listening_ = false;
      if (!news) return give_up(news.error());
      if ((*news)->size() > 0) return true;
    } else if (Deadline{proof_at}.passed()) {
      if (deadline.passed()) return false;
      if (auto owner = prove_ownership(); !owner) return owner.error();
    } else {
      return false;
    }
  }
}

Status RedisLane::mark_suspect(store::Ticket ticket) {
  auto marked = run("waybill_suspect", {hex_of(ticket)}, "can't mark a suspect");
  return marked ? Status{} : Status{marked.error()};
}

}  // namespace waybill::redis

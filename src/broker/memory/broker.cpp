#include "broker/memory/broker.hpp"

#include <utility>

#include "core/glob.hpp"

namespace waybill::broker::memory {

std::shared_ptr<Broker> Broker::named(const std::string& name) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<Broker>> brokers;
  const std::lock_guard lock(mutex);
  auto& broker = brokers[name];
  if (!broker) broker = std::make_shared<Broker>();
  return broker;
}

void Broker::changed() {
  ++state_.version;
  change_.notify_all();
}

void Broker::set_script(Script script) {
  const std::lock_guard lock(mutex_);
  script_ = std::move(script);
}

void Broker::declare_queue(const std::string& name, const std::string& glob) {
  const std::lock_guard lock(mutex_);
  queues_[name].glob = glob;
  changed();
}

void Broker::set_reachable(bool reachable) {
  const std::lock_guard lock(mutex_);
  if (state_.reachable && !reachable) ++state_.cuts;
  state_.reachable = reachable;
  changed();
}

void Broker::cut() {
  const std::lock_guard lock(mutex_);
  ++state_.cuts;
  changed();
}

void Broker::set_blocked(bool blocked, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  state_.blocked = blocked;
  state_.blocked_reason = reason;
  changed();
}

void Broker::release() {
  const std::lock_guard lock(mutex_);
  ++state_.releases;
  changed();
}

std::vector<Delivered> Broker::delivered() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

Broker::State Broker::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

bool Broker::route(const Delivered& what) {
  bool wanted = queues_.empty();
  for (auto& [name, queue] : queues_) {
    if (!glob_matches(queue.glob, what.routing_key)) continue;
    queue.waiting.push_back({what, false});
    wanted = true;
  }
  return wanted;
}

Reply Broker::take(const Outgoing& message) {
  const std::lock_guard lock(mutex_);
  const Reply reply = script_ ? script_(message) : Reply::confirm;
  if (reply != Reply::confirm && reply != Reply::hold && reply != Reply::lose_confirm) return reply;
  Delivered what{message.message->id.str(), message.message->key ? message.message->key->str() : std::string(),
                 message.exchange,          message.routing_key,
                 message.attempt,           message.message};
  if (!route(what)) return Reply::unroutable;
  log_.push_back(std::move(what));
  changed();
  return reply;
}

bool Broker::has_queue(const std::string& queue) const {
  const std::lock_guard lock(mutex_);
  return queues_.count(queue) != 0;
}

std::optional<Queued> Broker::pop(const std::string& queue) {
  const std::lock_guard lock(mutex_);
  const auto found = queues_.find(queue);
  if (found == queues_.end() || found->second.waiting.empty()) return std::nullopt;
  std::optional<Queued> next(std::move(found->second.waiting.front()));
  found->second.waiting.pop_front();
  return next;
}

void Broker::put_back(const std::string& queue, Delivered what) {
  const std::lock_guard lock(mutex_);
  queues_[queue].waiting.push_front({std::move(what), true});
  changed();
}

void Broker::poke() {
  const std::lock_guard lock(mutex_);
  changed();
}

void Broker::await_change(std::uint64_t seen, Deadline deadline) const {
  std::unique_lock lock(mutex_);
  change_.wait_until(lock, deadline.at(), [&] { return state_.version != seen; });
}

}  // namespace waybill::broker::memory

#include "broker/rabbitmq/exchange_gate.hpp"

#include <algorithm>
#include <utility>

namespace waybill::broker::rabbitmq {
namespace {

constexpr Duration first_backoff = std::chrono::seconds{1};
constexpr Duration longest_backoff = std::chrono::seconds{30};
/// A fault so long after the one before is a new one.
constexpr Duration calm = std::chrono::seconds{60};

}  // namespace

ExchangeGate::Answer ExchangeGate::enter(const std::string& exchange, MonoTime now) {
  if (has_last_open_ && exchange == last_open_) return Answer::open;
  if (exchange.empty()) return enter_default(now);
  auto known = entries_.find(exchange);
  if (known == entries_.end()) {
    make_room();
    known = entries_.try_emplace(exchange).first;
  }
  Entry& entry = known->second;
  if (entry.state == State::faulty && now < entry.retry_at) return Answer::refused;
  if (entry.state == State::there) {
    last_open_ = exchange;
    has_last_open_ = true;
    return Answer::open;
  }
  if (entry.state != State::asking) {
    entry.state = State::asking;
    questions_.push_back(exchange);
  }
  return Answer::wait;
}

// Only what is being asked for must stay; the rest can be asked for again. While much is being asked for, looking
// through it for each new name would cost more than it frees.
void ExchangeGate::make_room() {
  if (entries_.size() < room_until_) return;
  std::erase_if(entries_, [](const auto& it) { return it.second.state != State::asking; });
  room_until_ = std::max(most_entries, 2 * entries_.size());
}

// The default exchange always exists, and asking for it is an error: whether it is still forbidden, only a message
// tells.
ExchangeGate::Answer ExchangeGate::enter_default(MonoTime now) const {
  const auto known = entries_.find(std::string());
  const bool refused = known != entries_.end() && known->second.state == State::faulty && now < known->second.retry_at;
  return refused ? Answer::refused : Answer::open;
}

const std::string& ExchangeGate::words(const std::string& exchange) const {
  static const std::string none;
  const auto found = entries_.find(exchange);
  return found == entries_.end() ? none : found->second.words;
}

std::optional<std::string> ExchangeGate::next_question() {
  if (questions_.empty()) return std::nullopt;
  std::optional<std::string> next(std::move(questions_.front()));
  questions_.pop_front();
  return next;
}

void ExchangeGate::found(const std::string& exchange) { entries_[exchange].state = State::there; }

void ExchangeGate::fault(const std::string& exchange, std::string words, MonoTime now) {
  has_last_open_ = false;
  Entry& entry = entries_[exchange];
  const bool again = entry.backoff != Duration::zero() && now - entry.retry_at < calm;
  entry.backoff = again ? std::min(entry.backoff * 2, longest_backoff) : first_backoff;
  entry.state = State::faulty;
  entry.words = std::move(words);
  entry.retry_at = now + entry.backoff;
}

void ExchangeGate::doubt() {
  has_last_open_ = false;
  for (auto& [name, entry] : entries_) {
    if (entry.state == State::there) entry.state = State::unknown;
  }
}

void ExchangeGate::forget() {
  has_last_open_ = false;
  questions_.clear();
  for (auto& [name, entry] : entries_) {
    if (entry.state != State::faulty) entry.state = State::unknown;
  }
}

}  // namespace waybill::broker::rabbitmq

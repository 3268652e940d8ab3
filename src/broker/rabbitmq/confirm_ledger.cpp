#include "broker/rabbitmq/confirm_ledger.hpp"

#include <utility>

namespace waybill::broker::rabbitmq {
namespace {

/// RabbitMQ: ACCESS_REFUSED - access to exchange 'x' in vhost '/' refused for user 'u'. The default exchange, whose
/// name is empty, goes by another one there.
std::string in_words(const std::string& exchange) {
  return "exchange '" + (exchange.empty() ? "amq.default" : exchange) + "' in vhost";
}

}  // namespace

void ConfirmLedger::add(Outgoing message, std::uint64_t starts_at, std::uint64_t ends_at) {
  entries_.push_back({std::move(message), starts_at, ends_at, false, false, {}});
}

Outcome ConfirmLedger::outcome_of(Entry& entry, OutcomeKind kind) {
  entry.settled = true;
  if (entry.is_returned) return {entry.message.tag, OutcomeKind::unroutable, std::move(entry.answer)};
  return {entry.message.tag, kind, kind == OutcomeKind::rejected ? "basic.nack" : ""};
}

void ConfirmLedger::drop_settled() {
  while (!entries_.empty() && entries_.front().settled) {
    entries_.pop_front();
    ++first_tag_;
  }
}

bool ConfirmLedger::settle_one(std::uint64_t delivery_tag, OutcomeKind kind, std::vector<Outcome>& outcomes) {
  if (delivery_tag < first_tag_) return false;
  Entry& entry = entries_[static_cast<std::size_t>(delivery_tag - first_tag_)];
  if (entry.settled) return false;
  outcomes.push_back(outcome_of(entry, kind));
  drop_settled();
  return true;
}

bool ConfirmLedger::settle(std::uint64_t delivery_tag, bool multiple, OutcomeKind kind, std::uint64_t left,
                           std::vector<Outcome>& outcomes) {
  if (delivery_tag == 0 || delivery_tag > last_tag()) return false;
  // Those before it left earlier.
  const bool is_waiting = delivery_tag >= first_tag_;
  if (is_waiting && entries_[static_cast<std::size_t>(delivery_tag - first_tag_)].ends_at > left) return false;
  if (!multiple) return settle_one(delivery_tag, kind, outcomes);
  bool any = false;
  while (!entries_.empty() && first_tag_ <= delivery_tag) {
    if (!entries_.front().settled) {
      outcomes.push_back(outcome_of(entries_.front(), kind));
      any = true;
    }
    entries_.pop_front();
    ++first_tag_;
  }
  drop_settled();
  return any;
}

bool ConfirmLedger::returned(std::string_view id, std::string_view exchange, std::string_view routing_key,
                             std::string answer, std::uint64_t left) {
  for (Entry& entry : entries_) {
    if (entry.ends_at > left) return false;
    if (entry.settled || entry.is_returned || entry.message.message->id.str() != id) continue;
    if (entry.message.exchange != exchange || entry.message.routing_key != routing_key) continue;
    entry.is_returned = true;
    entry.answer = std::move(answer);
    return true;
  }
  return false;
}

std::optional<std::string> ConfirmLedger::exchange_named_in(std::string_view words) const {
  for (const Entry& entry : entries_) {
    const std::string& exchange = entry.message.exchange;
    if (!entry.settled && words.find(in_words(exchange)) != std::string_view::npos) return exchange;
  }
  return std::nullopt;
}

bool ConfirmLedger::refuse_topic(std::string_view words, std::string answer, std::vector<Outcome>& outcomes) {
  Entry* meant = nullptr;
  for (Entry& entry : entries_) {
    if (entry.settled || entry.is_returned) continue;
    const Outgoing& message = entry.message;
    const std::string refused = "topic '" + message.routing_key + "' in " + in_words(message.exchange);
    if (words.find(refused) == std::string_view::npos) continue;
    if (meant != nullptr) return false;
    meant = &entry;
  }
  if (meant == nullptr) return false;
  meant->settled = true;
  outcomes.push_back({meant->message.tag, OutcomeKind::undeliverable, std::move(answer)});
  drop_settled();
  return true;
}

void ConfirmLedger::abandon(std::uint64_t left, const std::string& reason, std::vector<Outcome>& outcomes) {
  for (Entry& entry : entries_) {
    if (entry.settled) continue;
    const bool left_us = entry.starts_at < left;
    Outcome outcome = outcome_of(entry, left_us ? OutcomeKind::in_doubt : OutcomeKind::unsent);
    if (outcome.kind != OutcomeKind::unroutable) outcome.answer = reason;
    outcomes.push_back(std::move(outcome));
  }
  entries_.clear();
  first_tag_ = 1;
}

}  // namespace waybill::broker::rabbitmq

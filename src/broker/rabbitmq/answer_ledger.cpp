#include "broker/rabbitmq/answer_ledger.hpp"

namespace waybill::broker::rabbitmq {

AnswerLedger::State* AnswerLedger::open_state(std::uint64_t tag) {
  if (tag < first_tag_ || tag - first_tag_ >= states_.size()) return nullptr;
  State& state = states_[static_cast<std::size_t>(tag - first_tag_)];
  return state == State::open ? &state : nullptr;
}

bool AnswerLedger::ack(std::uint64_t tag) {
  State* state = open_state(tag);
  if (state == nullptr) return false;
  *state = State::acked;
  ++untold_;
  return true;
}

bool AnswerLedger::reject(std::uint64_t tag) {
  State* state = open_state(tag);
  if (state == nullptr) return false;
  *state = State::told;
  return true;
}

std::vector<AnswerLedger::Ack> AnswerLedger::take() {
  std::vector<Ack> acks;
  Ack prefix;
  for (; !states_.empty() && states_.front() != State::open; states_.pop_front(), ++first_tag_) {
    if (states_.front() == State::told) continue;
    prefix = {first_tag_, prefix.tag != 0};
    --untold_;
  }
  if (prefix.tag != 0) acks.push_back(prefix);
  for (std::size_t i = 0; untold_ != 0; ++i) {
    if (states_[i] != State::acked) continue;
    states_[i] = State::told;
    acks.push_back({first_tag_ + i, false});
    --untold_;
  }
  return acks;
}

}  // namespace waybill::broker::rabbitmq

#include "store/redis/direct_outbox.hpp"

#include <map>

#include "store/redis/placing.hpp"

namespace waybill::redis {
namespace {

constexpr std::string_view persisting = "can't persist";

std::string milliseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

std::string_view name_of(Answered::State state) {
  switch (state) {
    case Answered::State::confirmed:
      return "confirmed";
    case Answered::State::dropped:
      return "dropped";
    case Answered::State::failed:
      return "failed";
    case Answered::State::sending:
      return "sending";
  }
  return "";
}

std::vector<std::string> words_of(const Answered& one) {
  return {one.held.id.str(),
          std::string{name_of(one.state)},
          std::to_string(one.attempts),
          std::to_string(one.tries),
          milliseconds(one.wait),
          one.reason,
          one.answer,
          one.endpoint};
}

/// What is to be said of each lane, in one call.
using ByLane = std::map<std::uint32_t, std::vector<std::string>>;

}  // namespace

std::uint32_t DirectOutbox::lane_of(const Message& message) const { return lane_for(message, store_.lanes); }

Status DirectOutbox::run(std::uint32_t lane, const Command& command, std::string_view doing) {
  auto connection = connections_.get(lane);
  if (!connection) return connection.error();
  auto answer = (*connection)->run(command, doing);
  connections_.forget_if_lost(lane);
  return answer ? Status{} : Status{answer.error()};
}

Status DirectOutbox::persist(std::uint32_t lane, const Command& command) {
  auto connection = connections_.get(lane);
  if (!connection) return connection.error();
  auto persisted = (*connection)->run(command, persisting);
  if (!persisted) {
    // With the connection lost, nobody can tell whether the server had it already.
    const bool lost = connections_.forget_if_lost(lane);
    return lost ? Error{ErrorCode::in_doubt, persisted.error().message()} : persisted.error();
  }
  if (store_.replicas == 0) return {};
  auto reached = wait_for_replicas(**connection, store_.replicas, persisting);
  connections_.forget_if_lost(lane);
  return reached ? Status{} : Status{Error{ErrorCode::in_doubt, reached.error().message()}};
}

Status DirectOutbox::hold(std::uint32_t lane, const Message& message, const std::string& route, Duration how_long) {
  std::vector<std::string> words{sender_, milliseconds(how_long), route, who_};
  for (auto& argument : send_arguments(message, message.id)) words.push_back(std::move(argument));
  return persist(lane, call("waybill_hold_message", stream_of(lane), std::move(words)));
}

Status DirectOutbox::leave(std::uint32_t lane, const Message& message) {
  return persist(lane, send_command(message, message.id, lane));
}

Status DirectOutbox::hold_on(std::span<const Held> messages, Duration how_long) {
  ByLane lanes;
  for (const auto& held : messages) {
    auto& words = lanes[held.lane];
    if (words.empty()) words = {sender_, milliseconds(how_long)};
    words.push_back(held.id.str());
  }
  for (auto& [lane, words] : lanes) {
    auto done = run(lane, call("waybill_hold_on", stream_of(lane), std::move(words)), "can't go on holding messages");
    if (!done) return done;
  }
  return {};
}

Status DirectOutbox::answered(std::span<const Answered> messages) {
  ByLane lanes;
  for (const auto& one : messages) {
    auto& words = lanes[one.held.lane];
    if (words.empty()) words = {sender_, who_};
    for (auto& word : words_of(one)) words.push_back(std::move(word));
  }
  for (auto& [lane, words] : lanes) {
    auto done = run(lane, call("waybill_answered", stream_of(lane), std::move(words)), "can't settle");
    if (!done) return done;
  }
  return {};
}

}  // namespace waybill::redis

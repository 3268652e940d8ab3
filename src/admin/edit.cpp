#include "admin/edit.hpp"

#include <array>

#include "admin/deed.hpp"
#include "admin/sending.hpp"
#include "core/uuid.hpp"

namespace waybill::admin {
namespace {

Message changed(const Message& old, const Edit& edit) {
  Message message;
  message.topic = edit.topic ? Topic(*edit.topic) : old.topic;
  message.key = old.key;
  if (edit.key) message.key = edit.key->empty() ? std::nullopt : std::optional(Key(*edit.key));
  message.payload = edit.payload.value_or(old.payload);
  message.content_type = edit.content_type.value_or(old.content_type);
  message.headers = edit.headers.value_or(old.headers);
  message.headers[origin_header] = old.id.str();
  return message;
}

struct Planned {
  store::Troubled old;
  Message message;
};

Result<Planned> plan(store::Store& store, const Config& config, const Edit& edit) {
  auto old = find_failed(store, edit.id);
  if (!old) return old.error();
  auto message = changed(old->message, edit);
  if (auto fine = check_message(message, SendingRules{&config, &store.config(), true}); !fine) return fine.error();
  return Planned{std::move(*old), std::move(message)};
}

/// The new message could not be persisted: the old one is failed again.
Error take_back(store::Store& store, const Planned& planned, const Edit& edit, const Error& why) {
  const std::array tickets{planned.old.ticket};
  const auto restored = store.restore(tickets, edit.who, "the edited message could not be persisted");
  const auto now = restored && *restored == 1 ? "it is failed as before" : "it is dropped: restore it";
  return {why.code(), "message '" + edit.id + "' was not sent, " + now + ": " + why.message()};
}

}  // namespace

Result<store::Troubled> find_failed(store::Store& store, const std::string& id,
                                    const std::vector<std::string>& within) {
  for (const char* state : {"failed", "sending", "dropped"}) {
    store::FailedFilter filter;
    filter.id = id;
    filter.state = state;
    filter.limit = 1;
    filter.within = within;
    auto found = store.troubled(filter);
    if (!found) return found.error();
    if (found->empty()) continue;
    if (filter.state == "failed") return std::move(found->front());
    return Error(ErrorCode::refused, "message '" + id + "' is " + state + ", not failed");
  }
  return Error(ErrorCode::not_found,
               "there is no failed message '" + id + "' (`waybill explain " + id + "` says more)");
}

Result<Message> edited_message(store::Store& store, const Config& config, const Edit& edit) {
  auto planned = plan(store, config, edit);
  if (!planned) return planned.error();
  return std::move(planned->message);
}

Result<MessageId> send_edited(store::Store& store, const Config& config, const Edit& edit) {
  if (edit.why.empty()) {
    return Error(ErrorCode::invalid_argument, "'why' is missing: say the reason, it is kept with the message");
  }
  auto planned = plan(store, config, edit);
  if (!planned) return planned.error();
  planned->message.id = MessageId(make_uuid7());
  const auto& id = planned->message.id.str();
  Deed deed{"edit", {}, edit.who, edit.why, edit.from};
  deed.about.id = edit.id;
  deed.about.topic = planned->old.message.topic.str();
  const auto begun = begin_deed(store, deed, "it may be dropped without its successor " + id + " being sent");
  if (!begun) return begun.error();
  const std::array tickets{planned->old.ticket};
  const auto dropped = store.drop(tickets, edit.who, "edited, sent as " + id + ": " + edit.why);
  if (!dropped) return dropped.error();
  Status sent;
  if (*dropped == 0) {
    sent = Error(ErrorCode::refused, "message '" + edit.id + "' was changed by somebody else meanwhile");
  } else if (auto persisted = store.persist(std::array{planned->message}); !persisted) {
    sent = take_back(store, *planned, edit, persisted.error());
  }
  std::vector<store::OperationResult> results;
  if (sent) results.push_back({1, edit.id, "sent as " + id});
  const auto ended = end_deed(store, *begun, results, sent ? "" : sent.error().message());
  if (!sent) return sent.error();
  if (!ended) return ended.error();
  return planned->message.id;
}

}  // namespace waybill::admin

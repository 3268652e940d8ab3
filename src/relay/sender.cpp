// The public face of the in-process way.

#include "waybill/sender.h"

#include <string_view>
#include <utility>

#include "core/config.hpp"
#include "relay/direct_sender.hpp"
#include "relay/tables.hpp"

namespace waybill {
namespace {

Result<StoreConfig> redis_store(const Config& config, const std::string& name) {
  const StoreConfig* store = config.store(name);
  if (store == nullptr) {
    return Error{ErrorCode::invalid_configuration, "there is no [store." + name + "] in " + config.file};
  }
  const std::string_view url = store->url.reveal();
  if (!url.starts_with("redis://") && !url.starts_with("rediss://")) {
    return Error{ErrorCode::invalid_configuration,
                 "store '" + name + "' is no Redis: in SQL, add the message in the transaction of your business row"};
  }
  return *store;
}

}  // namespace

std::string_view to_string(Answer::Kind kind) noexcept {
  switch (kind) {
    case Answer::Kind::ack:
      return "ack";
    case Answer::Kind::nack:
      return "nack";
    case Answer::Kind::in_doubt:
      return "in_doubt";
    case Answer::Kind::relayed:
      return "relayed";
  }
  return "";
}

std::string_view to_string(Answer::Next next) noexcept {
  switch (next) {
    case Answer::Next::nothing:
      return "nothing";
    case Answer::Next::relay:
      return "relay";
    case Answer::Next::dropped:
      return "dropped";
    case Answer::Next::failed:
      return "failed";
  }
  return "";
}

Result<std::unique_ptr<Sender>> Sender::open(const std::string& config_file, const std::string& store,
                                             OnAnswer on_answer, LogSink log) {
  auto config = load_config(config_file);
  if (!config) return config.error();
  if (auto ready = config->ready_to_relay(); !ready) return ready.error();
  auto chosen = redis_store(*config, store);
  if (!chosen) return chosen.error();
  auto opened = store::open_store(*chosen);
  if (!opened) return opened.error();
  auto schema = (*opened)->schema();
  if (!schema) return schema.error();
  if (auto usable = relay::require_current(*schema, store); !usable) return usable.error();
  // A later migration may have raised it.
  auto lanes = (*opened)->lanes();
  if (!lanes) return lanes.error();
  chosen->lanes = *lanes;
  if (!on_answer) on_answer = [](const Answer&) {};
  if (!log) log = [](std::string_view, std::string_view) {};
  return std::unique_ptr<Sender>(std::make_unique<relay::DirectSender>(*config, *chosen, std::move(*opened),
                                                                       std::move(on_answer), std::move(log)));
}

}  // namespace waybill

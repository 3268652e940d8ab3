#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "broker/backoff.hpp"
#include "broker/rocketmq/calls.hpp"
#include "broker/rocketmq/channel.hpp"
#include "broker/rocketmq/receipts.hpp"
#include "broker/rocketmq/subscription.hpp"
#include "broker/rocketmq/telemetry.hpp"
#include "broker/rocketmq/topic_route.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::rocketmq {

/// Receives what one broker has for the group, on a thread of its own, and keeps invisible to others what takes long
/// here. RocketMQ wants to be told who consumes before it gives anything away, by a stream that stays open.
class Receiver {
 public:
  /// `wake` is called when there is something to hand out, or a fault.
  Receiver(const Settings& settings, const Identity& identity, Subscription subscription, Source source,
           Receipts& receipts, std::function<void()> wake);
  /// Ends the thread; after Receipts::stop(). Blocks until the poll under way has ended, up to five seconds: what it
  /// still brings is given back.
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  /// What waiting alone will not mend. Any thread.
  Status take_fault();
  /// For calls about what it received. Any thread.
  Stub& stub() const { return *stub_; }

 private:
  void run();
  bool introduce_ourselves();
  bool say_that_we_are_there();
  bool receive();
  bool take(const v2::ReceiveMessageResponse& response, std::size_t& reserved);
  void keep_invisible();
  std::optional<v2::ChangeInvisibleDurationResponse> change_invisible(const Receipt& receipt, Duration to);
  bool is_stopping();
  void leave();
  void note(const v2::Status& status);
  void note(ErrorCode code, const std::string& words);
  /// The context of the call that the thread waits for, so that the end of the receiver ends it too.
  void begin(grpc::ClientContext& context);
  void end();

  const Settings& settings_;
  const Identity& identity_;
  const Subscription subscription_;
  const Source source_;
  Receipts& receipts_;
  const std::function<void()> wake_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<Stub> stub_;

  std::unique_ptr<Telemetry> telemetry_;
  MonoTime said_at_{};  ///< when we last said that we are there
  Backoff backoff_{std::chrono::seconds{5}};

  std::mutex mutex_;
  Status fault_;                            ///< guarded by mutex_
  grpc::ClientContext* current_ = nullptr;  ///< guarded by mutex_
  std::condition_variable stopped_;
  bool stopping_ = false;  ///< guarded by mutex_
  std::thread thread_;
};

/// After which what was given back is handed out again: a message that nobody can work on does not spin.
inline constexpr Duration give_back_after = std::chrono::seconds{1};
v2::ChangeInvisibleDurationRequest invisible_request(const Subscription& subscription, const Receipt& receipt,
                                                     Duration to);

}  // namespace waybill::broker::rocketmq

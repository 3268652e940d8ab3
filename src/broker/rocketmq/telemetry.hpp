#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <string>

#include "broker/rocketmq/calls.hpp"
#include "broker/rocketmq/channel.hpp"
#include "broker/rocketmq/subscription.hpp"
#include "core/time.hpp"

namespace waybill::broker::rocketmq {

/// The stream by which a proxy knows who consumes. It gives nothing away without it, and takes back what was not
/// answered when it ends.
class Telemetry final : private grpc::ClientBidiReactor<v2::TelemetryCommand, v2::TelemetryCommand> {
 public:
  Telemetry(Stub& stub, const Identity& identity, const Subscription& subscription);
  /// Ends the stream. Blocks for its end, which comes at once.
  ~Telemetry() override;

  /// Waits until the proxy knows us. The status is that of the stream if it has ended, DEADLINE_EXCEEDED if it did not
  /// answer in time.
  grpc::Status wait_known(Deadline deadline);

 private:
  void OnWriteDone(bool ok) override;
  void OnReadDone(bool ok) override;
  void OnDone(const grpc::Status& status) override;

  grpc::ClientContext context_;
  v2::TelemetryCommand said_, heard_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool known_ = false;   ///< guarded by mutex_
  bool done_ = false;    ///< guarded by mutex_
  grpc::Status status_;  ///< of the end; guarded by mutex_
};

}  // namespace waybill::broker::rocketmq

#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "broker/rocketmq/settings.hpp"
#include "core/time.hpp"
#include "waybill/result.h"

namespace waybill::broker::rocketmq {

/// A channel to one proxy. Makes no connection before the first call. Errors: a PEM file that can't be read.
Result<std::shared_ptr<grpc::Channel>> open_channel(const Settings& settings, const Address& address);

/// Who we are in every call: RocketMQ keeps what a client told it by the client's id.
class Identity {
 public:
  explicit Identity(const Settings& settings);

  /// What each call needs: the login and our id.
  void introduce(grpc::ClientContext& context) const;
  /// And a time after which nobody waits for its answer any more.
  void introduce(grpc::ClientContext& context, Duration limit) const;
  const std::string& id() const { return id_; }

 private:
  std::string id_;
  std::string access_key_;
  Secret secret_key_;
  std::string resource_namespace_;
};

}  // namespace waybill::broker::rocketmq

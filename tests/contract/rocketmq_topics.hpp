#pragma once

#include <cstdint>
#include <string>

namespace waybill::testing {

/// Makes and removes topics of a RocketMQ broker, and changes its settings, by its remoting protocol. Each gives what
/// went wrong, or nothing. Source of the frame and of the codes: RocketMQ's classes RemotingCommand and RequestCode.
class RocketMqTopics {
 public:
  /// `broker` is `host:port` of the broker itself, not of its proxy.
  explicit RocketMqTopics(const std::string& broker);

  /// `kind` is NORMAL, FIFO, DELAY, TRANSACTION or MIXED.
  std::string create(const std::string& name, const std::string& kind, int queues = 1, int permission = 6) const;
  /// Consumers of a group that nobody made get nothing.
  std::string create_group(const std::string& name) const;
  std::string remove(const std::string& name) const;
  std::string set_broker(const std::string& name, const std::string& value) const;

 private:
  std::string ask(int code, const std::string& fields, const std::string& body) const;

  std::string host_;
  std::uint16_t port_ = 0;
};

}  // namespace waybill::testing

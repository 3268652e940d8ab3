#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/rabbitmq/frame.hpp"
#include "waybill/consumer.h"

namespace waybill::broker::rabbitmq {

/// Puts a delivery together from `basic.deliver`, a content header and body frames.
class DeliveryAssembly {
 public:
  /// The arguments of `basic.deliver`. False: malformed, or in the middle of another one.
  bool begin(std::string_view arguments);
  /// The next content frame. False: malformed, or longer than announced.
  bool add(const Frame& frame);
  /// The delivery once it is whole.
  std::optional<Delivery> take();

 private:
  enum class Stage { idle, header, body, whole };
  bool add_header(std::string_view payload);
  bool read_headers(std::string_view table);

  Stage stage_ = Stage::idle;
  Delivery delivery_;
  std::uint64_t body_left_ = 0;
};

}  // namespace waybill::broker::rabbitmq

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/publisher.hpp"
#include "broker/rabbitmq/frame.hpp"
#include "waybill/result.h"

namespace waybill::broker::rabbitmq {

/// Puts a message into AMQP's words: `basic.publish` (persistent, mandatory) and the content header.
class ContentEncoder {
 public:
  /// Adds method and header; the body is the caller's to add. An error says what can't be expressed on this wire (a
  /// name over 255 bytes, headers larger than a frame), and nothing was added.
  Status begin(FrameWriter& out, std::uint16_t channel, const Outgoing& message);

 private:
  void collect_headers(const Outgoing& message);
  void text(std::string_view name, std::string_view value);

  std::vector<amqp_table_entry_t> entries_;   ///< kept between messages, so that none allocates
  std::vector<std::string> attribute_names_;  ///< what entries_ looks at
};

}  // namespace waybill::broker::rabbitmq

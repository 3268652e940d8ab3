#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace waybill {

/// `[decoder.NAME]`: a program that makes text of payloads which nobody can read as they are, such as Avro's and
/// Protobuf's.
struct DecoderConfig {
  std::string name;
  std::vector<std::string> topics;   ///< globs of the messages whose payloads it reads
  std::vector<std::string> command;  ///< the program's absolute path, and its arguments: no shell reads them
  Duration timeout = std::chrono::seconds{2};
};

}  // namespace waybill

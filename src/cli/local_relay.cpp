#include "cli/local_relay.hpp"

#include <chrono>
#include <cstdlib>

#include "http/client.hpp"

namespace waybill::cli {
namespace {

constexpr Duration patience = std::chrono::seconds{5};

std::string token() {
  const char* value = std::getenv("WAYBILL_TOKEN");
  return value == nullptr ? "" : value;
}

}  // namespace

Result<std::string> ask_local_relay(const Config& config, const std::string& target) {
  if (config.http.enabled && config.http.port != 0) return http::get(config.http, target, token(), patience);
  return Error(ErrorCode::unsupported,
               "the relay of " + config.file + " answers at no fixed address: set [http] listen");
}

}  // namespace waybill::cli

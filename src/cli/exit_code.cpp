#include "cli/exit_code.hpp"

namespace waybill::cli {

ExitCode exit_code(const Error& error) noexcept {
  switch (error.code()) {
    case ErrorCode::invalid_argument:
    case ErrorCode::invalid_configuration:
    case ErrorCode::missing_secret:
      return wrong_usage;
    case ErrorCode::unreachable:
    case ErrorCode::unauthorized:
    case ErrorCode::timeout:
      return unreachable;
    case ErrorCode::not_found:
      return nothing_matched;
    default:
      return failed;
  }
}

}  // namespace waybill::cli

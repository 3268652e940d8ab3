#include "waybill/result.h"

namespace waybill {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::invalid_argument:
      return "invalid_argument";
    case ErrorCode::invalid_configuration:
      return "invalid_configuration";
    case ErrorCode::missing_secret:
      return "missing_secret";
    case ErrorCode::missing_schema:
      return "missing_schema";
    case ErrorCode::newer_schema:
      return "newer_schema";
    case ErrorCode::older_schema:
      return "older_schema";
    case ErrorCode::moved_store:
      return "moved_store";
    case ErrorCode::unreachable:
      return "unreachable";
    case ErrorCode::unauthorized:
      return "unauthorized";
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::busy:
      return "busy";
    case ErrorCode::read_only:
      return "read_only";
    case ErrorCode::disk_full:
      return "disk_full";
    case ErrorCode::lost_lane:
      return "lost_lane";
    case ErrorCode::not_found:
      return "not_found";
    case ErrorCode::refused:
      return "refused";
    case ErrorCode::unsupported:
      return "unsupported";
    case ErrorCode::in_doubt:
      return "in_doubt";
    case ErrorCode::corrupt:
      return "corrupt";
    case ErrorCode::internal:
      return "internal";
  }
  return "internal";
}

BadResult::BadResult(const Error* held)
    : std::logic_error(held == nullptr ? "the result holds no error"
                                       : std::string(to_string(held->code())) + ": " + held->message()) {}

}  // namespace waybill

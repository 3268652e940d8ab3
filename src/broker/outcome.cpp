#include "broker/publisher.hpp"

namespace waybill::broker {

std::string_view to_string(OutcomeKind kind) noexcept {
  switch (kind) {
    case OutcomeKind::confirmed:
      return "confirmed";
    case OutcomeKind::rejected:
      return "rejected";
    case OutcomeKind::unroutable:
      return "unroutable";
    case OutcomeKind::in_doubt:
      return "in_doubt";
    case OutcomeKind::unsent:
      return "unsent";
    case OutcomeKind::undeliverable:
      return "undeliverable";
    case OutcomeKind::route_fault:
      return "route_fault";
  }
  return "unknown";
}

}  // namespace waybill::broker

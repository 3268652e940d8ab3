#include "relay/refusal.hpp"

namespace waybill::relay {

AfterRefusal after_refusal(const RouteConfig& route, broker::OutcomeKind kind, std::uint32_t tries) {
  const bool unroutable = kind == broker::OutcomeKind::unroutable;
  if (unroutable ? route.on_unroutable == OnUnroutable::drop : route.on_nack == OnNack::drop) return AfterRefusal::drop;
  const bool again = unroutable ? route.on_unroutable == OnUnroutable::resend : route.on_nack == OnNack::resend;
  return again && tries <= route.max_attempts ? AfterRefusal::again : AfterRefusal::fail;
}

}  // namespace waybill::relay

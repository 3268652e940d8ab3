#include "broker/kafka/hint.hpp"

#include "broker/protocol_guess.hpp"

namespace waybill::broker::kafka {

std::string hint_beside(const std::string& complaint, const BrokerConfig& config, const std::string& servers) {
  const bool encrypted = config.url.reveal().starts_with("kafkas://");
  if (auto hint = hint_at_certificate(complaint, config.cert_file); !hint.empty()) return hint;
  return hint_at_another(servers, {"Kafka", encrypted ? "" : "kafkas"});
}

}  // namespace waybill::broker::kafka

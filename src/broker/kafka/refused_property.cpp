#include "broker/kafka/refused_property.hpp"

namespace waybill::broker::kafka {
namespace {

struct Refusal {
  std::string_view name;
  std::string_view reason;
};

constexpr std::string_view all_replicas =
    "only a message that all in-sync replicas have is confirmed (acks = all, always)";
constexpr std::string_view idempotent =
    "the producer is idempotent, so that what the library sends again is neither doubled nor out of order";
constexpr std::string_view no_time_out =
    "the library goes on until the broker has answered: what it gave up could still arrive, and would be doubled";
constexpr std::string_view from_url = "it comes from the broker's url";
constexpr std::string_view from_keys = "write ca_file, cert_file, key_file or insecure of the broker instead";
constexpr std::string_view reports = "every message needs its delivery report";
constexpr std::string_view consumer_side = "the consumer commits after the effect, and nothing else moves its position";

constexpr Refusal refusals[] = {
    {"acks", all_replicas},
    {"request.required.acks", all_replicas},
    {"enable.idempotence", idempotent},
    {"enable.gapless.guarantee", "one failed message would end the producer for all others"},
    {"max.in.flight", idempotent},
    {"max.in.flight.requests.per.connection", idempotent},
    {"retries", no_time_out},
    {"message.send.max.retries", no_time_out},
    {"message.timeout.ms", no_time_out},
    {"delivery.timeout.ms", no_time_out},
    {"transactional.id", "a transaction would keep its messages from consumers until somebody commits it"},
    {"bootstrap.servers", from_url},
    {"metadata.broker.list", from_url},
    {"security.protocol", from_url},
    {"sasl.username", from_url},
    {"sasl.password", from_url},
    {"ssl.ca.location", from_keys},
    {"ssl.certificate.location", from_keys},
    {"ssl.key.location", from_keys},
    {"enable.ssl.certificate.verification", from_keys},
    {"delivery.report.only.error", reports},
    {"enabled_events", reports},
    {"log.queue", "nobody reads that queue"},
    {"plugin.library.paths", "foreign code would run between Waybill and the broker"},
    {"allow.auto.create.topics", "a misspelt topic must show as a fault of its route, not become a topic"},
    {"group.id", "it is the consumer's own option"},
    {"enable.auto.commit", consumer_side},
    {"auto.commit.enable", consumer_side},
    {"enable.auto.offset.store", consumer_side},
    {"isolation.level", consumer_side},
};

}  // namespace

std::optional<std::string> reason_to_refuse(std::string_view name, std::string_view value) {
  for (const Refusal& refusal : refusals) {
    if (name == refusal.name) return std::string(refusal.reason);
  }
  if (name == "partitioner" && value == "random") return "messages of one key would lose their order";
  if (name == "partition.assignment.strategy" && value.find("cooperative") != std::string_view::npos) {
    return "the consumer gives all its partitions back when the group changes";
  }
  if (name == "queuing.strategy" && value != "fifo") return "messages would lose their order";
  return std::nullopt;
}

}  // namespace waybill::broker::kafka

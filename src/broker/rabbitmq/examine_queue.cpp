#include "broker/rabbitmq/examine_queue.hpp"

#include <cstdlib>
#include <nlohmann/json.hpp>

namespace waybill::broker::rabbitmq {
namespace {

using Json = nlohmann::json;
using Severity = Finding::Severity;

/// A setting of the queue: an argument (`x-max-length`) or the effective policy's (`max-length`); null when neither.
Json setting(const Json& queue, const std::string& name) {
  for (const auto& [where, key] : {std::pair{"arguments", "x-" + name}, {"effective_policy_definition", name}}) {
    const auto part = queue.find(where);
    if (part != queue.end() && part->is_object() && part->contains(key)) return part->at(key);
  }
  return nullptr;
}

std::string text_of(const Json& queue, const char* key) {
  const auto found = queue.find(key);
  return found != queue.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void examine_durability(const Json& queue, const std::string& name, const std::string& subject,
                        std::vector<Finding>& findings) {
  const std::string type = text_of(queue, "type");
  if (queue.value("durable", true) == false) {
    findings.push_back({"WB-D311", Severity::critical, subject,
                        name + " is not durable: a restart of the broker loses what it has confirmed",
                        "declare it again as a durable quorum queue"});
  }
  if (type == "quorum") {
    const auto members = queue.find("members");
    if (members != queue.end() && members->is_array() && members->size() < 3) {
      findings.push_back({"WB-D315", Severity::info, subject,
                          name + " has " + std::to_string(members->size()) +
                              " member(s): confirmed messages are on disk, but not on a second machine",
                          "run three nodes for what must survive the loss of one"});
    }
    return;
  }
  findings.push_back({"WB-D310", Severity::warning, subject,
                      name + " is a " + (type.empty() ? "classic" : type) +
                          " queue: a confirm does not mean that the message survives a power cut",
                      "declare it with x-queue-type = quorum"});
}

void examine_limits(const Json& queue, const std::string& name, const std::string& subject,
                    std::vector<Finding>& findings) {
  const bool limited = !setting(queue, "max-length").is_null() || !setting(queue, "max-length-bytes").is_null();
  const Json overflow = setting(queue, "overflow");
  const bool rejects = overflow == "reject-publish" || overflow == "reject-publish-dlx";
  if (limited && !rejects) {
    findings.push_back(
        {"WB-D312", Severity::critical, subject,
         name + " drops its oldest confirmed messages when it reaches its length limit (overflow drop-head)",
         "set overflow = reject-publish, then Waybill keeps what does not fit"});
  }
  for (const char* key : {"message-ttl", "expires"}) {
    const Json value = setting(queue, key);
    if (value.is_null()) continue;
    findings.push_back({"WB-D313", Severity::warning, subject,
                        name + " forgets confirmed messages by " + key + " = " + value.dump() + " ms",
                        "remove the limit, or name a dead-letter exchange that somebody watches"});
  }
}

void examine_delivery_limit(const Json& queue, const std::string& version, const std::string& name,
                            const std::string& subject, std::vector<Finding>& findings) {
  if (text_of(queue, "type") != "quorum" || !setting(queue, "dead-letter-exchange").is_null()) return;
  const Json limit = setting(queue, "delivery-limit");
  const bool by_default = limit.is_null() && std::atoi(version.c_str()) >= 4;
  if (limit.is_null() && !by_default) return;
  findings.push_back({"WB-D314", Severity::warning, subject,
                      name + " drops a message after " + (by_default ? std::string("20") : limit.dump()) +
                          " failed deliveries, and no dead-letter exchange catches it",
                      "name a dead-letter exchange with dead-letter-strategy = at-least-once"});
}

}  // namespace

void examine_queue(const Json& queue, const std::string& version, const std::string& subject,
                   std::vector<Finding>& findings) {
  const std::string name = "queue '" + text_of(queue, "name") + "'";
  examine_durability(queue, name, subject, findings);
  examine_limits(queue, name, subject, findings);
  examine_delivery_limit(queue, version, name, subject, findings);
  const std::string state = text_of(queue, "state");
  if (!state.empty() && state != "running" && state != "idle") {
    findings.push_back({"WB-D316", Severity::critical, subject,
                        name + " is in state " + state + ": nothing is confirmed until that ends",
                        "see the broker's log"});
  }
}

}  // namespace waybill::broker::rabbitmq

#include "admin/doctor.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "admin/search.hpp"
#include "admin/stores.hpp"
#include "broker/publisher.hpp"
#include "core/text.hpp"

namespace waybill::admin {
namespace {

using Severity = Finding::Severity;

/// Where the broker's routes lead. What only a message tells stays a template, which no broker looks for.
std::vector<broker::Destination> destinations_of(const Config& config, const std::string& broker) {
  std::vector<broker::Destination> destinations;
  for (const auto& route : config.routes) {
    if (route.broker != broker) continue;
    const bool is_one_topic = route.topic.find('*') == std::string::npos;
    const auto rendered = [&](const std::string& text) {
      return is_one_topic && text.find("{key}") == std::string::npos ? render_template(text, route.topic, "") : text;
    };
    destinations.push_back({rendered(route.exchange), rendered(route.routing_key), route.order == Order::key});
  }
  return destinations;
}

bool is_out_of_reach(const Error& error) {
  return error.code() == ErrorCode::unreachable || error.code() == ErrorCode::timeout ||
         error.code() == ErrorCode::unauthorized;
}

/// Rights that have ended, or end within a week: somebody will be surprised.
void examine_expiry(const std::string& subject, const Grant& grant, std::vector<Finding>& findings) {
  constexpr std::int64_t week_ms = 7LL * 24 * 3600 * 1000;
  if (!grant.expires_ms || *grant.expires_ms > wall_clock_ms() + week_ms) return;
  const bool is_over = *grant.expires_ms <= wall_clock_ms();
  findings.push_back({"WB-D914", is_over ? Severity::warning : Severity::info, subject,
                      (is_over ? "has expired at " : "expires at ") + format_when(*grant.expires_ms),
                      "remove it, or set a later `expires`"});
}

void examine_rights(const HttpConfig& http, std::vector<Finding>& findings) {
  for (const auto& token : http.tokens) examine_expiry("token " + token.name, token.grant, findings);
  for (const auto& user : http.users) examine_expiry("user " + user.name, user.grant, findings);
  for (const auto& group : http.groups) examine_expiry("group " + group.name, group.grant, findings);
}

void add(Result<std::vector<Finding>> found, const std::string& subject, Diagnosis& diagnosis) {
  if (found) {
    std::ranges::move(*found, std::back_inserter(diagnosis.findings));
    return;
  }
  diagnosis.findings.push_back(finding_of(found.error(), subject));
  if (!diagnosis.unreachable && is_out_of_reach(found.error())) diagnosis.unreachable = found.error();
}

}  // namespace

bool Diagnosis::has_critical() const {
  return std::ranges::any_of(findings, [](const Finding& f) { return f.severity == Severity::critical; });
}

std::string_view to_string(Finding::Severity severity) noexcept {
  switch (severity) {
    case Severity::ok:
      return "ok";
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::critical:
      return "critical";
  }
  return "unknown";
}

Finding finding_of(const Error& error, const std::string& subject) {
  if (is_out_of_reach(error)) {
    return {"WB-D901", Severity::critical, subject, error.message(),
            "start it, or correct its url in the configuration"};
  }
  return {"WB-D902", Severity::critical, subject, error.message(), "see the message"};
}

std::vector<Finding> examine_configuration(const Config& config) {
  std::vector<Finding> findings;
  if (auto ready = config.ready_to_relay(); !ready) {
    findings.push_back({"WB-D910", Severity::warning, config.file, ready.error().message(),
                        "add it before you start `waybill relay`"});
  }
  for (const auto& broker : config.brokers) {
    if (!broker.insecure) continue;
    findings.push_back({"WB-D911", Severity::warning, "broker " + broker.name,
                        "insecure = true: the server's certificate is not checked, so anybody in between can read and "
                        "change messages",
                        "set ca_file and remove insecure"});
  }
  examine_rights(config.http, findings);
  for (const auto& decoder : config.decoders) {
    const auto& program = decoder.command.front();
    if (access(program.c_str(), X_OK) == 0) continue;
    findings.push_back({"WB-D915", Severity::warning, "decoder " + decoder.name,
                        program + " can't be run here: " + std::generic_category().message(errno),
                        "install it, or correct `command`"});
  }
  constexpr std::int64_t january_2024_ms = 1'704'067'200'000;
  if (wall_clock_ms() < january_2024_ms) {
    findings.push_back({"WB-D912", Severity::warning, "clock",
                        "this host's clock says " + format_when(wall_clock_ms()) +
                            ": new ids would look older than the inbox's oldest mark and be answered with 'expired'",
                        "set the clock (NTP)"});
  } else {
    findings.push_back(
        {"WB-D913", Severity::ok, "clock",
         "this host's clock says " + format_when(wall_clock_ms()) + "; no decision compares two hosts' clocks", ""});
  }
  return findings;
}

Diagnosis diagnose(const Config& config, std::span<const std::unique_ptr<store::Store>> stores) {
  Diagnosis diagnosis{examine_configuration(config), std::nullopt};
  for (const auto& store : stores) {
    const auto subject = "store " + store->config().name;
    add(store->examine(), subject, diagnosis);
    if (auto usable = require_schema(*store); !usable && !is_out_of_reach(usable.error())) {
      diagnosis.findings.push_back(
          {"WB-D920", Severity::critical, subject, usable.error().message(), "waybill migrate"});
    }
  }
  for (const auto& broker : config.brokers) {
    add(broker::examine_broker(broker, destinations_of(config, broker.name)), "broker " + broker.name, diagnosis);
  }
  return diagnosis;
}

Json diagnosis_json(const Diagnosis& diagnosis) {
  Json json{{"critical", 0}, {"warnings", 0}, {"findings", Json::array()}};
  int critical = 0;
  int warnings = 0;
  for (const auto& finding : diagnosis.findings) {
    critical += finding.severity == Severity::critical ? 1 : 0;
    warnings += finding.severity == Severity::warning ? 1 : 0;
    json["findings"].push_back({{"code", finding.code},
                                {"severity", to_string(finding.severity)},
                                {"subject", finding.subject},
                                {"text", finding.text},
                                {"remedy", finding.remedy}});
  }
  json["critical"] = critical;
  json["warnings"] = warnings;
  return json;
}

}  // namespace waybill::admin

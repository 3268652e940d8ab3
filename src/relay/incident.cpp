#include "relay/incident.hpp"

namespace waybill::relay {
namespace {

std::string_view verb(Incident::Kind kind) noexcept {
  return kind == Incident::Kind::retried ? "will be tried again" : to_string(kind);
}

}  // namespace

std::string_view to_string(Incident::Kind kind) noexcept {
  switch (kind) {
    case Incident::Kind::failed:
      return "failed";
    case Incident::Kind::dropped:
      return "dropped";
    case Incident::Kind::retried:
      return "retried";
  }
  return "unknown";
}

std::string_view level_of(const Incident& incident) noexcept {
  return incident.kind == Incident::Kind::failed ? "warn" : "info";
}

std::string in_words(const Incident& incident) {
  std::string text = "message '" + incident.id + "' (" + incident.topic + ") ";
  text.append(verb(incident.kind)).append(": ").append(incident.reason);
  if (!incident.answer.empty()) text.append(": ").append(incident.answer);
  return text;
}

}  // namespace waybill::relay

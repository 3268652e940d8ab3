#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waybill::broker {

/// What another server than the expected one seems to listen at `host:port` (of a list, the first): `RabbitMQ`, `HTTP`,
/// ...; nothing when none does, or when it can't be told. For error messages: a wrong port is a common mistake, and
/// client libraries only say that the connection was closed. Blocks for at most about a second.
std::optional<std::string> other_protocol_at(const std::string& servers);

/// What a server is taken for.
struct Expected {
  std::string_view name;           ///< `Kafka`
  std::string_view secure_scheme;  ///< what a URL for TLS begins with; empty: this one does
  std::string_view kin{};          ///< what a server of this kind looks like too
};

/// The same for the end of an error message: `; what listens there looks like RabbitMQ, not like Kafka`, or that it
/// speaks TLS where the URL does not, or nothing.
std::string hint_at_another(const std::string& servers, const Expected& expected);

/// `; the broker asks for a client's certificate: set cert_file and key_file`, when the complaint is OpenSSL's about
/// one that was not brought; else nothing.
std::string hint_at_certificate(std::string_view complaint, const std::string& cert_file);

/// What a server is by its first bytes: its greeting, or its answer to an HTTP request.
std::optional<std::string> protocol_of(const std::string& first_bytes);

}  // namespace waybill::broker

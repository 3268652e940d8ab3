#pragma once

/// \file
/// What the sections of stores and brokers have in common: the key `url`, and the files of a TLS connection.

#include <span>
#include <string>
#include <string_view>

#include "core/config/section.hpp"
#include "core/secret.hpp"

namespace waybill::config {

/// Reads the key `url`, which may be a secret. Gives its scheme, or nothing after a finding.
std::string read_url(Section& section, Secret& target, std::span<const std::string_view> schemes);

/// The PEM files of a TLS connection; `secure` is the scheme that means one.
template <class Config>
void read_tls(Section& section, Config& config, bool has_tls, std::string_view secure) {
  section.read_text("ca_file", config.ca_file);
  section.read_text("cert_file", config.cert_file);
  section.read_text("key_file", config.key_file);
  section.read_flag("insecure", config.insecure);
  for (const auto key : {"ca_file", "cert_file", "key_file", "insecure"}) {
    if (section.has(key) && !has_tls) {
      section.fail(key, "has no effect without TLS; write " + std::string{secure} + ":// in the url");
    }
  }
  if (config.cert_file.empty() != config.key_file.empty()) {
    section.fail(config.cert_file.empty() ? "key_file" : "cert_file", "cert_file and key_file are needed together");
  }
}

}  // namespace waybill::config

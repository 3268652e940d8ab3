#include "broker/examine_transport.hpp"

#include "core/open_way.hpp"
#include "core/url.hpp"

namespace waybill::broker {
namespace {

using Severity = Finding::Severity;

}  // namespace

void examine_transport(const TransportSecurity& security, const std::string& subject, std::vector<Finding>& findings) {
  if (security.tls && security.insecure) {
    findings.push_back(
        {"WB-D304", Severity::critical, subject,
         "insecure = true: the broker's certificate is not checked, anybody on the way can read and change "
         "messages",
         "remove insecure and name the authority by ca_file"});
  } else if (!security.tls && !stays_on_this_host(security.host)) {
    findings.push_back({"WB-D304", Severity::warning, subject, open_way, "use " + security.secure_scheme + "://"});
  }
}

}  // namespace waybill::broker

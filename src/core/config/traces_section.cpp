#include <algorithm>

#include "core/config/sections.hpp"
#include "core/url.hpp"

namespace waybill::config {
namespace {

constexpr std::uint16_t usual_port = 4318, secure_port = 443;
constexpr const char* usual_path = "/v1/traces";

void read_endpoint(Section& section, TracesConfig& traces) {
  std::string endpoint;
  section.require("endpoint", "endpoint = \"http://127.0.0.1:4318\"");
  section.read_text("endpoint", endpoint);
  if (!section.has("endpoint")) return;
  const auto url = parse_url(endpoint);
  if (!url) return section.fail("endpoint", url.error().message());
  if (url->scheme != "http" && url->scheme != "https")
    return section.fail("endpoint", "'" + mask_url(endpoint) + "' is no http:// or https:// URL");
  if (!url->user.empty() || !url->password.empty())
    return section.fail("endpoint",
                        "a user and password do not belong here: set headers = { Authorization = \"...\" }");
  if (!url->query.empty()) return section.fail("endpoint", "has a query; OTLP has none");
  if (url->host.empty()) return section.fail("endpoint", "'" + endpoint + "' names no host");
  traces.tls = url->scheme == "https";
  traces.host = url->host;
  traces.port = url->port != 0 ? url->port : traces.tls ? secure_port : usual_port;
  traces.path = url->path.empty() || url->path == "/" ? usual_path : url->path;
}

/// What would end the header, and begin another.
bool is_one_line(const Property& header) {
  const auto is_control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
  const auto& value = header.value.reveal();
  return !header.name.empty() && header.name.find_first_of(": \t") == std::string::npos &&
         std::none_of(header.name.begin(), header.name.end(), is_control) &&
         std::none_of(value.begin(), value.end(), is_control);
}

}  // namespace

TracesConfig read_traces(const Entry& root, Findings& findings) {
  TracesConfig traces;
  Section section{root.value, root.place, "traces", findings};
  read_endpoint(section, traces);
  section.read_text("ca_file", traces.ca_file);
  section.read_text("service", traces.service);
  section.read_properties("headers", traces.headers);
  if (traces.service.empty()) section.fail("service", "is empty; leave it out, or give the name that traces show");
  if (!traces.ca_file.empty() && traces.is_on() && !traces.tls) section.fail("ca_file", "is for an https:// endpoint");
  for (const auto& header : traces.headers) {
    if (!is_one_line(header)) section.fail("headers", "'" + header.name + "' is no header that HTTP can carry");
  }
  section.finish();
  return traces;
}

}  // namespace waybill::config

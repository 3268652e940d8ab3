#include "core/config/document.hpp"
#include "core/config/sections.hpp"
#include "core/config_shape.hpp"

namespace waybill {
namespace {

/// Every table that a file may have, so that each is read once; beside them the keys that are only looked for when they
/// are there.
constexpr std::string_view every_table = R"(
store.NAME = {}
broker.NAME = {}
route = [{}]
relay = {}
inbox = {}
sync.NAME = { apply = {}, compare = {} }
log = {}
traces = { headers = {} }
decoder.NAME = {}
[http]
token.NAME = { role = "operator", may = [] }
proxy = { user_header = "", groups_header = "" }
user.NAME = { role = "operator", may = [] }
group.NAME = { role = "operator", may = [] }
)";

}  // namespace

std::vector<SectionShape> config_shape() {
  const auto root = config::read_document(every_table, "");
  if (!root) return {};
  config::Findings findings{""};
  (void)config::read_sections(*root, findings);
  return findings.shapes();
}

}  // namespace waybill

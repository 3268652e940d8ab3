#include <algorithm>

#include "core/config/sections.hpp"

namespace waybill::config {

InboxConfig read_inbox(const Entry& root, const std::vector<StoreConfig>& stores, Findings& findings) {
  InboxConfig inbox;
  Section section{root.value, root.place, "inbox", findings};
  section.read_texts("shards", inbox.shards);
  for (auto name = inbox.shards.begin(); name != inbox.shards.end(); ++name) {
    const bool known =
        std::any_of(stores.begin(), stores.end(), [&](const auto& store) { return store.name == *name; });
    if (!known) section.fail("shards", "there is no [store." + *name + "]; a shard is a store of that name");
    if (std::find(inbox.shards.begin(), name, *name) != name) section.fail("shards", "'" + *name + "' stands twice");
  }
  section.finish();
  return inbox;
}

}  // namespace waybill::config

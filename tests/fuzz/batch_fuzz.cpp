// The lines of `waybill send --batch`.

#include <cstdint>
#include <string_view>

#include "admin/sending.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const waybill::Config config;
  static const waybill::StoreConfig store;
  const waybill::admin::SendingRules rules{&config, &store, false};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  [[maybe_unused]] const auto messages = waybill::admin::parse_batch(text, "batch.ndjson", rules);
  return 0;
}

// A configuration file as a person may write it.

#include <cstdint>
#include <string_view>

#include "core/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  waybill::ConfigErrors errors;
  [[maybe_unused]] const auto config = waybill::parse_config(text, "waybill.toml", &errors);
  return 0;
}

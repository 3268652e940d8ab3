// The column `headers`, written by any language. What is read can be written and read again.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/headers_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto headers = waybill::headers_from_json({reinterpret_cast<const char*>(data), size});
  if (!headers) return 0;
  const auto again = waybill::headers_from_json(waybill::headers_to_json(*headers));
  if (!again || *again != *headers) std::abort();
  return 0;
}

// A lane's position as it is stored, and a server's snapshot: read at every take-over.

#include <cstdint>
#include <string_view>

#include "store/postgresql/outstanding.hpp"
#include "store/postgresql/progress.hpp"
#include "store/postgresql/snapshot.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  [[maybe_unused]] const auto pending = waybill::postgresql::pending_from_text(text);
  [[maybe_unused]] const auto seqs = waybill::postgresql::unpack_seqs(text);
  [[maybe_unused]] const auto snapshot = waybill::postgresql::parse_snapshot(text, "7");
  return 0;
}

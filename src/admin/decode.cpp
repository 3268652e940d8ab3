#include "admin/decode.hpp"

#include <semaphore>

#include "admin/child.hpp"
#include "core/validate.hpp"

namespace waybill::admin {
namespace {

constexpr std::size_t longest_text = 1u << 20;
constexpr std::ptrdiff_t most_at_once = 2;

// A page that many have open must not become as many programs.
std::counting_semaphore<most_at_once> places(most_at_once);

class Place {
 public:
  Place() : taken_(places.try_acquire()) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (taken_) places.release();
  }
  bool taken() const { return taken_; }

 private:
  const bool taken_;
};

Error named(const DecoderConfig& decoder, ErrorCode code, const std::string& what) {
  return {code, "decoder '" + decoder.name + "': " + what};
}

}  // namespace

Result<std::string> decode(const DecoderConfig& decoder, std::string_view payload) {
  const Place place;
  if (!place.taken()) return named(decoder, ErrorCode::busy, "two run already; try again");
  auto text = ask_child(decoder.command, payload, {decoder.timeout, longest_text});
  if (!text) return named(decoder, text.error().code(), text.error().message());
  if (!is_utf8(*text)) return named(decoder, ErrorCode::refused, "what it writes is no UTF-8 text");
  return text;
}

}  // namespace waybill::admin

#include "store/postgresql/outstanding.hpp"

#include <utility>

namespace waybill::postgresql {
namespace {

constexpr std::size_t max_stored = 10'000'000;  // more in one position can only be damage

void put(std::string& packed, std::uint64_t number) {
  while (number >= 0x80) {
    packed += static_cast<char>(0x80 | (number & 0x7f));
    number >>= 7;
  }
  packed += static_cast<char>(number);
}

bool take(std::string_view& packed, std::uint64_t& number) {
  number = 0;
  for (unsigned shift = 0; shift < 64 && !packed.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(packed.front());
    packed.remove_prefix(1);
    number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

std::uint64_t zigzag(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number) << 1;
  return number < 0 ? ~bits : bits;
}

std::int64_t unzigzag(std::uint64_t bits) {
  const auto half = static_cast<std::int64_t>(bits >> 1);
  return (bits & 1) != 0 ? ~half : half;
}

}  // namespace

void Outstanding::add(Seq seq, std::shared_ptr<const Message> message) {
  if (!place_.emplace(seq, first_ + entries_.size()).second) return;
  entries_.push_back({seq, false, std::move(message)});
}

void Outstanding::attach(Seq seq, std::shared_ptr<const Message> message) {
  const auto found = place_.find(seq);
  if (found != place_.end()) entries_[found->second - first_].message = std::move(message);
}

std::optional<std::shared_ptr<const Message>> Outstanding::settle(Seq seq) {
  const auto found = place_.find(seq);
  if (found == place_.end()) return std::nullopt;
  auto& entry = entries_[found->second - first_];
  entry.settled = true;
  auto message = std::move(entry.message);
  place_.erase(found);
  drop_settled();
  return message;
}

void Outstanding::drop_settled() {
  while (!entries_.empty() && entries_.front().settled) {
    entries_.pop_front();
    ++first_;
  }
  // One message that stays open must not keep the places of all that were settled after it.
  if (entries_.size() < 4096 || entries_.size() < 4 * place_.size()) return;
  std::deque<Entry> open;
  for (auto& entry : entries_) {
    if (entry.settled) continue;
    place_[entry.seq] = open.size();
    open.push_back(std::move(entry));
  }
  entries_ = std::move(open);
  first_ = 0;
}

std::vector<Seq> Outstanding::in_order() const {
  std::vector<Seq> seqs;
  seqs.reserve(place_.size());
  for (const auto& entry : entries_) {
    if (!entry.settled) seqs.push_back(entry.seq);
  }
  return seqs;
}

std::string pack_seqs(const std::vector<Seq>& seqs) {
  std::string packed;
  Seq end = 0;
  for (std::size_t i = 0; i < seqs.size();) {
    std::size_t length = 1;
    while (i + length < seqs.size() && seqs[i + length] == seqs[i] + static_cast<Seq>(length)) ++length;
    put(packed, zigzag(seqs[i] - end));
    put(packed, length);
    i += length;
    end = seqs[i - 1];
  }
  return packed;
}

Result<std::vector<Seq>> unpack_seqs(std::string_view packed) {
  std::vector<Seq> seqs;
  Seq end = 0;
  while (!packed.empty()) {
    std::uint64_t distance = 0;
    std::uint64_t length = 0;
    if (!take(packed, distance) || !take(packed, length) || length > max_stored - seqs.size()) {
      return Error{ErrorCode::corrupt, "a lane's stored position is damaged: its list of open messages can't be read"};
    }
    const Seq first = end + unzigzag(distance);
    for (std::uint64_t i = 0; i < length; ++i) seqs.push_back(first + static_cast<Seq>(i));
    if (length > 0) end = seqs.back();
  }
  return seqs;
}

}  // namespace waybill::postgresql

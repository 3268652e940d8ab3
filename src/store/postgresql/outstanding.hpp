#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/postgresql/progress.hpp"
#include "waybill/message.h"
#include "waybill/result.h"

namespace waybill::postgresql {

/// The fresh messages that were handed out, or are next to be handed out again, and are not settled; in the order in
/// which they left the outbox.
class Outstanding {
 public:
  void add(Seq seq, std::shared_ptr<const Message> message);
  /// Takes a message out; nullopt when it isn't here. The message is null when it was not handed out in this session.
  std::optional<std::shared_ptr<const Message>> settle(Seq seq);
  bool contains(Seq seq) const { return place_.contains(seq); }
  std::size_t size() const { return place_.size(); }
  /// Attaches the message to an entry that is already here.
  void attach(Seq seq, std::shared_ptr<const Message> message);

  std::vector<Seq> in_order() const;

 private:
  struct Entry {
    Seq seq = 0;
    bool settled = false;
    std::shared_ptr<const Message> message;
  };
  void drop_settled();

  std::deque<Entry> entries_;
  std::uint64_t first_ = 0;                       // number of entries_.front()
  std::unordered_map<Seq, std::uint64_t> place_;  // of what is not settled
};

/// Runs of numbers, each as the distance from the end of the run before it (zigzag) and its length, in 7-bit groups
/// with the lowest first: contiguous runs, the common case, take a few bytes.
std::string pack_seqs(const std::vector<Seq>& seqs);
Result<std::vector<Seq>> unpack_seqs(std::string_view packed);

}  // namespace waybill::postgresql

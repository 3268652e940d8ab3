#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "inbox/postgresql/shard_link.hpp"
#include "waybill/result.h"

namespace waybill::inbox::postgresql {

/// Copies the marks of one shard's share from the shard that had them, a page at a time. May be done again from the
/// start: what is there already stays as it is.
class ShareCopy {
 public:
  ShareCopy(ShardLink& from, ShardLink& to) : from_(from), to_(to) {}

  bool done() const noexcept { return done_; }
  /// One page; gives how many marks came. After the last one the bounds of what has expired follow.
  Result<std::uint64_t> next();

 private:
  Status copy_bounds();

  ShardLink& from_;
  ShardLink& to_;
  std::array<std::string, 3> after_;  ///< consumer, unique ID, fingerprint
  bool done_ = false;
};

}  // namespace waybill::inbox::postgresql

#pragma once

#include <string>
#include <utility>

#include "waybill/result.h"

namespace waybill::sqlite {

/// Ownership of the lane between processes: a lock on a file beside the database. The kernel frees it when the process
/// dies, so no lease and no clock decide who is the owner.
class Ownership {
 public:
  /// Takes the lock without waiting. Errors: `busy` when another relay has it; `unauthorized` or `read_only` when the
  /// file can't be made.
  static Result<Ownership> take(const std::string& database);
  /// Whether somebody, in this process or another, has the lock just now.
  static bool is_taken(const std::string& database);

  Ownership(Ownership&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  Ownership& operator=(Ownership&&) = delete;
  Ownership(const Ownership&) = delete;
  Ownership& operator=(const Ownership&) = delete;
  ~Ownership();

 private:
  explicit Ownership(int file) : file_(file) {}
  int file_;
};

}  // namespace waybill::sqlite

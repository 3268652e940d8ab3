#pragma once

/// \file
/// A SQLite VFS for tests: the system's own, whose writes can be made to fail or to end the process. It becomes the
/// default of this process, so that a store opens its files through it without knowing.

namespace waybill::contract {

class FaultyVfs {
 public:
  /// Installs it, once a process.
  static void install();
  /// Every write fails as on a full disk, until it is switched off.
  static void set_disk_full(bool full);
  /// The process ends at once, without any cleaning up, in place of the write with this number from now on (1: the
  /// next).
  static void die_at_write(int number);
};

}  // namespace waybill::contract

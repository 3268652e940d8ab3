#include "faulty_vfs.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <atomic>

namespace waybill::contract {
namespace {

std::atomic<bool> disk_full{false};
std::atomic<int> writes_left{0};
sqlite3_vfs* system_vfs = nullptr;
sqlite3_vfs faulty_vfs;

/// The system's methods for one kind of file, and ours in their place.
struct Methods {
  const sqlite3_io_methods* of_system = nullptr;
  sqlite3_io_methods faulty;
};
Methods database_methods;
Methods log_methods;

template <Methods& methods>
int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  if (writes_left > 0 && --writes_left == 0) _exit(0);
  if (disk_full) return SQLITE_FULL;
  return methods.of_system->xWrite(file, bytes, count, at);
}

template <Methods& methods>
void replace_methods(sqlite3_file* file) {
  methods.of_system = file->pMethods;
  methods.faulty = *file->pMethods;
  methods.faulty.xWrite = &write<methods>;
  file->pMethods = &methods.faulty;
}

int open(sqlite3_vfs* /*vfs*/, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  const int opened = system_vfs->xOpen(system_vfs, name, file, flags, out_flags);
  if (opened != SQLITE_OK || file->pMethods == nullptr) return opened;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) replace_methods<database_methods>(file);
  if ((flags & SQLITE_OPEN_WAL) != 0) replace_methods<log_methods>(file);
  return opened;
}

}  // namespace

void FaultyVfs::install() {
  if (system_vfs != nullptr) return;
  system_vfs = sqlite3_vfs_find(nullptr);
  faulty_vfs = *system_vfs;
  faulty_vfs.zName = "faulty";
  faulty_vfs.pNext = nullptr;
  faulty_vfs.xOpen = &open;
  sqlite3_vfs_register(&faulty_vfs, 1);
}

void FaultyVfs::set_disk_full(bool full) { disk_full = full; }

void FaultyVfs::die_at_write(int number) { writes_left = number; }

}  // namespace waybill::contract

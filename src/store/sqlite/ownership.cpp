#include "store/sqlite/ownership.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace waybill::sqlite {
namespace {

std::string lock_file(const std::string& database) { return database + "-waybill-lane0"; }

// Open file description locks (fcntl(2)): unlike POSIX locks they belong to the open file, so two relays in one process
// exclude each other too, and they can be asked for without being taken.
struct flock whole_file() {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  return lock;
}

}  // namespace

Result<Ownership> Ownership::take(const std::string& database) {
  const auto path = lock_file(database);
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0660);
  if (file < 0) {
    const auto code = errno == EROFS ? ErrorCode::read_only : ErrorCode::unauthorized;
    return Error{code, "can't open " + path + ": " + std::strerror(errno) +
                           "; the relay needs to write in the database's folder"};
  }
  Ownership ownership{file};
  auto lock = whole_file();
  if (fcntl(file, F_OFD_SETLK, &lock) == 0) return ownership;
  if (errno == EAGAIN || errno == EACCES) return Error{ErrorCode::busy, "another relay holds lane 0 of " + database};
  return Error{ErrorCode::unsupported, "can't lock " + path + ": " + std::strerror(errno)};
}

bool Ownership::is_taken(const std::string& database) {
  const int file = open(lock_file(database).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  const Ownership closes_it{file};
  auto lock = whole_file();
  return fcntl(file, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

Ownership::~Ownership() {
  if (file_ >= 0) close(file_);
}

}  // namespace waybill::sqlite

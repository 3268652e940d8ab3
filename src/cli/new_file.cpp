#include "cli/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace waybill::cli {

Status write_new_file(const std::string& path, std::string_view text, mode_t mode, bool force) {
  const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL);
  const int file = open(path.c_str(), flags, mode);
  if (file < 0) {
    if (errno == EEXIST) return Error(ErrorCode::refused, path + " is already there");
    return Error(ErrorCode::invalid_argument, "can't write '" + path + "': " + std::strerror(errno));
  }
  while (!text.empty()) {
    const auto wrote = write(file, text.data(), text.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) break;
    text.remove_prefix(static_cast<std::size_t>(wrote));
  }
  const int reason = errno;
  if (close(file) != 0 || !text.empty()) {
    return Error(ErrorCode::disk_full, "can't write '" + path + "': " + std::strerror(reason));
  }
  return {};
}

}  // namespace waybill::cli

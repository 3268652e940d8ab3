#include "core/config/file_text.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

namespace waybill::config {

Result<std::string> read_file(const std::string& path, std::size_t most) {
  const auto failed = [] {
    const auto why = errno == 0 ? std::string{"it can't be read"} : std::generic_category().message(errno);
    return Error{ErrorCode::invalid_configuration, why};
  };
  errno = 0;
  std::ifstream stream{path, std::ios::binary};
  if (!stream.is_open()) return failed();
  std::string text(most + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return failed();
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > most) {
    return Error{ErrorCode::invalid_configuration, "it has more than " + std::to_string(most >> 10) + " KiB"};
  }
  return text;
}

}  // namespace waybill::config

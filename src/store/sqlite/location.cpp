#include "store/sqlite/location.hpp"

#include <sys/vfs.h>

#include <cstdint>
#include <filesystem>

#include "core/url.hpp"

namespace waybill::sqlite {
namespace {

struct FileSystem {
  std::uint32_t magic;
  const char* name;
};

// f_type of statfs(2), from linux/magic.h and the file systems' own sources.
constexpr FileSystem network_file_systems[] = {
    {0x6969, "NFS"},      {0x517b, "SMB"},       {0xff534d42, "CIFS"},   {0xfe534d42, "SMB2"},
    {0x65735546, "FUSE"}, {0x5346414f, "AFS"},   {0x73757245, "Coda"},   {0x00c36400, "Ceph"},
    {0x01161970, "GFS2"}, {0x7461636f, "OCFS2"}, {0x0bd00bd0, "Lustre"}, {0x01021997, "9P"},
};

}  // namespace

Result<std::string> path_of(const StoreConfig& config) {
  const auto where = "store '" + config.name + "': ";
  const auto url = parse_url(config.url.reveal());
  if (!url) return Error{url.error().code(), where + url.error().message()};
  const auto path = url->host + url->path;
  if (path.empty() || path == "/") {
    return Error{ErrorCode::invalid_configuration, where + "the URL names no file; expected sqlite:///path/outbox.db"};
  }
  return path;
}

std::optional<std::string> network_file_system(const std::string& path) {
  struct statfs found{};
  if (statfs(path.c_str(), &found) != 0) {
    const auto folder = std::filesystem::path{path}.parent_path().string();
    if (statfs(folder.empty() ? "." : folder.c_str(), &found) != 0) return std::nullopt;
  }
  for (const auto& known : network_file_systems) {
    if (static_cast<std::uint32_t>(found.f_type) == known.magic) return known.name;
  }
  return std::nullopt;
}

}  // namespace waybill::sqlite

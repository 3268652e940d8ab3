#include "store/registry.hpp"

#include <string_view>

#include "core/url_parameters.hpp"

namespace waybill::store {
namespace {

struct Kind {
  std::string_view scheme;
  Result<std::unique_ptr<Store>> (*open)(const StoreConfig&);
};

constexpr Kind kinds[] = {
    {"sqlite", open_sqlite_store}, {"postgresql", open_postgresql_store}, {"postgres", open_postgresql_store},
    {"mysql", open_mysql_store},   {"mariadb", open_mysql_store},         {"redis", open_redis_store},
    {"rediss", open_redis_store},  {"memory", open_memory_store},
};

}  // namespace

Result<std::unique_ptr<Store>> open_store(const StoreConfig& config) {
  const auto where = "store '" + config.name + "': ";
  const auto url = parse_url(config.url.reveal());
  if (!url) return Error{url.error().code(), where + url.error().message()};
  if (const auto fit = check_parameters(*url); !fit) return Error{fit.error().code(), where + fit.error().message()};
  std::string known;
  for (const auto& kind : kinds) {
    if (kind.scheme == url->scheme) return kind.open(config);
    known += (known.empty() ? "" : ", ") + std::string{kind.scheme} + "://";
  }
  return Error{ErrorCode::unsupported, where + "no store has the scheme '" + url->scheme + "'; there are " + known};
}

}  // namespace waybill::store

#include "inbox/inspection.hpp"

#include "core/url.hpp"
#include "inbox/mysql/inspection.hpp"
#include "inbox/postgresql/inspection.hpp"
#include "inbox/redis/inspection.hpp"
#include "inbox/sqlite/inspection.hpp"

namespace waybill::inbox {

Result<std::unique_ptr<Inspection>> open_inspection(const StoreConfig& store) {
  const auto url = parse_url(store.url.reveal());
  if (!url) return Error{url.error().code(), "store '" + store.name + "': " + url.error().message()};
  if (url->scheme == "sqlite") return sqlite::open_inspection(store);
  if (url->scheme == "postgresql" || url->scheme == "postgres") return postgresql::open_inspection(store);
  if (url->scheme == "mysql" || url->scheme == "mariadb") return mysql::open_inspection(store);
  if (url->scheme == "redis" || url->scheme == "rediss") return redis::open_inspection(store);
  return Error{ErrorCode::unsupported, "store '" + store.name + "': a " + url->scheme + " store has no inbox"};
}

}  // namespace waybill::inbox

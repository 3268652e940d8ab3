#include "database.hpp"

namespace shop {

waybill::Result<std::unique_ptr<Database>> open_database(const std::string& url) {
  const std::string sqlite = "sqlite://";
  if (url.compare(0, sqlite.size(), sqlite) == 0) return open_sqlite(url.substr(sqlite.size()));
  if (url.rfind("postgresql://", 0) == 0 || url.rfind("postgres://", 0) == 0) return open_postgresql(url);
  return waybill::Error{waybill::ErrorCode::unsupported,
                        "the store's URL begins neither with sqlite:// nor with postgresql://"};
}

}  // namespace shop

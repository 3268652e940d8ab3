#include "inbox/postgresql/shard_link.hpp"

#include "store/postgresql/sqlstate.hpp"

namespace waybill::inbox::postgresql {
namespace {

// A higher setting than `on` is kept.
constexpr const char* durable =
    "SELECT set_config('lock_timeout', '5s', false), set_config('default_transaction_isolation', 'read committed', "
    "false), set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE "
    "current_setting('synchronous_commit') END, false)";

}  // namespace

Result<PGconn*> ShardLink::connection() {
  if (!connection_ || PQstatus(connection_.get()) != CONNECTION_OK) {
    if (auto opened = open(); !opened) return std::move(opened).error();
  }
  return connection_.get();
}

Result<Rows> ShardLink::run(const char* sql, const std::vector<Value>& values, std::string_view doing) {
  const auto what = "shard '" + name_ + "': " + std::string{doing};
  for (bool again = true;; again = false) {
    auto open = connection();
    if (!open) return std::move(open).error();
    auto rows = query(*open, sql, values, what);
    if (rows || !again || PQstatus(*open) == CONNECTION_OK) return rows;
  }
}

Status ShardLink::open() {
  const char* keys[] = {"dbname", "connect_timeout", "application_name", "tcp_user_timeout", nullptr};
  const char* values[] = {url_.c_str(), "5", "waybill inbox", "15000", nullptr};
  connection_.reset(PQconnectdbParams(keys, values, 1));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    auto error = waybill::postgresql::connect_error(connection_.get(), "shard '" + name_ + "'");
    connection_.reset();
    return error;
  }
  auto set = query(connection_.get(), durable, {}, "shard '" + name_ + "': can't set up the connection");
  return set ? Status{} : Status{std::move(set).error()};
}

}  // namespace waybill::inbox::postgresql

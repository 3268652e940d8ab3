#include "store/mysql/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "core/url.hpp"
#include "store/mysql/mysql_error.hpp"

namespace waybill::mysql {
namespace {

constexpr unsigned connect_seconds = 5;
constexpr unsigned answer_seconds = 60;
constexpr int vanished_ms = 10'000;

// Every statement of ours means the same whatever the server's defaults are. The system's time zone is the one in which
// the server tells when transactions began.
std::string session_settings(bool mariadb, std::chrono::seconds idle) {
  return std::string{
             "SET SESSION time_zone = 'SYSTEM', SESSION sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES', "
             "SESSION "} +
         (mariadb ? "tx_isolation" : "transaction_isolation") +
         " = 'READ-COMMITTED', SESSION innodb_lock_wait_timeout = 10, SESSION wait_timeout = " +
         std::to_string(idle.count());
}

void notice_vanished_host(MYSQL* handle) {
  const int socket = static_cast<int>(mysql_get_socket(handle));
  const int on = 1, idle = 5, interval = 3, count = 3;
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &vanished_ms, sizeof vanished_ms);
}

const char* parameter(const Url& url, const char* name) {
  const auto found = url.query.find(name);
  return found == url.query.end() ? nullptr : found->second.c_str();
}

/// By `ssl_ca`, or by the system's authorities.
void set_tls(MYSQL* handle, const Url& url, Connection::Protection wanted) {
  if (wanted == Connection::Protection::none) return;
  mysql_ssl_set(handle, parameter(url, "ssl_key"), parameter(url, "ssl_cert"), parameter(url, "ssl_ca"), nullptr,
                nullptr);
  const my_bool verify = wanted == Connection::Protection::checked ? 1 : 0;
  mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

}  // namespace

Rows::Rows(MYSQL_RES* result) : result_(result) {
  if (result == nullptr) return;
  const auto columns = mysql_num_fields(result);
  while (MYSQL_ROW fields = mysql_fetch_row(result)) {
    const unsigned long* lengths = mysql_fetch_lengths(result);
    rows_.push_back({fields, {lengths, lengths + columns}});
  }
}

std::string_view Rows::bytes(std::size_t row, unsigned column) const {
  if (is_null(row, column)) return {};
  return {rows_[row].fields[column], rows_[row].lengths[column]};
}

std::optional<std::string> Rows::optional_text(std::size_t row, unsigned column) const {
  if (is_null(row, column)) return std::nullopt;
  return text(row, column);
}

std::int64_t Rows::number(std::size_t row, unsigned column) const {
  return is_null(row, column) ? 0 : std::strtoll(rows_[row].fields[column], nullptr, 10);
}

Connection::Protection Connection::protection(const Url& url) {
  const bool has_file = parameter(url, "ssl_ca") != nullptr || parameter(url, "ssl_cert") != nullptr;
  const char* ssl = parameter(url, "ssl");
  const std::string_view wanted = ssl != nullptr ? ssl : has_file ? "1" : "0";
  if (wanted == "0") return Protection::none;
  return wanted == "unverified" ? Protection::unchecked : Protection::checked;
}

Result<Connection> Connection::open(const StoreConfig& store, std::chrono::seconds idle) {
  const auto where = "store '" + store.name + "'";
  auto url = parse_url(store.url.reveal());
  if (!url) return Error{url.error().code(), where + ": " + url.error().message()};
  if (url->path.size() < 2) {
    return Error{ErrorCode::invalid_configuration, where + ": the url names no database: mysql://host/database"};
  }
  Connection connection;
  connection.handle_.reset(mysql_init(nullptr));
  auto* handle = connection.handle_.get();
  mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_seconds);
  mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &answer_seconds);
  mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &answer_seconds);
  const auto wanted = protection(*url);
  set_tls(handle, *url, wanted);
  const auto socket = url->query.find("socket");
  const bool local = socket != url->query.end();
  // `localhost` would mean the client library's own socket file.
  const std::string host = local ? "localhost" : url->host == "localhost" ? "127.0.0.1" : url->host;
  const auto* done = mysql_real_connect(handle, host.c_str(), url->user.c_str(), url->password.c_str(),
                                        url->path.c_str() + 1, url->port, local ? socket->second.c_str() : nullptr,
                                        CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS);
  if (done == nullptr) {
    return error_of(mysql_errno(handle), mysql_error(handle), "can't connect to " + where);
  }
  // Where it checks no certificate, the library is content with a server that speaks no TLS.
  if (wanted != Protection::none && mysql_get_ssl_cipher(handle) == nullptr) {
    return Error{ErrorCode::unreachable,
                 "can't connect to " + where + ": the url asks for TLS, and the server speaks none"};
  }
  notice_vanished_host(handle);
  if (auto named = connection.run("SET NAMES binary", {}, "can't set up the connection"); !named) return named.error();
  const bool mariadb = std::string_view{mysql_get_server_info(handle)}.find("MariaDB") != std::string_view::npos;
  const auto settings = session_settings(mariadb, idle);
  if (auto set = connection.run(settings, {}, "can't set up the connection"); !set) return set.error();
  return connection;
}

Error Connection::failure(std::string_view doing) {
  const auto number = mysql_errno(handle_.get());
  lost_ = lost_ || ends_connection(number);
  return error_of(number, mysql_error(handle_.get()), doing);
}

Result<Rows> Connection::query(std::string_view sql, const Values& values, std::string_view doing) {
  const auto text = values.empty() ? std::string{sql} : with_values(sql, values);
  if (mysql_real_query(handle_.get(), text.data(), text.size()) != 0) return failure(doing);
  MYSQL_RES* result = mysql_store_result(handle_.get());
  if (result == nullptr && mysql_field_count(handle_.get()) > 0) return failure(doing);
  return Rows{result};
}

Status Connection::run(std::string_view sql, const Values& values, std::string_view doing) {
  auto rows = query(sql, values, doing);
  return rows ? Status{} : Status{rows.error()};
}

Status Connection::run_script(std::string_view sql, std::string_view doing) {
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0) return failure(doing);
  while (true) {
    if (MYSQL_RES* result = mysql_store_result(handle_.get())) mysql_free_result(result);
    const int next = mysql_next_result(handle_.get());
    if (next > 0) return failure(doing);
    if (next < 0) return {};
  }
}

Result<Transaction> Transaction::begin(Connection& connection, std::string_view doing) {
  if (auto begun = connection.run("START TRANSACTION", {}, doing); !begun) return begun.error();
  return Transaction{connection};
}

Transaction::Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}

Transaction::~Transaction() {
  if (connection_ == nullptr || connection_->is_lost()) return;
  [[maybe_unused]] const auto ended = connection_->run("ROLLBACK", {}, "can't roll back");
}

Status Transaction::commit(std::string_view doing) {
  auto committed = connection_->run("COMMIT", {}, doing);
  if (!committed && connection_->is_lost()) {
    return Error{ErrorCode::in_doubt, committed.error().message() + "; the answer to COMMIT was lost"};
  }
  if (committed) connection_ = nullptr;
  return committed;
}

std::int64_t wall_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

std::string placeholders(std::size_t count) {
  std::string text;
  for (std::size_t n = 0; n < count; ++n) text += n == 0 ? "?" : ", ?";
  return text;
}

}  // namespace waybill::mysql

#include "store/postgresql/connection.hpp"

#include <poll.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "store/postgresql/sqlstate.hpp"

namespace waybill::postgresql {
namespace {

constexpr const char* doing_connect = "can't connect";

/// True when the socket is ready, false when the deadline passed.
bool wait_for(int socket, short events, Deadline deadline) {
  while (true) {
    pollfd entry{socket, events, 0};
    const int ready = ::poll(&entry, 1, deadline.poll_timeout());
    if (ready > 0) return true;
    if (ready == 0 && deadline.passed()) return false;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Error timed_out(std::string_view doing) {
  return {ErrorCode::timeout, std::string{doing} + ": the server did not answer in time"};
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const Secret& url, const std::string& application,
                                                     Deadline deadline) {
  // Keywords before dbname are defaults that the URL may override; those after it are ours.
  const std::array keywords{
      "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
      "dbname",          "application_name",    "client_encoding",  static_cast<const char*>(nullptr)};
  const std::array values{
      "5", "3", "3", "10000", url.reveal().c_str(), application.c_str(), "UTF8", static_cast<const char*>(nullptr)};
  PGconn* handle = PQconnectStartParams(keywords.data(), values.data(), 1);
  if (handle == nullptr) return Error{ErrorCode::internal, "libpq has no memory for a connection"};
  std::unique_ptr<Connection> connection{new Connection{handle}};
  if (auto connected = connection->await_connected(deadline); !connected) {
    if (connected.error().code() == ErrorCode::timeout) {
      return Error{ErrorCode::timeout, "can't connect to " + url.masked() + ": no answer in time"};
    }
    return connect_error(handle, url.masked());
  }
  PQsetNoticeProcessor(handle, [](void*, const char*) {}, nullptr);
  return connection;
}

Status Connection::await_connected(Deadline deadline) {
  auto state = PQstatus(handle_.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) return Error{ErrorCode::unreachable, doing_connect};
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for(socket(), events, deadline)) return timed_out(doing_connect);
    state = PQconnectPoll(handle_.get());
  }
  if (PQsetnonblocking(handle_.get(), 1) != 0) return Error{ErrorCode::internal, doing_connect};
  return {};
}

Result<Rows> Connection::run(const std::string& sql, std::string_view doing) {
  return finish(PQsendQuery(handle_.get(), sql.c_str()) == 1, doing);
}

Result<Rows> Connection::run(const std::string& sql, const Parameters& parameters, std::string_view doing) {
  const auto values = parameters.pointers();
  const int sent = PQsendQueryParams(handle_.get(), sql.c_str(), parameters.count(), nullptr, values.data(), nullptr,
                                     nullptr, static_cast<int>(Format::text));
  return finish(sent == 1, doing);
}

Result<Rows> Connection::run(const Statement& statement, const Parameters& parameters, Format format,
                             std::string_view doing) {
  if (auto ready = prepare(statement, doing); !ready) return ready.error();
  const auto values = parameters.pointers();
  const int sent = PQsendQueryPrepared(handle_.get(), statement.name.c_str(), parameters.count(), values.data(),
                                       nullptr, nullptr, static_cast<int>(format));
  return finish(sent == 1, doing);
}

Status Connection::prepare(const Statement& statement, std::string_view doing) {
  if (prepared_.contains(statement.name)) return {};
  const int sent = PQsendPrepare(handle_.get(), statement.name.c_str(), statement.sql.c_str(), 0, nullptr);
  if (auto done = finish(sent == 1, doing); !done) return done.error();
  prepared_.insert(statement.name);
  return {};
}

Result<Rows> Connection::finish(bool sent, std::string_view doing) {
  if (!sent) return statement_error(handle_.get(), nullptr, doing);
  const auto deadline = Deadline::after(limit_);
  while (PQflush(handle_.get()) == 1) {
    if (!wait_for(socket(), POLLIN | POLLOUT, deadline)) return timed_out(doing);
    if (PQconsumeInput(handle_.get()) == 0) return statement_error(handle_.get(), nullptr, doing);
  }
  std::optional<Rows> last;
  std::optional<Error> failure;
  while (true) {
    auto result = next_result(deadline, doing);
    if (!result) return result.error();
    if (*result == nullptr) break;
    const auto status = PQresultStatus(*result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && !failure) {
      failure = statement_error(handle_.get(), *result, doing);
    }
    last.emplace(*result);
  }
  drain_notifications();
  if (failure) return *std::move(failure);
  if (!last) return statement_error(handle_.get(), nullptr, doing);
  return *std::move(last);
}

Result<PGresult*> Connection::next_result(Deadline deadline, std::string_view doing) {
  while (PQisBusy(handle_.get()) != 0) {
    if (!wait_for(socket(), POLLIN, deadline)) return timed_out(doing);
    if (PQconsumeInput(handle_.get()) == 0) return statement_error(handle_.get(), nullptr, doing);
  }
  return PQgetResult(handle_.get());
}

Result<bool> Connection::take_notifications() {
  if (PQconsumeInput(handle_.get()) == 0 || !alive()) {
    return statement_error(handle_.get(), nullptr, "the connection to the store is gone");
  }
  drain_notifications();
  return was_notified();
}

// Also while nobody sleeps: libpq keeps each one until it is asked.
void Connection::drain_notifications() {
  while (PGnotify* notification = PQnotifies(handle_.get())) {
    PQfreemem(notification);
    notified_ = true;
  }
}

std::string_view Rows::bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::optional<std::string> Rows::optional_text(int row, int column) const {
  if (is_null(row, column)) return std::nullopt;
  return text(row, column);
}

std::int64_t Rows::number(int row, int column) const {
  return std::strtoll(PQgetvalue(result_.get(), row, column), nullptr, 10);
}

std::uint64_t Rows::affected() const { return std::strtoull(PQcmdTuples(result_.get()), nullptr, 10); }

Result<Transaction> Transaction::begin(Connection& connection, std::string_view doing) {
  if (auto begun = connection.run("BEGIN", doing); !begun) return begun.error();
  return Transaction{connection};
}

Transaction::~Transaction() {
  if (connection_ != nullptr && connection_->alive()) (void)connection_->run("ROLLBACK", "can't roll back");
}

Status Transaction::commit(std::string_view doing) {
  auto& connection = *std::exchange(connection_, nullptr);
  // COMMIT of a transaction that has failed is answered with ROLLBACK, and is no error to libpq: nothing may get here
  // after an error.
  auto done = connection.run("COMMIT", doing);
  if (done) return {};
  const auto code = done.error().code();
  if (code != ErrorCode::unreachable && code != ErrorCode::timeout) return done.error();
  return Error{ErrorCode::in_doubt, done.error().message() + "; it may have been committed: the answer was lost"};
}

}  // namespace waybill::postgresql

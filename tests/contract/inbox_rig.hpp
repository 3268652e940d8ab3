#pragma once

/// \file
/// What the inbox's contract suite needs of a database: fresh tables, and connections of consumers.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "inbox/inspection.hpp"
#include "waybill/inbox.h"
#include "waybill/result.h"

namespace waybill::test {

/// One consumer's connection.
class InboxSession {
 public:
  virtual ~InboxSession() = default;
  virtual Result<Once> once(const Mark& mark) = 0;
  virtual Result<Version> bump_version(const VersionedRow& row) = 0;
  virtual Result<std::uint64_t> purge(const std::string& glob, std::int64_t retention_seconds) = 0;
  /// Runs a statement; gives the first column of the first row as text, empty when there is none.
  virtual Result<std::string> run(const std::string& sql) = 0;
  Status begin() { return status(run(begin_sql)); }
  Status commit() { return status(run("COMMIT")); }
  Status rollback() { return status(run("ROLLBACK")); }
  std::string begin_sql = "BEGIN";

 private:
  static Status status(Result<std::string> result) { return result ? Status{} : Status{std::move(result).error()}; }
};

/// A database of its own with the inbox's tables, removed at the end.
class InboxDatabase {
 public:
  virtual ~InboxDatabase() = default;
  virtual std::unique_ptr<InboxSession> connect() = 0;
  virtual StoreConfig config() const = 0;
  /// `waybill.` or `waybill_`.
  virtual std::string prefix() const = 0;
  /// Makes all marks so far as old as that, and whatever the kind of database needs to let go of them.
  virtual void age(std::int64_t seconds) = 0;
};

std::unique_ptr<InboxDatabase> make_sqlite_inbox();
/// Null without WAYBILL_TEST_POSTGRESQL in the environment.
std::unique_ptr<InboxDatabase> make_postgresql_inbox();
/// Null without WAYBILL_TEST_MARIADB in the environment.
std::unique_ptr<InboxDatabase> make_mysql_inbox();

}  // namespace waybill::test

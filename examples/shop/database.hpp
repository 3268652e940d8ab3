#pragma once

/// \file
/// The shop's own database, SQLite or PostgreSQL by URL, with Waybill's functions on the same connection: what is done
/// between begin() and commit() stands and falls together.

#include <memory>
#include <string>
#include <vector>

#include "waybill/inbox.h"
#include "waybill/message.h"
#include "waybill/result.h"

namespace shop {

/// What a statement gave: its rows as text, and how many rows it changed.
struct Answer {
  std::vector<std::vector<std::string>> rows;
  std::int64_t changed = 0;
};

/// One connection, used by one thread. After an `unreachable` error it is useless: open another.
class Database {
 public:
  virtual ~Database() = default;

  virtual waybill::Status begin() = 0;
  virtual waybill::Status commit() = 0;
  virtual void rollback() = 0;

  /// Runs one statement; its values are $1, $2, ... in this order.
  virtual waybill::Result<Answer> run(const std::string& sql, const std::vector<std::string>& values = {}) = 0;

  /// Waybill, inside the open transaction.
  virtual waybill::Result<waybill::MessageId> send(const waybill::Message& message) = 0;
  virtual waybill::Result<waybill::Once> once(const waybill::Mark& mark) = 0;
  virtual waybill::Result<waybill::Version> bump_version(const waybill::VersionedRow& row) = 0;
};

/// `sqlite:///path/shop.db` or `postgresql://...`.
waybill::Result<std::unique_ptr<Database>> open_database(const std::string& url);

waybill::Result<std::unique_ptr<Database>> open_sqlite(const std::string& file);
waybill::Result<std::unique_ptr<Database>> open_postgresql(const std::string& url);

}  // namespace shop

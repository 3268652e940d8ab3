#pragma once

/// \file
/// Moving from another outbox table without touching the services that write it: a trigger copies what they insert into
/// Waybill's outbox, in the same transaction.

#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "waybill/result.h"

namespace waybill::admin {

/// A table that services insert into, and what its columns mean. An empty column: there is none.
struct Adoption {
  std::string table;        ///< `outbox`, or with its schema `app.outbox`
  std::string id;           ///< none: each message gets a new id
  std::string topic;        ///< the column that holds it
  std::string fixed_topic;  ///< instead of a column: the same for all
  std::string key;
  std::string payload;
  std::vector<std::pair<std::string, std::string>> headers;  ///< name of the header, column
  std::string content_type;                                  ///< the same for all
};

/// The default columns of Debezium's outbox event router: id, aggregatetype, aggregateid, type, payload.
Adoption debezium_layout(const std::string& table);

/// The statements that install the trigger, in their order; repeating them replaces it. Reads which columns there are.
/// Errors: `not_found` for a table, `invalid_argument` for a column that is not there (names those that are),
/// `unsupported` for Redis, and the database's.
Result<std::vector<std::string>> adoption_statements(const StoreConfig& store, const Adoption& adoption);

/// The statements that take it away again; what was copied stays.
Result<std::vector<std::string>> removal_statements(const StoreConfig& store, const std::string& table);

/// Runs them: in one transaction, where the database can (MySQL commits each).
Status run_statements(const StoreConfig& store, const std::vector<std::string>& statements);

}  // namespace waybill::admin

#pragma once

/// \file
/// What is measured: one business transaction, bare or with a guard. Each client has a subject of its own, used by one
/// thread. Whatever fails ends the program: a bench has nothing to rescue.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "waybill/inbox.h"
#include "waybill/result.h"

namespace bench {

class Subject {
 public:
  virtual ~Subject() = default;
  /// One operation; `number` is its own.
  virtual void run(std::uint64_t number) = 0;
};

/// An SQL connection with the guards on it.
class Session {
 public:
  virtual ~Session() = default;
  virtual void run(const std::string& sql) = 0;
  virtual std::string value(const std::string& sql) = 0;
  virtual waybill::Result<waybill::Once> once(const waybill::Mark& mark) = 0;
  virtual waybill::Result<waybill::Version> bump_version(const waybill::VersionedRow& row) = 0;
};

std::unique_ptr<Session> open_postgresql(const std::string& url);
std::unique_ptr<Session> open_sqlite(const std::string& url);
std::unique_ptr<Session> open_mysql(const std::string& url);

/// `bare` changes a row, `once` marks it first; `read` reads a row's version and changes it, `version` locks it by the
/// version that was read.
std::unique_ptr<Subject> sql_subject(const std::string& guard, std::unique_ptr<Session> session);
/// `once` over the databases NAME=URL.
std::unique_ptr<Subject> sharded_subject(const std::vector<std::string>& shards);
/// `bare` is DECRBY, `redis` the same as an effect, `cache` with an entry for `waybill sync`.
std::unique_ptr<Subject> redis_subject(const std::string& guard, const std::string& url);
/// `neither` changes Redis and then SQL with no guard, `both` as the guard does it.
std::unique_ptr<Subject> both_subject(const std::string& guard, const std::string& redis, const std::string& sql);

/// One of a thousand products, by the number of the operation.
std::string product_of(std::uint64_t number);
waybill::Mark mark_of(std::uint64_t number);

template <class Value>
Value expect(waybill::Result<Value> result) {
  if (!result) throw std::runtime_error(result.error().message());
  return std::move(*result);
}
void expect_fresh(const waybill::Result<waybill::Once>& answer);

}  // namespace bench

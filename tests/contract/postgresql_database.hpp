#pragma once

/// \file
/// A database of its own with Waybill's tables, for tests of what only PostgreSQL has.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "store/postgresql/connection.hpp"
#include "store/store.hpp"

namespace waybill::contract {

/// A session whose failing statements fail the test.
class SqlSession {
 public:
  explicit SqlSession(const Secret& url);
  /// The first column of the last result's first row, or an empty text.
  std::string run(const std::string& sql);
  /// The SQLSTATE class of the failure is not asked: only whether it failed.
  bool fails(const std::string& sql);

 private:
  std::unique_ptr<postgresql::Connection> connection_;
};

class PostgresqlDatabase : public testing::Test {
 protected:
  PostgresqlDatabase();
  ~PostgresqlDatabase() override;

  store::Store& store() { return *store_; }
  SqlSession session() const { return SqlSession{url_}; }
  std::string run(const std::string& sql) { return session().run(sql); }
  /// One transaction with messages whose payloads are the numbers from `first` on.
  void send(int first, int count);

  std::unique_ptr<store::Lane> acquire();
  /// Fetches until `count` came or a deadline passed, then makes sure that no more come.
  std::vector<store::Claimed> fetch(store::Lane& lane, std::size_t count);
  void confirm(store::Lane& lane, const std::vector<store::Claimed>& claims);
  static std::vector<std::string> payloads(const std::vector<store::Claimed>& claims);
  static std::vector<std::string> numbers(int first, int count);
  /// Lets the lane do what it does between messages until `sql` gives `wanted`, or a deadline passes.
  bool await_answer(store::Lane& lane, const std::string& sql, const std::string& wanted);

 private:
  std::string name_;
  Secret url_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace waybill::contract

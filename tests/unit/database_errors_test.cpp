#include <gtest/gtest.h>
#include <sqlite3.h>

#include "store/postgresql/sqlstate.hpp"
#include "store/sqlite/sqlite_error.hpp"

namespace waybill {
namespace {

TEST(Sqlstate, SaysWhatTheCallerMayDo) {
  using postgresql::code_of_sqlstate;
  EXPECT_EQ(code_of_sqlstate("42P01"), ErrorCode::missing_schema);
  EXPECT_EQ(code_of_sqlstate("3F000"), ErrorCode::missing_schema);
  EXPECT_EQ(code_of_sqlstate("42883"), ErrorCode::missing_schema);
  EXPECT_EQ(code_of_sqlstate("42501"), ErrorCode::unauthorized);
  EXPECT_EQ(code_of_sqlstate("28P01"), ErrorCode::unauthorized);
  EXPECT_EQ(code_of_sqlstate("25006"), ErrorCode::read_only);
  EXPECT_EQ(code_of_sqlstate("25P02"), ErrorCode::refused);
  EXPECT_EQ(code_of_sqlstate("53100"), ErrorCode::disk_full);
  EXPECT_EQ(code_of_sqlstate("40001"), ErrorCode::busy);
  EXPECT_EQ(code_of_sqlstate("40P01"), ErrorCode::busy);
  EXPECT_EQ(code_of_sqlstate("55P03"), ErrorCode::busy);
  EXPECT_EQ(code_of_sqlstate("08006"), ErrorCode::unreachable);
  EXPECT_EQ(code_of_sqlstate("57P01"), ErrorCode::unreachable);
  EXPECT_EQ(code_of_sqlstate("57014"), ErrorCode::timeout);
  EXPECT_EQ(code_of_sqlstate("42601"), ErrorCode::internal);
  EXPECT_EQ(code_of_sqlstate(""), ErrorCode::internal);
}

TEST(SqliteResult, SaysWhatTheCallerMayDo) {
  using sqlite::code_of_result;
  EXPECT_EQ(code_of_result(SQLITE_BUSY_SNAPSHOT, ""), ErrorCode::busy);
  EXPECT_EQ(code_of_result(SQLITE_READONLY_DBMOVED, ""), ErrorCode::read_only);
  EXPECT_EQ(code_of_result(SQLITE_FULL, ""), ErrorCode::disk_full);
  EXPECT_EQ(code_of_result(SQLITE_NOTADB, ""), ErrorCode::corrupt);
  EXPECT_EQ(code_of_result(SQLITE_IOERR_WRITE, ""), ErrorCode::unreachable);
  EXPECT_EQ(code_of_result(SQLITE_ERROR, "no such table: main.waybill_outbox"), ErrorCode::missing_schema);
  EXPECT_EQ(code_of_result(SQLITE_ERROR, "no such table: products"), ErrorCode::not_found);
  EXPECT_EQ(code_of_result(SQLITE_ERROR, "syntax error"), ErrorCode::internal);
}

}  // namespace
}  // namespace waybill

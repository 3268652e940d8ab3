#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sync/database.hpp"

namespace waybill::sync {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string dollar(std::size_t number, const std::string&) { return "$" + std::to_string(number); }
std::string question(std::size_t number, const std::string&) { return "?" + std::to_string(number); }

const Fields fields{{"id", "17"}, {"units", "3"}, {"unit", "x"}};

TEST(SyncBind, NamesBecomeNumberedValues) {
  const auto bound = bind_fields("UPDATE s SET n = n - :units WHERE id = :id AND u > :units", fields, dollar).value();
  EXPECT_EQ(bound.sql, "UPDATE s SET n = n - $1 WHERE id = $2 AND u > $3");
  EXPECT_THAT(bound.values, ElementsAre("3", "17", "3"));
}

TEST(SyncBind, QuotesAndCastsAreLeftAlone) {
  const auto bound = bind_fields(R"(SELECT ':id', "a:id", :id::bigint, 'it''s :id')", fields, question).value();
  EXPECT_EQ(bound.sql, R"(SELECT ':id', "a:id", ?1::bigint, 'it''s :id')");
  EXPECT_THAT(bound.values, ElementsAre("17"));
}

TEST(SyncBind, LongestNameCounts) {
  EXPECT_THAT(bind_fields(":units:unit", fields, question).value().values, ElementsAre("3", "x"));
}

TEST(SyncBind, MissingFieldIsNamed) {
  const auto bound = bind_fields("SELECT :buyer", fields, question);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code(), ErrorCode::invalid_argument);
  EXPECT_THAT(bound.error().message(), HasSubstr("'buyer'"));
}

TEST(SyncBind, OpenQuoteEndsWithTheText) {
  EXPECT_EQ(bind_fields("SELECT ':id", fields, question).value().sql, "SELECT ':id");
}

TEST(SyncBind, OneStatementOnly) {
  EXPECT_TRUE(bind_fields("SELECT ';', :id ; \n", fields, question));
  const auto bound = bind_fields("SELECT :id; SELECT 2", fields, question);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code(), ErrorCode::invalid_configuration);
}

TEST(SyncBind, EachDialectHasItsQuotes) {
  const Dialect mysql{"'\"`", true};
  const auto bound = bind_fields(R"(SELECT `a:id`, 'it\'s :id', :id)", fields, question, mysql).value();
  EXPECT_EQ(bound.sql, R"(SELECT `a:id`, 'it\'s :id', ?1)");
  EXPECT_EQ(bind_fields(R"(SELECT 'C:\', :id)", fields, question).value().sql, R"(SELECT 'C:\', ?1)");
}

}  // namespace
}  // namespace waybill::sync

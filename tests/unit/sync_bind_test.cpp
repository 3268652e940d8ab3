#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sync/database.hpp"

namespace waybill::sync {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Fields fields{{"id", "17"}, {"units", "3"}, {"unit", "x"}};

TEST(SyncBind, NamesBecomeNumberedValues) {
  const auto bound = bind_fields("UPDATE s SET n = n - :units WHERE id = :id AND u > :units", fields, '$').value();
  EXPECT_EQ(bound.sql, "UPDATE s SET n = n - $1 WHERE id = $2 AND u > $3");
  EXPECT_THAT(bound.values, ElementsAre("3", "17", "3"));
}

TEST(SyncBind, QuotesAndCastsAreLeftAlone) {
  const auto bound = bind_fields(R"(SELECT ':id', "a:id", :id::bigint, 'it''s :id')", fields, '?').value();
  EXPECT_EQ(bound.sql, R"(SELECT ':id', "a:id", ?1::bigint, 'it''s :id')");
  EXPECT_THAT(bound.values, ElementsAre("17"));
}

TEST(SyncBind, LongestNameCounts) {
  EXPECT_THAT(bind_fields(":units:unit", fields, '?').value().values, ElementsAre("3", "x"));
}

TEST(SyncBind, MissingFieldIsNamed) {
  const auto bound = bind_fields("SELECT :buyer", fields, '?');
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code(), ErrorCode::invalid_argument);
  EXPECT_THAT(bound.error().message(), HasSubstr("'buyer'"));
}

TEST(SyncBind, OpenQuoteEndsWithTheText) {
  EXPECT_EQ(bind_fields("SELECT ':id", fields, '?').value().sql, "SELECT ':id");
}

}  // namespace
}  // namespace waybill::sync

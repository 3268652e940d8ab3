#include "waybill/result.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace waybill {
namespace {

std::string thrown_by(const std::function<void()>& read) {
  try {
    read();
  } catch (const BadResult& bad) {
    return bad.what();
  }
  return "nothing";
}

TEST(Result, ReadForAValueThatIsNotThereTellsTheError) {
  const Result<int> result = Error{ErrorCode::busy, "held by another"};
  EXPECT_EQ(thrown_by([&] { static_cast<void>(*result); }), "busy: held by another");
  EXPECT_EQ(thrown_by([&] { static_cast<void>(Result<int>{result}.value()); }), "busy: held by another");
}

TEST(Result, ReadForAnErrorThatIsNotThereTellsSo) {
  const Result<int> result = 3;
  EXPECT_EQ(thrown_by([&] { static_cast<void>(result.error()); }), "the result holds no error");
  EXPECT_EQ(thrown_by([] { static_cast<void>(Status{}.error()); }), "the result holds no error");
  EXPECT_EQ(thrown_by([] { EXPECT_EQ(Status(Error(ErrorCode::timeout, "late")).error().message(), "late"); }),
            "nothing");
}

}  // namespace
}  // namespace waybill

#include <gtest/gtest.h>

#include "cli/exit_code.hpp"
#include "cli/table.hpp"

namespace waybill::cli {
namespace {

TEST(Table, AlignsTextLeftAndNumbersRight) {
  Table table({"NAME", "COUNT"});
  table.add({"a", "1,234"});
  table.add({"long name", "5"});
  EXPECT_EQ(table.render({}), "NAME       COUNT\na          1,234\nlong name      5\n");
}

TEST(Table, OnATerminalALineIsCutToTheWidth) {
  Terminal terminal;
  terminal.out_is_terminal = true;
  terminal.width = 8;
  Table table({"X"});
  table.add({"äöüäöüäöüäöü"});
  EXPECT_EQ(table.render(terminal), "X\näöüäöüä…\n");
}

TEST(Table, ForeignTextCannotWriteEscapeSequences) {
  Table table({"ANSWER"});
  table.add({"\033]0;title\007\n"});
  EXPECT_EQ(table.render({}), "ANSWER\n\\x1b]0;title\\x07\\x0a\n");
}

TEST(Colors, OnlyWhenTheTerminalWantsThem) {
  Terminal terminal;
  EXPECT_EQ(paint(terminal, Tone::bad, "x"), "x");
  terminal.colors = true;
  EXPECT_EQ(paint(terminal, Tone::bad, "x"), "\033[31mx\033[0m");
}

TEST(Figures, ReadWell) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(age(0.44), "0.4 s");
  EXPECT_EQ(age(3600), "60 min");
}

TEST(ExitCode, TellsWhoMustAct) {
  EXPECT_EQ(exit_code(Error(ErrorCode::invalid_argument, "")), 2);
  EXPECT_EQ(exit_code(Error(ErrorCode::missing_secret, "")), 2);
  EXPECT_EQ(exit_code(Error(ErrorCode::unreachable, "")), 3);
  EXPECT_EQ(exit_code(Error(ErrorCode::unauthorized, "")), 3);
  EXPECT_EQ(exit_code(Error(ErrorCode::not_found, "")), 4);
  EXPECT_EQ(exit_code(Error(ErrorCode::missing_schema, "")), 1);
}

}  // namespace
}  // namespace waybill::cli

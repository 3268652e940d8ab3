// The shop's reading of its orders.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "csv.hpp"
#include "order.hpp"

namespace shop {
namespace {

using Record = std::vector<std::string>;

std::vector<Record> read_all(const std::string& text) {
  std::istringstream input(text);
  CsvReader reader(input);
  std::vector<Record> records;
  for (auto record = reader.next(); *record; record = reader.next()) records.push_back(**record);
  return records;
}

std::string error_of(const std::string& text) {
  std::istringstream input(text);
  CsvReader reader(input);
  for (;;) {
    auto record = reader.next();
    if (!record) return record.error().message();
    if (!*record) return "";
  }
}

TEST(Csv, FieldsAreSplitAtCommasAndLinesAtLineEnds) {
  EXPECT_EQ(read_all("a,b\nc,\r\n,d"), (std::vector<Record>{{"a", "b"}, {"c", ""}, {"", "d"}}));
  EXPECT_TRUE(read_all("").empty());
  EXPECT_EQ(read_all("\xef\xbb\xbf\"a\",b\n"), (std::vector<Record>{{"a", "b"}}));
}

TEST(Csv, QuotedFieldsHoldCommasQuotesAndLineBreaks) {
  EXPECT_EQ(read_all("\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\",\"\"\nx"),
            (std::vector<Record>{{"a,b", "say \"hi\"", "two\r\nlines", ""}, {"x"}}));
}

TEST(Csv, WhatIsMalformedIsNamedByItsLine) {
  EXPECT_NE(error_of("a\n\"b").find("line 2: a quoted field does not end"), std::string::npos);
  EXPECT_NE(error_of("\"a\"b").find("line 1: a quoted field is followed by more text"), std::string::npos);
  EXPECT_NE(error_of("a\nb\nc\"d").find("line 3: a quote inside"), std::string::npos);
}

class OrderFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = std::filesystem::temp_directory_path() / "waybill-shop-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  waybill::Result<std::vector<Order>> read(const std::string& lines) {
    const auto file = folder_ / "orders.csv";
    std::ofstream(file) << "Order ID,Order Date,Ship Mode,Customer ID,Product ID,Product Name,Quantity\n" << lines;
    return read_orders(file);
  }
  std::filesystem::path folder_;
};

TEST_F(OrderFile, LinesOfOneOrderAreJoinedWhereverTheyStand) {
  const auto orders = read(
      "O1,2016-11-08,First,C1,P1,\"Desk, oak\",2\nO2,2016-11-09,Second,C2,P1,Desk,1\n"
      "O1,2016-11-08,First,C1,P2,Chair,3\n");
  ASSERT_TRUE(orders) << orders.error().message();
  ASSERT_EQ(orders->size(), 2u);
  EXPECT_EQ((*orders)[0].id, "O1");
  ASSERT_EQ((*orders)[0].lines.size(), 2u);
  EXPECT_EQ((*orders)[0].lines[0].name, "Desk, oak");
  EXPECT_EQ((*orders)[0].lines[1].line, 2);
  EXPECT_EQ((*orders)[0].lines[1].quantity, 3);
}

TEST_F(OrderFile, WhatIsWrongIsNamedByFileAndLine) {
  EXPECT_NE(read("O1,2016-11-08,First,C1,P1,Desk,two\n").error().message().find(":2: 'two' is no quantity"),
            std::string::npos);
  EXPECT_NE(read("O1,2016-11-08\n").error().message().find(":2: 2 fields where the first line has 7"),
            std::string::npos);
  EXPECT_EQ(read_orders(folder_ / "nothing.csv").error().code(), waybill::ErrorCode::not_found);
}

TEST(OrderJson, AnOrderSurvivesTheJourney) {
  const Order order{"O1", "2016-11-08", "C1", "First", {{1, "P1", "Tisch \"Eiche\" \xc3\xa4", 2}, {2, "P2", "", 1}}};
  const auto read = order_from_json(to_json(order));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(to_json(*read), to_json(order));
  for (const auto* broken : {"", "{", "{}", "[]", "{\"order\": 1}"}) {
    EXPECT_EQ(order_from_json(broken).error().code(), waybill::ErrorCode::corrupt) << broken;
  }
}

}  // namespace
}  // namespace shop

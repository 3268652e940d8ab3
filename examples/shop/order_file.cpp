#include <array>
#include <charconv>
#include <fstream>
#include <unordered_map>

#include "csv.hpp"
#include "order.hpp"

namespace shop {
namespace {

using waybill::Error;
using waybill::ErrorCode;
using waybill::Result;

enum Column { order_id, order_date, ship_mode, customer_id, product_id, product_name, quantity, columns };
constexpr std::array<std::string_view, columns> names = {"Order ID",   "Order Date",   "Ship Mode", "Customer ID",
                                                         "Product ID", "Product Name", "Quantity"};
using Places = std::array<std::size_t, columns>;

/// Where in a record each column is, by the names in the first one.
Result<Places> find_columns(const std::vector<std::string>& heading) {
  Places places{};
  for (std::size_t column = 0; column < columns; ++column) {
    std::size_t at = 0;
    while (at < heading.size() && heading[at] != names[column]) ++at;
    if (at == heading.size()) {
      return Error{ErrorCode::corrupt, "the first line names no column '" + std::string{names[column]} + "'"};
    }
    places[column] = at;
  }
  return places;
}

class Collection {
 public:
  waybill::Status add(const std::vector<std::string>& record, const Places& places) {
    const auto& text = record[places[quantity]];
    std::int64_t units = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), units);
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || units < 1) {
      return Error{ErrorCode::corrupt, "'" + text + "' is no quantity"};
    }
    const auto [known, is_new] = places_.try_emplace(record[places[order_id]], orders_.size());
    if (is_new) {
      orders_.push_back({record[places[order_id]],
                         record[places[order_date]],
                         record[places[customer_id]],
                         record[places[ship_mode]],
                         {}});
    }
    auto& lines = orders_[known->second].lines;
    lines.push_back(
        {static_cast<std::int64_t>(lines.size()) + 1, record[places[product_id]], record[places[product_name]], units});
    return {};
  }
  std::vector<Order> take() { return std::move(orders_); }

 private:
  std::vector<Order> orders_;
  std::unordered_map<std::string, std::size_t> places_;
};

Error located(const std::string& file, std::size_t line, const std::string& what) {
  return {ErrorCode::corrupt, file + ":" + std::to_string(line) + ": " + what};
}

}  // namespace

Result<std::vector<Order>> read_orders(const std::string& file) {
  std::ifstream input(file, std::ios::binary);
  if (!input) return Error{ErrorCode::not_found, "can't open " + file + "; run `make setup` to fetch it"};
  CsvReader reader(input);
  auto heading = reader.next();
  if (!heading) return Error{ErrorCode::corrupt, file + ": " + heading.error().message()};
  if (!*heading) return Error{ErrorCode::corrupt, file + " is empty"};
  const auto places = find_columns(**heading);
  if (!places) return located(file, 1, places.error().message());
  Collection collection;
  for (;;) {
    auto record = reader.next();
    if (!record) return Error{ErrorCode::corrupt, file + ": " + record.error().message()};
    if (!*record) return collection.take();
    if ((*record)->size() != (*heading)->size()) {
      return located(
          file, reader.line(),
          std::to_string((*record)->size()) + " fields where the first line has " + std::to_string((*heading)->size()));
    }
    if (auto added = collection.add(**record, *places); !added) {
      return located(file, reader.line(), added.error().message());
    }
  }
}

}  // namespace shop

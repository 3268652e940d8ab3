// Bulk acts of operators: they are kept beside lane 0.

#include "store/redis/entry_id.hpp"
#include "store/redis/store.hpp"

namespace waybill::redis {
namespace {

using store::OperationRecord;
using store::OperationResult;

constexpr std::string_view reading = "can't read operations";
constexpr std::string_view storing = "can't store an operation";

}  // namespace

Status RedisStore::add_operation(const std::string& id, const std::string& document) {
  const auto command = call("waybill_add_operation", stream_of(0), {id, document});
  auto added = with_lane<bool>(0, [&](Connection& connection) -> Result<bool> {
    auto done = connection.run(command, storing);
    if (!done) return done.error();
    return (*done)->number() != 0;
  });
  if (!added) return added.error();
  return *added ? Status{} : Status{Error{ErrorCode::busy, "operation " + id + " is there already"}};
}

Result<bool> RedisStore::change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                          std::span<const OperationResult> results) {
  std::vector<std::string> arguments{id, std::to_string(revision), document};
  for (const auto& one : results) arguments.insert(arguments.end(), {one.message_id, one.result});
  const auto command = call("waybill_change_operation", stream_of(0), std::move(arguments));
  return with_lane<bool>(0, [&](Connection& connection) -> Result<bool> {
    auto done = connection.run(command, storing);
    if (!done) return done.error();
    return (*done)->number() != 0;
  });
}

Result<std::vector<OperationRecord>> RedisStore::operations(const store::OperationFilter& filter) {
  const auto command =
      call("waybill_operations", stream_of(0), {filter.id.value_or(""), filter.before, std::to_string(filter.limit)});
  return with_lane<std::vector<OperationRecord>>(
      0, [&](Connection& connection) -> Result<std::vector<OperationRecord>> {
        auto rows = connection.run(command, reading);
        if (!rows) return rows.error();
        std::vector<OperationRecord> found;
        for (std::size_t at = 0; at < (*rows)->size(); ++at) {
          const auto row = (**rows)[at];
          found.push_back({row[0].text(), static_cast<std::uint64_t>(row[1].number()), row[2].text(), row[3].number(),
                           row[4].number()});
        }
        return found;
      });
}

// The list has two elements for each, and numbers begin with 1.
Result<std::vector<OperationResult>> RedisStore::operation_results(const std::string& id, std::uint64_t after,
                                                                   std::size_t limit) {
  const Command command{"LRANGE", key_of(0, "operation:" + id + ":results"), std::to_string(after * 2),
                        std::to_string((after + limit) * 2 - 1)};
  return with_lane<std::vector<OperationResult>>(
      0, [&](Connection& connection) -> Result<std::vector<OperationResult>> {
        auto rows = connection.run(command, reading);
        if (!rows) return rows.error();
        std::vector<OperationResult> page;
        for (std::size_t at = 0; at + 1 < (*rows)->size(); at += 2) {
          page.push_back({after + page.size() + 1, (**rows)[at].text(), (**rows)[at + 1].text()});
        }
        return page;
      });
}

}  // namespace waybill::redis

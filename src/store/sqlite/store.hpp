#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/sqlite/connection.hpp"
#include "store/store.hpp"

namespace waybill::sqlite {

/// The store in a SQLite database file. Its own calls share one connection, under a mutex; each lane has its own.
class SqliteStore final : public store::Store {
 public:
  SqliteStore(StoreConfig config, std::string path) : config_(std::move(config)), path_(std::move(path)) {}

  const StoreConfig& config() const override { return config_; }
  Result<store::SchemaState> schema() override;
  Result<std::string> migration() override;
  Status migrate() override;
  /// A database file means the same wherever it is moved to: nothing to do.
  Result<std::uint64_t> restamp() override { return std::uint64_t{0}; }
  Result<std::unique_ptr<store::Lane>> acquire(std::uint32_t lane, const std::string& holder) override;
  Result<std::uint32_t> lanes() override { return 1U; }
  Result<std::vector<MessageId>> persist(std::span<const Message> messages) override;
  Result<store::Counts> counts() override;
  Result<std::vector<store::LaneHolder>> holders() override;
  Result<std::vector<store::Troubled>> troubled(const store::FailedFilter& filter) override;
  Result<std::vector<store::FailedGroup>> failed_groups(const store::FailedFilter& filter) override;
  Result<store::Whereabouts> locate(const MessageId& id) override;
  Result<std::vector<store::Standing>> standings(std::span<const MessageId> ids) override;
  Result<std::uint64_t> resend(std::span<const store::Ticket> tickets, const std::string& who,
                               const std::string& why) override;
  Result<std::uint64_t> drop(std::span<const store::Ticket> tickets, const std::string& who,
                             const std::string& why) override;
  Result<std::uint64_t> restore(std::span<const store::Ticket> tickets, const std::string& who,
                                const std::string& why) override;
  Status add_operation(const std::string& id, const std::string& document) override;
  Result<bool> change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                std::span<const store::OperationResult> results) override;
  Result<std::vector<store::OperationRecord>> operations(const store::OperationFilter& filter) override;
  Result<std::vector<store::OperationResult>> operation_results(const std::string& id, std::uint64_t after,
                                                                std::size_t limit) override;
  Result<std::vector<store::Pause>> pauses() override;
  Result<bool> pause(const store::Pause& pause) override;
  Result<bool> resume(const std::string& route) override;
  Status report(const store::RelayReport& report) override;
  Result<std::vector<store::RelayReport>> reports() override;
  Result<std::vector<Finding>> examine() override;

 private:
  /// The shared connection, opened when it is first needed, with the schema checked.
  Result<Connection*> connection();
  /// Runs `update` (?1 is the row's seq, ?2 the time) for each ticket and remembers the change in the history.
  Result<std::uint64_t> change_state(std::span<const store::Ticket> tickets, std::string_view update,
                                     const store::Attempt& remark);
  Result<std::uint64_t> change_some(Connection& connection, std::span<const store::Ticket> tickets,
                                    std::string_view update, const store::Attempt& remark);

  StoreConfig config_;
  std::string path_;
  std::mutex mutex_;
  std::optional<Connection> connection_;
  std::uint64_t reports_written_ = 0;
};

/// The wall clock, for figures that people read.
std::int64_t wall_ms();

}  // namespace waybill::sqlite

#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/mysql/connection.hpp"
#include "store/store.hpp"

namespace waybill::mysql {

/// The store in a MySQL or MariaDB database. Its own calls share one connection, under a mutex; each lane has its own.
class MysqlStore final : public store::Store {
 public:
  explicit MysqlStore(StoreConfig config) : config_(std::move(config)) {}

  const StoreConfig& config() const override { return config_; }
  Result<store::SchemaState> schema() override;
  Result<std::string> migration() override;
  Status migrate() override;
  /// Numbers mean the same wherever the tables are moved to: nothing to do.
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
  /// Calls `act` with the shared connection, opened when it is first needed and again after it was lost, with the
  /// schema checked.
  template <class T>
  Result<T> with_connection(const std::function<Result<T>(Connection&)>& act);
  Status ready();
  Result<std::uint64_t> change_state(std::span<const store::Ticket> tickets, const std::string& update,
                                     const std::string& outcome, const std::string& who, const std::string& why);
  Result<std::uint64_t> change_some(Connection& connection, std::span<const store::Ticket> tickets,
                                    const std::string& update, const Values& remark);

  StoreConfig config_;
  std::mutex mutex_;
  std::optional<Connection> connection_;
  std::uint64_t reports_written_ = 0;
};

template <class T>
Result<T> MysqlStore::with_connection(const std::function<Result<T>(Connection&)>& act) {
  const std::lock_guard lock{mutex_};
  if (auto open = ready(); !open) return open.error();
  auto result = act(*connection_);
  if (connection_->is_lost()) connection_.reset();
  return result;
}

}  // namespace waybill::mysql

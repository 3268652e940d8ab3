#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/redis/entry_id.hpp"
#include "store/redis/lane_connections.hpp"
#include "store/store.hpp"

namespace waybill::redis {

/// The store in a Redis server or cluster. Its own calls share one connection for each lane, under a mutex; an owned
/// lane has its own.
class RedisStore final : public store::Store {
 public:
  explicit RedisStore(StoreConfig config) : config_(std::move(config)) {}

  const StoreConfig& config() const override { return config_; }
  Result<store::SchemaState> schema() override;
  Result<std::string> migration() override;
  Status migrate() override;
  /// Entries mean the same wherever the keys are moved to: nothing to do.
  Result<std::uint64_t> restamp() override { return std::uint64_t{0}; }
  Result<std::unique_ptr<store::Lane>> acquire(std::uint32_t lane, const std::string& holder) override;
  Result<std::uint32_t> lanes() override;
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
  /// Calls `act` with the lane's connection, opened when it is first needed and again after it was lost, with the
  /// library checked.
  template <class T>
  Result<T> with_lane(std::uint32_t lane, const std::function<Result<T>(Connection&)>& act);
  /// Calls `act` for each lane, one after the other.
  Status for_each_lane(const std::function<Status(std::uint32_t, Connection&)>& act);
  Result<std::uint64_t> change(const std::string& act, const std::string& outcome,
                               std::span<const store::Ticket> tickets, const std::string& who, const std::string& why);

  // troubled.cpp
  /// Hands out the rows of one lane that the filter lets pass, by ticket, without their payloads; a page of them is in
  /// memory at a time.
  Status read_rows(std::uint32_t lane, Connection& connection, const store::FailedFilter& filter,
                   const std::function<void(store::Troubled)>& take);

  StoreConfig config_;
  std::mutex mutex_;
  LaneConnections connections_{config_};
  std::optional<std::uint32_t> lanes_;
};

template <class T>
Result<T> RedisStore::with_lane(std::uint32_t lane, const std::function<Result<T>(Connection&)>& act) {
  const std::lock_guard lock{mutex_};
  auto connection = connections_.get(lane);
  if (!connection) return connection.error();
  auto result = act(**connection);
  connections_.forget_if_lost(lane);
  return result;
}

}  // namespace waybill::redis

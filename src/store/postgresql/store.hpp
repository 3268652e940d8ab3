#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "store/postgresql/connection.hpp"
#include "store/postgresql/position_log.hpp"
#include "store/store.hpp"

namespace waybill::postgresql {

class PostgresStore final : public store::Store {
 public:
  explicit PostgresStore(StoreConfig config) : config_(std::move(config)) {}

  const StoreConfig& config() const override { return config_; }

  // migrate.cpp
  Result<store::SchemaState> schema() override;
  Result<std::string> migration() override;
  Status migrate() override;
  Result<std::uint32_t> lanes() override;
  // restamp.cpp
  Result<std::uint64_t> restamp() override;

  // store.cpp
  Result<std::unique_ptr<store::Lane>> acquire(std::uint32_t lane, const std::string& holder) override;
  Result<std::vector<store::LaneHolder>> holders() override;
  Status report(const store::RelayReport& report) override;
  Result<std::vector<store::RelayReport>> reports() override;
  // persist.cpp
  Result<std::vector<MessageId>> persist(std::span<const Message> messages) override;

  // counts.cpp
  Result<store::Counts> counts() override;
  // troubled.cpp
  Result<std::vector<store::Troubled>> troubled(const store::FailedFilter& filter) override;
  Result<std::vector<store::FailedGroup>> failed_groups(const store::FailedFilter& filter) override;
  // locate.cpp
  Result<store::Whereabouts> locate(const MessageId& id) override;
  Result<std::vector<store::Standing>> standings(std::span<const MessageId> ids) override;
  // operator_acts.cpp
  Result<std::uint64_t> resend(std::span<const store::Ticket> tickets, const std::string& who,
                               const std::string& why) override;
  Result<std::uint64_t> drop(std::span<const store::Ticket> tickets, const std::string& who,
                             const std::string& why) override;
  Result<std::uint64_t> restore(std::span<const store::Ticket> tickets, const std::string& who,
                                const std::string& why) override;
  // operations.cpp
  Status add_operation(const std::string& id, const std::string& document) override;
  Result<bool> change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                std::span<const store::OperationResult> results) override;
  Result<std::vector<store::OperationRecord>> operations(const store::OperationFilter& filter) override;
  Result<std::vector<store::OperationResult>> operation_results(const std::string& id, std::uint64_t after,
                                                                std::size_t limit) override;
  // pauses.cpp
  Result<std::vector<store::Pause>> pauses() override;
  Result<bool> pause(const store::Pause& pause) override;
  Result<bool> resume(const std::string& route) override;
  // examine.cpp
  Result<std::vector<Finding>> examine() override;

 private:
  /// The store's own connection, made when there is none. Hold mutex_.
  Result<Connection*> connection();
  /// Runs `act(Connection&)`, which gives a Result, on the store's own connection.
  template <class Act>
  auto with_connection(Act act) -> decltype(act(std::declval<Connection&>())) {
    const std::lock_guard guard{mutex_};
    auto opened = connection();
    if (!opened) return opened.error();
    auto result = act(**opened);
    // After a missed deadline the answer may still come and be taken for another's.
    if (!result && (result.error().code() == ErrorCode::timeout || (*opened)->in_transaction())) connection_.reset();
    return result;
  }

  StoreConfig config_;
  std::mutex mutex_;
  std::unique_ptr<Connection> connection_;  // guarded by mutex_
  std::uint64_t reports_written_ = 0;       // guarded by mutex_
};

/// How the tables are, and for how many lanes they were made.
struct SchemaFacts {
  store::SchemaState state = store::SchemaState::missing;
  std::uint32_t lanes = 1;
  std::string cluster;  ///< the server they were made in
};
Result<SchemaFacts> schema_facts(Connection& connection);
/// An error unless the tables are those of this program.
Status require_current(store::SchemaState state, const std::string& store);

/// Who holds which lane.
Result<std::vector<store::LaneHolder>> lane_holders(Connection& connection, std::uint32_t lanes);
/// The newest position of every lane; a lane never held has an empty one.
Result<std::vector<Position>> all_positions(Connection& connection, std::uint32_t lanes);
/// The lane's clock now, as far as the store can tell.
std::int64_t clock_now(const Position& position);

}  // namespace waybill::postgresql

#pragma once

/// \file
/// A store in memory: nothing of it survives the process. It models an SQL store's transactions, ownership and crashes
/// exactly, so that the simulation can run the relay against every order of events. Thread-safe, without threads or a
/// clock of its own.

#include <memory>
#include <string>
#include <vector>

#include "store/memory/tables.hpp"
#include "store/store.hpp"

namespace waybill::store {

/// A row as another program would write it: headers are text, and may be malformed.
struct RawRow {
  Message message;
  std::optional<std::string> headers_text;  ///< takes the place of message.headers
};

class MemoryStore final : public Store {
 public:
  /// A service's transaction. Sequence numbers are drawn by add(), so a later commit can have a lower number.
  /// Destroying an open one rolls it back.
  class Transaction {
   public:
    explicit Transaction(std::shared_ptr<memory::Tables> tables);
    Transaction(Transaction&& other) noexcept;
    Transaction& operator=(Transaction&&) = delete;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    /// Gives the row's ticket; an empty id becomes a new UUIDv7.
    Ticket add(RawRow row);
    Ticket add(Message message) { return add(RawRow{std::move(message), std::nullopt}); }
    void commit();
    /// Visible to everybody, but lose_unflushed() undoes it until flush() was called.
    void commit_without_flush();
    void rollback();

   private:
    void finish(memory::Commit commit);

    std::shared_ptr<memory::Tables> tables_;
    std::uint64_t number_ = 0;
    std::vector<memory::Sequence> rows_;
    bool open_ = true;
  };

  /// Tables of its own.
  MemoryStore(StoreConfig config, memory::Options options);
  /// Another view of tables that exist already.
  MemoryStore(StoreConfig config, std::shared_ptr<memory::Tables> tables);

  Transaction begin() { return Transaction{tables_}; }
  void flush();
  /// The store crashes and comes back: open and unflushed transactions are gone, lanes are free.
  void lose_unflushed();
  /// Takes the lane away from its owner, who learns it at its next call.
  void steal(std::uint32_t lane);
  /// Replaces the fault plan; empty: no faults.
  void set_faults(std::function<memory::Fault(memory::Call)> faults);

  /// Copies of the tables, for checks.
  std::map<memory::Sequence, memory::OutboxRow> outbox_rows() const;
  std::map<memory::Sequence, memory::RetryRow> retry_rows() const;
  memory::LaneRow lane_row(std::uint32_t lane) const;

  const StoreConfig& config() const override { return config_; }
  Result<SchemaState> schema() override { return SchemaState::current; }
  Result<std::string> migration() override { return std::string{}; }
  Status migrate() override { return {}; }
  Result<std::uint64_t> restamp() override { return std::uint64_t{0}; }
  Result<std::unique_ptr<Lane>> acquire(std::uint32_t lane, const std::string& holder) override;
  Result<std::uint32_t> lanes() override;
  Result<std::vector<MessageId>> persist(std::span<const Message> messages) override;
  Result<Counts> counts() override;
  Result<std::vector<LaneHolder>> holders() override;
  Result<std::vector<Troubled>> troubled(const FailedFilter& filter) override;
  Result<std::vector<FailedGroup>> failed_groups(const FailedFilter& filter) override;
  Result<Whereabouts> locate(const MessageId& id) override;
  Result<std::vector<Standing>> standings(std::span<const MessageId> ids) override;
  Result<std::uint64_t> resend(std::span<const Ticket> tickets, const std::string& who,
                               const std::string& why) override;
  Result<std::uint64_t> drop(std::span<const Ticket> tickets, const std::string& who, const std::string& why) override;
  Result<std::uint64_t> restore(std::span<const Ticket> tickets, const std::string& who,
                                const std::string& why) override;
  Status add_operation(const std::string& id, const std::string& document) override;
  Result<bool> change_operation(const std::string& id, std::uint64_t revision, const std::string& document,
                                std::span<const OperationResult> results) override;
  Result<std::vector<OperationRecord>> operations(const OperationFilter& filter) override;
  Result<std::vector<OperationResult>> operation_results(const std::string& id, std::uint64_t after,
                                                         std::size_t limit) override;
  Result<std::vector<Pause>> pauses() override;
  Result<bool> pause(const Pause& pause) override;
  Result<bool> resume(const std::string& route) override;
  Status report(const RelayReport& report) override;
  Result<std::vector<RelayReport>> reports() override;
  Result<std::vector<Finding>> examine() override;

 private:
  StoreConfig config_;
  std::shared_ptr<memory::Tables> tables_;
};

}  // namespace waybill::store

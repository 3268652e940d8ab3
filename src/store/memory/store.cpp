#include "store/memory/store.hpp"

#include <algorithm>
#include <chrono>

#include "core/validate.hpp"
#include "store/registry.hpp"
#include "store/retention.hpp"

namespace waybill::store {

using memory::Call;
using memory::Commit;
using memory::Fault;

MemoryStore::MemoryStore(StoreConfig config, memory::Options options)
    : MemoryStore(std::move(config), std::make_shared<memory::Tables>(std::move(options))) {}

MemoryStore::MemoryStore(StoreConfig config, std::shared_ptr<memory::Tables> tables)
    : config_(std::move(config)), tables_(std::move(tables)) {}

void MemoryStore::flush() {
  const std::lock_guard lock{tables_->mutex};
  for (auto& [sequence, row] : tables_->outbox) {
    if (row.commit != Commit::visible) continue;
    row.commit = Commit::durable;
    tables_->publish_row(sequence);
  }
}

void MemoryStore::lose_unflushed() {
  const std::lock_guard lock{tables_->mutex};
  std::erase_if(tables_->outbox, [](const auto& entry) { return entry.second.commit != Commit::durable; });
  for (auto& lane : tables_->lanes) lane.held = false;
}

void MemoryStore::steal(std::uint32_t lane) {
  const std::lock_guard lock{tables_->mutex};
  auto& row = tables_->lanes.at(lane);
  row.held = false;
  row.holder.clear();
}

void MemoryStore::set_faults(std::function<Fault(Call)> faults) {
  const std::lock_guard lock{tables_->mutex};
  tables_->options.faults = std::move(faults);
}

std::map<memory::Sequence, memory::OutboxRow> MemoryStore::outbox_rows() const {
  const std::lock_guard lock{tables_->mutex};
  return tables_->outbox;
}

std::map<memory::Sequence, memory::RetryRow> MemoryStore::retry_rows() const {
  const std::lock_guard lock{tables_->mutex};
  return tables_->retry;
}

memory::LaneRow MemoryStore::lane_row(std::uint32_t lane) const {
  const std::lock_guard lock{tables_->mutex};
  return tables_->lanes.at(lane);
}

Result<std::uint32_t> MemoryStore::lanes() { return static_cast<std::uint32_t>(tables_->lanes.size()); }

Result<std::vector<MessageId>> MemoryStore::persist(std::span<const Message> messages) {
  for (const auto& message : messages) {
    if (auto valid = validate(message); !valid) return valid.error();
  }
  const auto fault = tables_->options.faults ? tables_->options.faults(Call::persist) : Fault::none;
  if (fault == Fault::fail_before) return Error{ErrorCode::unreachable, "memory store: told to fail"};
  std::vector<Ticket> tickets;
  auto transaction = begin();
  for (const auto& message : messages) tickets.push_back(transaction.add(message));
  std::vector<MessageId> ids;
  {
    const std::lock_guard lock{tables_->mutex};
    for (const auto ticket : tickets) ids.push_back(tables_->outbox.at(ticket.value).message.id);
  }
  transaction.commit();
  if (fault == Fault::fail_after) return Error{ErrorCode::in_doubt, "memory store: told to lose the answer"};
  return ids;
}

Status MemoryStore::report(const RelayReport& report) {
  const std::lock_guard lock{tables_->mutex};
  auto& all = tables_->reports;
  all[report.relay] = {report.json, tables_->wall_ms()};
  const auto is_older = [](const auto& a, const auto& b) { return a.second.second < b.second.second; };
  if (all.size() > reports_kept) all.erase(std::ranges::min_element(all, is_older));
  return {};
}

Result<std::vector<RelayReport>> MemoryStore::reports() {
  const std::lock_guard lock{tables_->mutex};
  std::vector<RelayReport> all;
  for (const auto& [relay, entry] : tables_->reports) {
    all.push_back({relay, entry.first, tables_->wall_ms() - entry.second});
  }
  return all;
}

Result<std::vector<Finding>> MemoryStore::examine() {
  return std::vector<Finding>{{"WB-D290", Finding::Severity::warning, config_.name,
                               "the store is in this process's memory: messages are lost when it ends",
                               "use a sqlite:// or postgresql:// URL for anything but trials"}};
}

// One set of tables a name in this process.
Result<std::unique_ptr<Store>> open_memory_store(const StoreConfig& config) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<memory::Tables>> by_url;
  const std::lock_guard lock{mutex};
  auto& tables = by_url[config.url.reveal()];
  if (!tables) {
    memory::Options options;
    options.lanes = config.lanes == 0 ? 1 : config.lanes;
    options.blocking = true;
    options.wall_ms = [] {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      return std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(now).count()};
    };
    tables = std::make_shared<memory::Tables>(std::move(options));
  }
  return std::unique_ptr<Store>{std::make_unique<MemoryStore>(config, tables)};
}

}  // namespace waybill::store

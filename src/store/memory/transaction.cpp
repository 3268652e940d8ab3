#include <utility>

#include "core/headers_json.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "store/memory/store.hpp"

namespace waybill::store {

using memory::Commit;

MemoryStore::Transaction::Transaction(std::shared_ptr<memory::Tables> tables) : tables_(std::move(tables)) {
  const std::lock_guard lock{tables_->mutex};
  number_ = ++tables_->last_transaction;
}

MemoryStore::Transaction::Transaction(Transaction&& other) noexcept
    : tables_(std::move(other.tables_)),
      number_(other.number_),
      rows_(std::move(other.rows_)),
      open_(std::exchange(other.open_, false)) {}

MemoryStore::Transaction::~Transaction() { rollback(); }

Ticket MemoryStore::Transaction::add(RawRow raw) {
  memory::OutboxRow row;
  row.message = std::move(raw.message);
  row.transaction = number_;
  if (row.message.id.empty()) row.message.id = MessageId{make_uuid7()};
  if (raw.headers_text) {
    auto headers = headers_from_json(*raw.headers_text);
    row.message.headers = headers ? *headers : Headers{};
    if (!headers) row.defect = headers.error().message();
  }
  if (auto valid = validate(row.message); !valid && row.defect.empty()) row.defect = valid.error().message();
  const std::lock_guard lock{tables_->mutex};
  row.stored_at_ms = tables_->wall_ms();
  const auto sequence = ++tables_->last_sequence;
  tables_->outbox.emplace(sequence, std::move(row));
  rows_.push_back(sequence);
  return Ticket{sequence};
}

void MemoryStore::Transaction::commit() { finish(Commit::durable); }

void MemoryStore::Transaction::commit_without_flush() { finish(Commit::visible); }

void MemoryStore::Transaction::rollback() { finish(Commit::open); }

void MemoryStore::Transaction::finish(Commit commit) {
  if (!std::exchange(open_, false)) return;
  const std::lock_guard lock{tables_->mutex};
  for (const auto sequence : rows_) {
    const auto row = tables_->outbox.find(sequence);
    // A crash of the store may have rolled it back already.
    if (row == tables_->outbox.end()) continue;
    if (commit == Commit::open) {
      tables_->outbox.erase(row);
      continue;
    }
    row->second.commit = commit;
    if (commit == Commit::durable) tables_->publish_row(sequence);
  }
}

}  // namespace waybill::store

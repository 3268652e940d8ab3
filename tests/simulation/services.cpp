// What services do in a schedule: their transactions, and what a crash of the store undoes of them.

#include <algorithm>

#include "run.hpp"

namespace waybill::simulation {

// A service holds its key's row lock from before the insert to the end of its transaction.
void Run::write_something() {
  if (!open_.empty() && rng_.chance(60)) {
    end_transaction(static_cast<std::size_t>(rng_.below(open_.size())));
    return;
  }
  std::optional<std::string> key;
  if (rng_.chance(70)) key = "k" + std::to_string(rng_.below(4));
  const bool locked =
      key && std::any_of(open_.begin(), open_.end(), [&](const auto& open) { return open->key == key; });
  if (locked) return;
  auto open = std::make_unique<Open>(Open{store_->begin(), {}, key});
  const auto count = rng_.between(1, 3);
  for (int i = 0; i < count; ++i) {
    Written written;
    written.id = "m" + std::to_string(next_id_++);
    written.key = key;
    written.topic = rng_.chance(2) ? "nowhere" : "t" + std::to_string(rng_.below(config_.routes.size())) + ".x";
    if (rng_.chance(4)) {
      written.nature = rng_.pick({Nature::always_rejected, Nature::always_unroutable, Nature::poison, Nature::lethal});
    }
    written.malformed = rng_.chance(2);
    Message message;
    message.id = MessageId{written.id};
    message.topic = Topic{written.topic};
    if (key) message.key = Key{*key};
    message.payload = "p";
    if (!key && rng_.chance(4)) {
      message.not_before =
          std::chrono::system_clock::time_point{std::chrono::milliseconds{wall_ms_ + rng_.between(-500, 3000)}};
    }
    store::RawRow row{message, std::nullopt};
    if (written.malformed) row.headers_text = "[1,2]";
    open->transaction.add(std::move(row));
    open->ids.push_back(written.id);
    ledger_.written.emplace(written.id, written);
  }
  open_.push_back(std::move(open));
}

void Run::end_transaction(std::size_t index) {
  const auto open = std::move(open_[index]);
  open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  if (!rng_.chance(80)) {
    open->transaction.rollback();
    for (const auto& id : open->ids) ledger_.written.at(id).fate = Written::Fate::undone;
    return;
  }
  for (const auto& id : open->ids) ledger_.written.at(id).committed_as = ++ledger_.commits;
  unflushed_.insert(unflushed_.end(), open->ids.begin(), open->ids.end());
  if (rng_.chance(15)) {
    open->transaction.commit_without_flush();
    return;
  }
  // A commit that waits for the log has all before it there too.
  store_->flush();
  open->transaction.commit();
  flush_log();
}

void Run::flush_log() {
  store_->flush();
  for (const auto& id : unflushed_) ledger_.written.at(id).fate = Written::Fate::committed;
  unflushed_.clear();
}

// What was not in the log is undone, and the sessions of the relays end.
void Run::crash_store() {
  for (const auto& node : nodes_) node->note_suspect();
  store_->lose_unflushed();
  for (const auto& id : unflushed_) ledger_.written.at(id).fate = Written::Fate::undone;
  unflushed_.clear();
  for (const auto& open : open_) {
    for (const auto& id : open->ids) ledger_.written.at(id).fate = Written::Fate::undone;
  }
  open_.clear();
}

}  // namespace waybill::simulation

#include "admin/consumed.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "admin/search.hpp"
#include "core/text.hpp"
#include "inbox/inspection.hpp"

namespace waybill::admin {

namespace {

/// A set of ids of which some are marked. The ids themselves are not kept: two of them are taken for one when both
/// their hash and half of their SHA-256 are the same.
class AskedSet {
 public:
  void add(const std::string& id) { asked_.push_back({quick_of(id), print_of(id)}); }
  void close() {
    std::ranges::sort(asked_);
    const auto repeated = std::ranges::unique(asked_);
    asked_.erase(repeated.begin(), repeated.end());
    marked_.resize(asked_.size());
  }
  bool empty() const { return asked_.empty(); }

  void mark(const std::string& id) {
    if (const auto place = find(id)) marked_[*place] = true;
  }
  std::optional<bool> is_marked(const std::string& id) const {
    const auto place = find(id);
    return place ? std::optional<bool>{marked_[*place]} : std::nullopt;
  }

 private:
  using Print = std::array<char, 32>;  // hex digits
  struct Asked {
    std::size_t quick = 0;  // tells most others apart without the work of the next
    Print print{};
    auto operator<=>(const Asked&) const = default;
  };

  static std::size_t quick_of(const std::string& id) { return std::hash<std::string>{}(id); }
  static Print print_of(const std::string& id) {
    Print print{};
    std::ranges::copy_n(sha256_hex(id).begin(), print.size(), print.begin());
    return print;
  }

  std::optional<std::size_t> find(const std::string& id) const {
    const auto quick = quick_of(id);
    const auto first = std::ranges::lower_bound(asked_, quick, {}, &Asked::quick);
    if (first == asked_.end() || first->quick != quick) return std::nullopt;
    const auto found = std::lower_bound(first, asked_.end(), Asked{quick, print_of(id)});
    if (found == asked_.end() || *found != Asked{quick, print_of(id)}) return std::nullopt;
    return static_cast<std::size_t>(found - asked_.begin());
  }

  std::vector<Asked> asked_;  // sorted after close()
  std::vector<bool> marked_;
};

}  // namespace

Result<IsConsumed> consumed_lookup(const StoreConfig& store, const std::string& consumer, const AskedIds& asked) {
  if (consumer.empty()) return IsConsumed{};
  auto inbox = inbox::open_inspection(store);
  if (!inbox) return inbox.error();
  const auto ids = std::make_shared<AskedSet>();
  if (auto read = asked([&](const std::string& id) { ids->add(id); }); !read) return read.error();
  ids->close();
  if (!ids->empty()) {
    auto read = (*inbox)->consumed(consumer, 0, [&](const inbox::Consumed& mark) {
      ids->mark(mark.message_id);
      return true;
    });
    if (!read) return read.error();
  }
  return IsConsumed([ids](const std::string& id) { return ids->is_marked(id); });
}

Result<IsConsumed> consumed_of(store::Store& store, const OperationOrder& order) {
  if (!order.skip_consumed) return IsConsumed{};
  return consumed_lookup(store.config(), order.consumer, [&](const auto& take) {
    return each_selected(store, order.filters, order.act,
                         [&](const store::Troubled& troubled) { take(troubled.message.id.str()); });
  });
}

Json consumer_json(const inbox::ConsumerMarks& marks) {
  const auto when = [](const std::optional<std::int64_t>& ms) { return ms ? Json(format_when(*ms)) : Json(); };
  return {{"consumer", marks.consumer},
          {"marks", marks.marks},
          {"is_estimate", marks.is_estimate},
          {"conflicts", marks.conflicts},
          {"oldest_kept", when(marks.oldest_kept_ms)},
          {"expired_before", when(marks.bound_ms)}};
}

Json conflict_json(const inbox::Conflict& conflict) {
  return {{"seq", conflict.seq},
          {"consumer", conflict.consumer},
          {"unique_id", conflict.unique_id},
          {"fingerprint", conflict.fingerprint},
          {"kept",
           {{"digest", conflict.kept_digest},
            {"message_id", conflict.kept_message_id},
            // A mark in Redis does not tell.
            {"at", conflict.kept_ms == 0 ? Json{} : Json(format_when(conflict.kept_ms))}}},
          {"refused",
           {{"digest", conflict.digest}, {"message_id", conflict.message_id}, {"at", format_when(conflict.found_ms)}}}};
}

Result<std::vector<inbox::Conflict>> inbox_conflicts(const StoreConfig& store, const inbox::ConflictFilter& filter) {
  auto inbox = inbox::open_inspection(store);
  if (!inbox) return inbox.error();
  return (*inbox)->conflicts(filter);
}

Result<Json> inbox_totals(const StoreConfig& store, const std::string& consumer) {
  auto inbox = inbox::open_inspection(store);
  if (!inbox && inbox.error().code() == ErrorCode::unsupported) return Json::array();
  if (!inbox) return inbox.error();
  auto consumers = (*inbox)->consumers();
  if (!consumers) return consumers.error();
  Json listed = Json::array();
  for (const auto& one : *consumers) {
    if (consumer.empty() || one.consumer == consumer) listed.push_back(consumer_json(one));
  }
  return listed;
}

}  // namespace waybill::admin

#include "inbox/redis/inspection.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include "core/glob.hpp"
#include "store/redis/connection.hpp"

namespace waybill::inbox::redis {
namespace {

using waybill::redis::Connection;

constexpr std::string_view doing = "can't read the inbox";
constexpr std::string_view mark_prefix = "waybill:mark:";
constexpr std::string_view conflict_prefix = "waybill:conflict:";

/// `LENGTH:TEXT:`, taken off the front.
std::optional<std::string> take_text(std::string_view& rest) {
  std::size_t length = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
  if (problem != std::errc{} || end == rest.data() + rest.size() || *end != ':') return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
  if (length >= rest.size() || rest[length] != ':') return std::nullopt;
  std::string text{rest.substr(0, length)};
  rest.remove_prefix(length + 1);
  return text;
}

/// The names in the key of a mark or a conflict.
struct MarkNames {
  std::string consumer, unique_id, fingerprint;
};

/// Behind the key's prefix; nullopt when it is none of ours.
std::optional<MarkNames> names_in(std::string_view key) {
  const auto end = key.find("}:");
  if (!key.starts_with('{') || end == std::string_view::npos) return std::nullopt;
  key.remove_prefix(end + 2);
  auto consumer = take_text(key);
  auto unique_id = consumer ? take_text(key) : std::nullopt;
  if (!unique_id || key.empty()) return std::nullopt;
  return MarkNames{std::move(*consumer), std::move(*unique_id), std::string{key}};
}

Error unsupported(const std::string& store, const char* why) {
  return {ErrorCode::unsupported, "store '" + store + "': " + why};
}

class RedisInspection final : public Inspection {
 public:
  explicit RedisInspection(StoreConfig store) : store_(std::move(store)) {}

  Result<std::vector<ConsumerMarks>> consumers() override {
    std::map<std::string, ConsumerMarks> found;
    const auto note = [&](const MarkNames& names) -> ConsumerMarks& {
      auto& marks = found[names.consumer];
      marks.consumer = names.consumer;
      return marks;
    };
    auto done = each_named(mark_prefix, [&](const std::string&, const MarkNames& names) { ++note(names).marks; });
    if (done) {
      done = each_named(conflict_prefix, [&](const std::string&, const MarkNames& names) { ++note(names).conflicts; });
    }
    if (!done) return done.error();
    std::vector<ConsumerMarks> all;
    all.reserve(found.size());
    for (auto& [name, marks] : found) all.push_back(std::move(marks));
    return all;
  }

  Result<std::vector<Conflict>> conflicts(const ConflictFilter& filter) override {
    std::vector<std::pair<std::string, MarkNames>> keys;
    auto listed = each_named(conflict_prefix, [&](const std::string& key, const MarkNames& names) {
      if (glob_matches(filter.consumer, names.consumer)) keys.emplace_back(key, names);
    });
    if (!listed) return listed.error();
    std::vector<Conflict> found;
    for (const auto& [key, names] : keys) {
      auto conflict = read(key, names);
      if (!conflict) return conflict.error();
      if (*conflict && (*conflict)->seq > filter.after) found.push_back(std::move(**conflict));
    }
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
    if (found.size() > filter.limit) found.resize(filter.limit);
    return found;
  }

  Result<std::uint64_t> consumed(const std::string&, std::int64_t,
                                 const std::function<bool(const Consumed&)>&) override {
    return unsupported(store_.name, "marks in Redis hold no message ids, so what was consumed can't be compared");
  }

  Result<std::uint64_t> purge(const std::string&, std::int64_t, const std::function<bool(std::uint64_t)>&) override {
    return unsupported(store_.name, "marks in Redis expire by themselves, after the retention that each was made with");
  }

 private:
  template <class Each>
  Status each_named(std::string_view prefix, const Each& each) {
    if (auto open = connect(); !open) return open;
    auto looked = waybill::redis::each_key(*connection_, std::string{prefix} + "*", doing, [&](std::string_view key) {
      if (const auto names = names_in(key.substr(prefix.size()))) each(std::string{key}, *names);
    });
    return looked ? looked : Status{give_up(looked.error())};
  }

  /// Nullopt: it has expired meanwhile.
  Result<std::optional<Conflict>> read(const std::string& key, const MarkNames& names) {
    auto values = connection_->run({"HMGET", key, "first", "second", "message_id", "at"}, doing);
    if (!values) return give_up(values.error());
    const auto& fields = **values;
    if (fields[3].is_nil()) return std::optional<Conflict>{};
    Conflict conflict;
    conflict.consumer = names.consumer;
    conflict.unique_id = names.unique_id;
    conflict.fingerprint = names.fingerprint;
    conflict.kept_digest = fields[0].text();
    conflict.digest = fields[1].text();
    conflict.message_id = fields[2].text();
    const auto at = fields[3].text();
    std::from_chars(at.data(), at.data() + at.size(), conflict.found_ms);
    conflict.seq = static_cast<std::uint64_t>(conflict.found_ms);
    return std::optional{std::move(conflict)};
  }

  Status connect() {
    if (connection_) return {};
    auto opened = Connection::open(store_, "waybill");
    if (!opened) return opened.error();
    connection_.emplace(std::move(*opened));
    return {};
  }

  Error give_up(const Error& error) {
    if (connection_->is_lost()) connection_.reset();
    return error;
  }

  StoreConfig store_;
  std::optional<Connection> connection_;
};

}  // namespace

Result<std::unique_ptr<Inspection>> open_inspection(const StoreConfig& store) {
  return std::unique_ptr<Inspection>{std::make_unique<RedisInspection>(store)};
}

}  // namespace waybill::inbox::redis

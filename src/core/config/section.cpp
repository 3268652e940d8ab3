#include "core/config/section.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/config/references.hpp"
#include "core/text.hpp"

namespace waybill::config {
namespace {

using Kind = KeyShape::Kind;

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::pair<std::string_view, unsigned> suffixes[] = {
      {"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  std::uint64_t count = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix{stop, static_cast<std::size_t>(end - stop)};
  for (const auto& [name, shift] : suffixes) {
    if (name == suffix && count <= (UINT64_MAX >> shift)) return count << shift;
  }
  return std::nullopt;
}

KeyShape shape_of(std::string_view key, KeyShape::Kind kind, std::string usual = {}) {
  return {std::string{key}, kind, std::move(usual), 0, 0, {}, {}};
}

std::string quoted_list(std::span<const std::string_view> words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) list += i + 1 == words.size() ? " or " : ", ";
    list.append("\"").append(words[i]).append("\"");
  }
  return list;
}

}  // namespace

Section::Section(const Value& table, Place place, std::string name, Findings& findings)
    : table_(table), place_(place), name_(std::move(name)), findings_(findings) {
  if (table_.kind == Value::Kind::table) return;
  findings_.add(place_, name_ + " is " + std::string{describe(table_.kind)} + "; a table is needed");
}

const Entry* Section::entry(std::string_view key) const {
  const auto found =
      std::find_if(table_.entries.begin(), table_.entries.end(), [&](const Entry& e) { return e.name == key; });
  return found == table_.entries.end() ? nullptr : &*found;
}

const Value* Section::find(KeyShape shape, Value::Kind kind) {
  known_.push_back(std::move(shape));
  const auto* found = entry(known_.back().name);
  if (found == nullptr) return nullptr;
  if (found->value.kind == kind) return &found->value;
  findings_.add(found->value.place, name_ + "." + found->name + " is " + std::string{describe(found->value.kind)} +
                                        "; " + std::string{describe(kind)} + " is needed");
  return nullptr;
}

bool Section::has(std::string_view key) const { return entry(key) != nullptr; }

void Section::fail(std::string_view key, const std::string& text, ErrorCode code) {
  const auto* found = entry(key);
  findings_.add(found == nullptr ? place_ : found->value.place, name_ + "." + std::string{key} + ": " + text, code);
}

void Section::require(std::string_view key, std::string_view example) {
  required_.emplace_back(key, example);
  if (has(key) || table_.kind != Value::Kind::table) return;
  findings_.add(place_, name_ + " has no '" + std::string{key} + "'; add " + std::string{example});
}

std::optional<std::string> Section::plain_text(std::string_view key, const Value& text) {
  findings_.add_plain(text.place);
  auto resolved = resolve_environment(text.text);
  if (resolved) return std::move(resolved).value();
  fail(key, resolved.error().message(), resolved.error().code());
  return std::nullopt;
}

void Section::read_text(std::string_view key, std::string& target) {
  const auto* value = find(shape_of(key, Kind::text, target), Value::Kind::string);
  if (value == nullptr) return;
  if (auto text = plain_text(key, *value)) target = std::move(*text);
}

void Section::read_texts(std::string_view key, std::vector<std::string>& target) {
  const auto* value = find(shape_of(key, Kind::texts), Value::Kind::array);
  if (value == nullptr) return;
  for (const auto& item : value->items) {
    if (item.kind != Value::Kind::string) return fail(key, "holds " + std::string{describe(item.kind)});
    auto text = plain_text(key, item);
    if (!text) return;
    target.push_back(std::move(*text));
  }
}

void Section::read_named_texts(std::string_view key, std::vector<std::pair<std::string, std::string>>& target) {
  const auto* value = find(shape_of(key, Kind::named_texts), Value::Kind::table);
  if (value == nullptr) return;
  for (const auto& one : value->entries) {
    if (one.value.kind != Value::Kind::string) {
      return fail(key, "'" + one.name + "' is " + std::string{describe(one.value.kind)} + "; a string is needed");
    }
    auto text = plain_text(key, one.value);
    if (!text) return;
    target.emplace_back(one.name, std::move(*text));
  }
}

const Entry* Section::read_table(std::string_view key) {
  return find(shape_of(key, Kind::table), Value::Kind::table) == nullptr ? nullptr : entry(key);
}

void Section::read_properties(std::string_view key, std::vector<Property>& target) {
  if (const auto* value = find(shape_of(key, Kind::properties), Value::Kind::table))
    add_properties(key, {}, *value, target);
}

void Section::add_properties(std::string_view key, const std::string& prefix, const Value& table,
                             std::vector<Property>& target) {
  for (const auto& one : table.entries) {
    const std::string name = prefix + one.name;
    if (one.value.kind == Value::Kind::table) {
      add_properties(key, name + ".", one.value, target);
    } else if (one.value.kind == Value::Kind::integer) {
      target.push_back({name, Secret{std::to_string(one.value.integer)}});
    } else if (one.value.kind == Value::Kind::boolean) {
      target.push_back({name, Secret{one.value.boolean ? "true" : "false"}});
    } else if (one.value.kind != Value::Kind::string) {
      fail(key, "'" + name + "' is " + std::string{describe(one.value.kind)} + "; a string or whole number is needed");
    } else if (auto resolved = resolve_secret(one.value.text, findings_.folder())) {
      target.push_back({name, Secret{std::move(resolved).value()}});
    } else {
      fail(key, "'" + name + "': " + resolved.error().message(), resolved.error().code());
    }
  }
}

bool Section::read_secret(std::string_view key, std::string& target) {
  const auto* value = find(shape_of(key, Kind::secret), Value::Kind::string);
  if (value == nullptr) return false;
  auto resolved = resolve_secret(value->text, findings_.folder());
  if (!resolved) {
    fail(key, resolved.error().message(), resolved.error().code());
    return false;
  }
  target = std::move(resolved).value();
  return true;
}

void Section::read_flag(std::string_view key, bool& target) {
  if (const auto* value = find(shape_of(key, Kind::flag), Value::Kind::boolean)) target = value->boolean;
}

void Section::read_duration(std::string_view key, Duration& target, Duration least, Duration most) {
  const auto* value = find(shape_of(key, Kind::duration, format_duration(target)), Value::Kind::string);
  if (value == nullptr) return;
  const auto text = plain_text(key, *value);
  if (!text) return;
  const auto duration = parse_duration(*text);
  if (!duration) return fail(key, duration.error().message());
  if (*duration < least || *duration > most) {
    return fail(key, "'" + *text + "' is not between " + format_duration(least) + " and " + format_duration(most));
  }
  target = *duration;
}

void Section::read_count(std::string_view key, std::uint32_t& target, std::uint32_t least, std::uint32_t most) {
  auto shape = shape_of(key, Kind::count, std::to_string(target));
  shape.least = least;
  shape.most = most;
  const auto* value = find(std::move(shape), Value::Kind::integer);
  if (value == nullptr) return;
  if (value->integer < least || value->integer > most) {
    return fail(key, std::to_string(value->integer) + " is not between " + std::to_string(least) + " and " +
                         std::to_string(most));
  }
  target = static_cast<std::uint32_t>(value->integer);
}

void Section::read_size(std::string_view key, std::uint64_t& target, std::uint64_t least, std::uint64_t most) {
  const auto* found = entry(key);
  const bool number = found != nullptr && found->value.kind == Value::Kind::integer;
  const auto* value =
      find(shape_of(key, Kind::size, std::to_string(target)), number ? Value::Kind::integer : Value::Kind::string);
  if (value == nullptr) return;
  findings_.add_plain(value->place);
  const auto text = number ? std::to_string(value->integer) : value->text;
  const auto size = parse_size(text);
  if (!size) return fail(key, "'" + text + "' is no size; write bytes, or a string such as \"512KiB\" or \"16MiB\"");
  if (*size < least || *size > most) {
    return fail(key, text + " is not between " + std::to_string(least) + " and " + std::to_string(most) + " bytes");
  }
  target = *size;
}

void Section::read_moment(std::string_view key, std::optional<std::int64_t>& target) {
  const auto* value = find(shape_of(key, Kind::moment), Value::Kind::date);
  if (value == nullptr) return;
  if (!value->is_moment) return fail(key, "is no point in time; write date, time and offset: 2026-12-01T10:00:00Z");
  target = value->integer;
}

std::size_t Section::index_of_word(std::string_view key, std::span<const std::string_view> words,
                                   std::string_view usual) {
  auto shape = shape_of(key, Kind::choice, std::string{usual});
  shape.words.assign(words.begin(), words.end());
  const auto* value = find(std::move(shape), Value::Kind::string);
  if (value == nullptr) return words.size();
  findings_.add_plain(value->place);
  const auto found = std::find(words.begin(), words.end(), value->text);
  if (found == words.end()) {
    fail(key, "\"" + value->text + "\" is not allowed; write " + quoted_list(words) + did_you_mean(value->text, words));
  }
  return static_cast<std::size_t>(found - words.begin());
}

void Section::finish() {
  std::vector<std::string_view> names;
  for (const auto& key : known_) names.push_back(key.name);
  for (const auto& entry : table_.entries) {
    if (std::find(names.begin(), names.end(), entry.name) != names.end()) continue;
    findings_.add(entry.place, "unknown key '" + entry.name + "' in " + name_ + did_you_mean(entry.name, names));
  }
  for (const auto& [name, example] : required_) {
    const auto key = std::find(names.begin(), names.end(), name);
    if (key != names.end()) known_[static_cast<std::size_t>(key - names.begin())].example = example;
  }
  findings_.add_shape({name_, std::move(known_)});
}

}  // namespace waybill::config

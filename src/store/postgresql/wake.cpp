#include "store/postgresql/wake.hpp"

#include <string>

#include "store/postgresql/advisory.hpp"

namespace waybill::postgresql {
namespace {

constexpr auto doing = "can't arrange to be woken";
const std::string keys = std::to_string(advisory_class) + ", " + std::to_string(wake_lock);

}  // namespace

Status Wake::prepare(bool several_lanes) {
  several_lanes_ = several_lanes;
  auto setting = connection_->run("SELECT current_setting('max_prepared_transactions')", doing);
  if (!setting) return setting.error();
  possible_ = setting->number(0, 0) == 0;
  if (auto listening = connection_->run("LISTEN waybill_wake", doing); !listening) return listening.error();
  return {};
}

Result<bool> Wake::fall_asleep() {
  if (!possible_) return false;
  static const Statement statement{"sleep", "SELECT pg_try_advisory_lock(" + keys + ")"};
  auto locked = connection_->run(statement, {}, Format::text, doing);
  if (!locked) return locked.error();
  holds_lock_ = locked->flag(0, 0);
  asleep_ = holds_lock_;
  if (asleep_ || !several_lanes_) return asleep_;
  auto other = another_sleeps();
  if (other) asleep_ = *other;
  return other;
}

// One relay's lock makes inserts notify everybody. It tells the others when it gives the lock back.
Result<bool> Wake::another_sleeps() {
  static const Statement statement{
      "sleeper",
      "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database "
      "WHERE datname = current_database()) AND classid::bigint = " +
          std::to_string(advisory_class) + " AND objid::bigint = " +
          std::to_string(static_cast<std::uint32_t>(wake_lock)) + " AND mode = 'ExclusiveLock' AND granted)"};
  auto found = connection_->run(statement, {}, Format::text, doing);
  if (!found) return found.error();
  return found->flag(0, 0);
}

Status Wake::get_up() {
  asleep_ = false;
  if (!holds_lock_) return {};
  holds_lock_ = false;
  static const Statement alone{"get_up", "SELECT pg_advisory_unlock(" + keys + ")"};
  static const Statement among_others{"get_up",
                                      "SELECT pg_advisory_unlock(" + keys + "), pg_notify('waybill_wake', '')"};
  auto done = connection_->run(several_lanes_ ? among_others : alone, {}, Format::text, doing);
  if (!done) return done.error();
  return {};
}

}  // namespace waybill::postgresql

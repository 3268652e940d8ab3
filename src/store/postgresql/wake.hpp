#pragma once

#include "store/postgresql/connection.hpp"

namespace waybill::postgresql {

/// How a relay is woken by inserts without slowing them while it is awake: only while some relay holds a lock does an
/// insert send a notification.
class Wake {
 public:
  explicit Wake(Connection& connection) : connection_(&connection) {}

  /// Listens, and finds out whether sleeping is possible: a notification can't be part of a prepared transaction, so
  /// where those are allowed an insert must never send one.
  Status prepare(bool several_lanes);

  /// True when from now on each insert that commits sends a notification. False while a transaction that has inserted
  /// is still open. Look once more at the outbox after true, then sleep.
  Result<bool> fall_asleep();
  /// Inserts stay silent again.
  Status get_up();
  bool asleep() const { return asleep_; }

 private:
  Result<bool> another_sleeps();

  Connection* connection_;
  bool possible_ = false;
  bool several_lanes_ = false;
  bool asleep_ = false;
  bool holds_lock_ = false;
};

}  // namespace waybill::postgresql

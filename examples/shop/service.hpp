#pragma once

/// \file
/// What the two consuming services share: they take deliveries, do the effect of several in one transaction of their
/// own database, commit, and only then acknowledge. Whatever dies in between, the deliveries come again, and the guards
/// of the inbox see to it that nothing is done twice.

#include <functional>
#include <span>
#include <string>

#include "database.hpp"
#include "order.hpp"
#include "waybill/consumer.h"

namespace CLI {
class App;
}

namespace shop {

struct ServiceOptions {
  std::string name;    ///< the consumer's name in the inbox
  std::string store;   ///< the database's URL
  std::string broker;  ///< the broker's URL
  std::string queue;
  std::string group;  ///< Kafka, RocketMQ: the services of one name share the topic
};

struct Received {
  waybill::Delivery delivery;
  Order order;
};

/// What a service does with orders.
class Work {
 public:
  virtual ~Work() = default;

  /// The effect of some orders, inside an open transaction of the service's database. A transient error rolls it back;
  /// all of it is tried again.
  virtual waybill::Status apply(Database& database, std::span<const Received> batch) = 0;

  /// After the commit, and before the deliveries are acknowledged.
  virtual waybill::Status committed() { return {}; }
  /// After a rollback that certainly happened; not after a commit whose answer was an error.
  virtual void rolled_back() {}
};

/// Reads the options of a service from the command line; exits with usage and code 2 when they are wrong. `more` adds
/// options of the service's own.
ServiceOptions service_options(const std::string& name, int argc, char** argv,
                               const std::function<void(CLI::App&)>& more = {});

/// Runs until SIGTERM or SIGINT. Gives the process's exit code: 0, or 1 for an error that trying again can't mend.
int run_service(const ServiceOptions& options, Work& work);

/// Says what is not the normal course of things: a conflict or an expired message waits for a person.
void tell(const std::string& service, waybill::Once answer, const std::string& what);

}  // namespace shop

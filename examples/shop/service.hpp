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

namespace shop {

struct ServiceOptions {
  std::string name;    ///< the consumer's name in the inbox
  std::string store;   ///< the database's URL
  std::string broker;  ///< the broker's URL
  std::string queue;
};

struct Received {
  waybill::Delivery delivery;
  Order order;
};

/// The effect of some orders, inside an open transaction. A transient error rolls the transaction back; it is tried
/// again.
using Effect = std::function<waybill::Status(Database&, std::span<const Received>)>;

/// Reads the options of a service from the command line; exits with usage and code 2 when they are wrong.
ServiceOptions service_options(const std::string& name, int argc, char** argv);

/// Runs until SIGTERM or SIGINT. Gives the process's exit code: 0, or 1 for an error that trying again can't mend.
int run_service(const ServiceOptions& options, const Effect& effect);

/// Says what is not the normal course of things: a conflict or an expired message waits for a person.
void tell(const std::string& service, waybill::Once answer, const std::string& what);

}  // namespace shop

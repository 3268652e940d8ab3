#pragma once

#include <string>

#include "core/secret.hpp"

namespace waybill {

/// A setting that is handed to a broker's client library as it stands. Its value may be a password.
struct Property {
  std::string name;
  Secret value;
};

}  // namespace waybill

#pragma once

#include <cstdint>
#include <string>

#include "http/endpoint.hpp"

namespace waybill::http {

struct NumberRange {
  std::uint64_t usual = 0, least = 0, most = 0;
};

/// The query's whole number of this name, or the usual one. Another one is an error that names the range.
Result<std::uint64_t> number_of(const Call& call, const std::string& name, const NumberRange& range);

}  // namespace waybill::http

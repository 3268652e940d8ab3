#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/json.hpp"
#include "http/message.hpp"
#include "waybill/result.h"

namespace waybill::http {

/// An `invalid_argument` that names the part of the request at fault.
Error wrong(const std::string& name, const std::string& what);

/// The JSON object that a request carries. Reads its members; each that is asked for is known, and one that is missing
/// or null leaves the target as it was.
class Body {
 public:
  static Result<Body> of(const Request& request);

  Status read(const char* name, std::string& target);
  Status read(const char* name, std::optional<std::string>& target);
  Status read(const char* name, bool& target);
  Status read(const char* name, double& target);
  Status read(const char* name, std::vector<std::uint64_t>& target);
  Status read(const char* name, std::vector<std::string>& target);
  Status read(const char* name, std::optional<std::map<std::string, std::string>>& target);
  /// The reason, which every act must have: at most 1,000 bytes.
  Status read_reason(std::string& why, bool required);

  /// An error when there is a member that nothing has asked for.
  Status finish() const;

 private:
  explicit Body(admin::Json json) : json_(std::move(json)) {}
  const admin::Json* find(const char* name);

  admin::Json json_;
  std::vector<std::string_view> known_;
};

}  // namespace waybill::http

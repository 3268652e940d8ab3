#include "http/problem.hpp"

#include "admin/errors.hpp"
#include "admin/json.hpp"
#include "admin/phrasebook.hpp"

namespace waybill::http {
namespace {

constexpr const char* content_type = "application/problem+json";

unsigned status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return 400;
    case ErrorCode::not_found:
      return 404;
    case ErrorCode::busy:
    case ErrorCode::refused:
      return 409;
    case ErrorCode::unreachable:
    case ErrorCode::timeout:
    case ErrorCode::read_only:
    case ErrorCode::disk_full:
    case ErrorCode::missing_schema:
    case ErrorCode::older_schema:
    case ErrorCode::newer_schema:
    case ErrorCode::moved_store:
    case ErrorCode::unauthorized:
    case ErrorCode::lost_lane:
      return 503;  // the store is at fault, not who asks
    case ErrorCode::unsupported:
      return 501;
    default:
      return 500;
  }
}

}  // namespace

std::string reason_phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

Response problem(unsigned status, const std::string& code, const std::string& detail) {
  const admin::Json document{{"title", reason_phrase(status)}, {"status", status}, {"detail", detail}, {"code", code}};
  return {status, content_type, admin::to_text(document) + "\n", {}};
}

Response may_not(const Principal& who, Act act, const std::string& about) {
  return problem(403, "forbidden",
                 who.name + " may not " + std::string(to_string(act)) + " " + about +
                     "; `may` and `topics` of the configuration decide");
}

void tell_in(admin::Language language, Response& problem) {
  if (language == admin::Language::english || problem.content_type != content_type) return;
  auto document = admin::Json::parse(problem.body);
  const auto detail = document.at("detail").get<std::string>();
  const auto code = admin::find_errors(document.at("code").get<std::string>());
  auto told = admin::in_chinese(detail);
  if (!told && !code.empty()) told = code.front().in(language).cause + "（" + detail + "）";
  if (told) document["detail"] = *told;
  problem.body = admin::to_text(document) + "\n";
}

Response problem(const Error& error) {
  return problem(status_of(error.code()), std::string(to_string(error.code())), error.message());
}

}  // namespace waybill::http

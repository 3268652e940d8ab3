#include "http/router.hpp"

#include <algorithm>
#include <exception>

#include "core/text.hpp"
#include "http/problem.hpp"
#include "http/target.hpp"

namespace waybill::http {
namespace {

bool is_placeholder(std::string_view segment) { return segment.starts_with('{'); }

/// The segments of an endpoint's path, as parse_target() gives those of a request.
std::vector<std::string> segments_of(const std::string& path) { return parse_target(path).value().path; }

std::optional<std::map<std::string, std::string>> match(const Endpoint& endpoint,
                                                        const std::vector<std::string>& path) {
  const auto pattern = segments_of(endpoint.path);
  if (pattern.size() != path.size()) return std::nullopt;
  std::map<std::string, std::string> captured;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_placeholder(pattern[i])) {
      if (path[i].empty()) return std::nullopt;
      captured[pattern[i].substr(1, pattern[i].size() - 2)] = path[i];
    } else if (pattern[i] != path[i]) {
      return std::nullopt;
    }
  }
  return captured;
}

bool takes(const Endpoint& endpoint, const std::string& method) {
  return endpoint.method == method || (endpoint.method == "GET" && method == "HEAD");
}

/// What the path leads to: an endpoint that takes the method, or the methods that it would take.
struct Match {
  const Endpoint* endpoint = nullptr;
  std::map<std::string, std::string> path;
  std::string allowed;
};

Match find(const Endpoints& endpoints, const std::string& method, const std::vector<std::string>& path) {
  Match found;
  for (const auto& endpoint : endpoints) {
    auto captured = match(endpoint, path);
    if (!captured) continue;
    if (takes(endpoint, method)) {
      found.endpoint = &endpoint;
      found.path = std::move(*captured);
      return found;
    }
    found.allowed += (found.allowed.empty() ? "" : ", ") + endpoint.method;
    if (endpoint.method == "GET") found.allowed += ", HEAD";
  }
  return found;
}

/// `lang`, which everything of the REST API takes: `en`, which it is without, or `zh`.
Result<admin::Language> language_of(const std::map<std::string, std::string>& query) {
  const auto asked = query.find("lang");
  if (asked == query.end() || asked->second == "en") return admin::Language::english;
  if (asked->second == "zh") return admin::Language::chinese;
  return Error(ErrorCode::invalid_argument, "the parameter 'lang' is neither en nor zh");
}

Status check_parameters(const Endpoint& endpoint, const std::map<std::string, std::string>& query) {
  std::vector<std::string_view> known(endpoint.parameters.begin(), endpoint.parameters.end());
  if (endpoint.path.starts_with("/api/")) known.emplace_back("lang");
  for (const auto& [name, value] : query) {
    if (std::ranges::find(known, name) != known.end()) continue;
    const auto close = nearest(name, known);
    return Error(ErrorCode::invalid_argument,
                 "there is no parameter '" + name + "'" + (close ? ": did you mean '" + *close + "'?" : ""));
  }
  return {};
}

Response missing(const Match& found, const Request& request) {
  if (found.allowed.empty())
    return problem(404, "not_found", "there is nothing at this path; see /api/v1/openapi.json");
  auto answer =
      problem(405, "method_not_allowed", "'" + request.method + "' is not possible here, but " + found.allowed);
  answer.headers.emplace_back("Allow", found.allowed);
  return answer;
}

Response forbidden(const Principal& who, Role needed) {
  const auto role = who.role();
  if (!role && who.by_proxy) {
    return problem(
        403, "forbidden",
        who.name + " may see nothing here; [http.user.NAME] or [http.group.NAME] of the configuration allows it");
  }
  if (!role) {
    auto answer = problem(401, "unauthorized", "send the header `Authorization: Bearer TOKEN`; a token is needed here");
    answer.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"waybill\"");
    return answer;
  }
  return problem(403, "forbidden",
                 who.name + " has the role " + std::string(to_string(*role)) + "; this needs the role " +
                     std::string(to_string(needed)));
}

}  // namespace

std::string Call::asked(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string{} : found->second;
}

Response json_response(std::string body) { return {200, "application/json", std::move(body) + "\n", {}}; }

Router::Router(const HttpConfig& config, Endpoints endpoints) : access_(config), endpoints_(std::move(endpoints)) {}

bool Router::asks_stores(const Request& request) const {
  const auto target = parse_target(request.target);
  if (!target) return false;
  const auto found = find(endpoints_, request.method, target->path);
  return found.endpoint != nullptr && found.endpoint->asks_stores;
}

Response Router::answer(const Request& request) const {
  const auto target = parse_target(request.target);
  auto given = answer_in_english(request, target);
  if (const auto language = target ? language_of(target->query) : admin::Language::english; language) {
    tell_in(*language, given);
  }
  return given;
}

// Who asks is known before what for: a stranger learns nothing about what there is.
Response Router::answer_in_english(const Request& request, const Result<Target>& target) const {
  const auto identified = access_.identify(request);
  if (const auto* refusal = std::get_if<Response>(&identified)) return *refusal;
  const auto& who = std::get<Principal>(identified);
  if (!target) return problem(target.error());
  const auto found = find(endpoints_, request.method, target->path);
  if (found.endpoint == nullptr) return missing(found, request);
  const auto& endpoint = *found.endpoint;
  if (const auto role = who.role(); endpoint.needs && (!role || *role < *endpoint.needs))
    return forbidden(who, *endpoint.needs);
  if (auto known = check_parameters(endpoint, target->query); !known) return problem(known.error());
  const auto language = language_of(target->query);
  if (!language) return problem(language.error());
  try {
    auto answer = endpoint.answer(Call{request, who, found.path, target->query, *language});
    return answer ? std::move(*answer) : problem(answer.error());
  } catch (const std::exception& error) {
    return problem(Error(ErrorCode::internal, std::string("internal error: ") + error.what()));
  }
}

}  // namespace waybill::http

#include "store/redis/redis_error.hpp"

#include <array>
#include <string>

namespace waybill::redis {
namespace {

struct Meaning {
  std::string_view prefix;
  ErrorCode code;
  std::string_view remedy;
};

constexpr std::string_view migrate = "; run `waybill migrate`";

// From the server's sources and its manual; WB... are the library's own.
constexpr auto meanings = std::to_array<Meaning>({
    {"WBLOST", ErrorCode::lost_lane, ""},
    {"WBBUSY", ErrorCode::busy, ""},
    {"WBSCHEMA", ErrorCode::missing_schema, migrate},
    {"WBARG", ErrorCode::invalid_argument, ""},
    {"ERR Function not found", ErrorCode::missing_schema, migrate},
    {"NOGROUP", ErrorCode::lost_lane, ""},
    {"LOADING", ErrorCode::unreachable, "; the server reads its data: wait"},
    {"MASTERDOWN", ErrorCode::unreachable, "; the replica has lost its primary"},
    {"CLUSTERDOWN", ErrorCode::unreachable, "; the cluster lacks nodes: see CLUSTER INFO"},
    {"NOREPLICAS", ErrorCode::unreachable, "; the server wants more replicas (min-replicas-to-write)"},
    {"MOVED", ErrorCode::unreachable, "; the slot went to another node"},
    {"ASK", ErrorCode::unreachable, "; the slot is on its way to another node: try again"},
    {"TRYAGAIN", ErrorCode::busy, "; the slot is on its way to another node: try again"},
    {"BUSY", ErrorCode::busy, "; a script runs: wait, or SCRIPT KILL"},
    {"ERR max number of clients", ErrorCode::busy, "; raise maxclients"},
    {"READONLY", ErrorCode::read_only, "; connect to the primary"},
    {"OOM", ErrorCode::disk_full, "; raise maxmemory, or make room"},
    {"MISCONF", ErrorCode::disk_full, "; the server can't save: see its log"},
    {"NOAUTH", ErrorCode::unauthorized, "; put the user and the password into the URL"},
    {"WRONGPASS", ErrorCode::unauthorized, "; correct the user and the password"},
    {"NOPERM", ErrorCode::unauthorized, "; give the user what it needs (ACL SETUSER)"},
    {"ERR unknown command", ErrorCode::unsupported, "; Redis 7.0 or later is needed"},
    {"CROSSSLOT", ErrorCode::invalid_argument, "; give all keys of the operation one hash tag, {...}"},
    {"WRONGTYPE", ErrorCode::invalid_argument, ""},
    {"ERR AUTH", ErrorCode::unauthorized, "; the server has no password: take it out of the URL"},
    {"ERR DB index", ErrorCode::not_found, "; the server has fewer databases"},
    {"ERR SELECT is not allowed in cluster mode", ErrorCode::not_found, "; a cluster has database 0 only"},
});

const Meaning* meaning_of(std::string_view words) noexcept {
  // Inside a function, `redis.call` puts its own words around what failed.
  for (const auto& meaning : meanings) {
    if (words.starts_with(meaning.prefix)) return &meaning;
  }
  for (const auto& meaning : meanings) {
    if (meaning.code == ErrorCode::lost_lane && words.find(meaning.prefix) != std::string_view::npos) return &meaning;
  }
  return nullptr;
}

}  // namespace

ErrorCode code_of(std::string_view words) noexcept {
  const auto* meaning = meaning_of(words);
  return meaning == nullptr ? ErrorCode::internal : meaning->code;
}

Error error_of(std::string_view words, std::string_view doing) {
  const auto* meaning = meaning_of(words);
  std::string text{doing};
  text.append(": ").append(words);
  if (meaning != nullptr) text.append(meaning->remedy);
  return {meaning == nullptr ? ErrorCode::internal : meaning->code, std::move(text)};
}

}  // namespace waybill::redis

// Routes that people hold back: a hash beside lane 0, from the route's topic to three lines: since when, who, why.

#include <algorithm>
#include <sstream>

#include "store/redis/placing.hpp"
#include "store/redis/store.hpp"

namespace waybill::redis {
namespace {

constexpr std::string_view storing = "can't store which routes are paused";

std::string pauses_key() { return key_of(0, "pauses"); }

std::string lines_of(const store::Pause& pause) {
  return std::to_string(pause.since_ms) + "\n" + pause.who + "\n" + pause.why;
}

store::Pause pause_of(std::string route, const std::string& lines) {
  store::Pause pause;
  pause.route = std::move(route);
  std::istringstream reader(lines);
  reader >> pause.since_ms;
  reader.ignore();
  std::getline(reader, pause.who);
  std::getline(reader, pause.why, '\0');
  return pause;
}

}  // namespace

Result<std::vector<store::Pause>> RedisStore::pauses() {
  return with_lane<std::vector<store::Pause>>(0, [](Connection& connection) -> Result<std::vector<store::Pause>> {
    auto rows = connection.run({"HGETALL", pauses_key()}, "can't read which routes are paused");
    if (!rows) return rows.error();
    std::vector<store::Pause> found;
    for (std::size_t at = 0; at + 1 < (*rows)->size(); at += 2) {
      found.push_back(pause_of((**rows)[at].text(), (**rows)[at + 1].text()));
    }
    std::ranges::sort(found, {}, &store::Pause::route);
    return found;
  });
}

Result<bool> RedisStore::pause(const store::Pause& pause) {
  return with_lane<bool>(0, [&](Connection& connection) -> Result<bool> {
    auto done = connection.run({"HSETNX", pauses_key(), pause.route, lines_of(pause)}, storing);
    if (!done) return done.error();
    return (*done)->number() != 0;
  });
}

Result<bool> RedisStore::resume(const std::string& route) {
  return with_lane<bool>(0, [&](Connection& connection) -> Result<bool> {
    auto done = connection.run({"HDEL", pauses_key(), route}, storing);
    if (!done) return done.error();
    return (*done)->number() != 0;
  });
}

}  // namespace waybill::redis

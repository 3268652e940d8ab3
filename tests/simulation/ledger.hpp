#pragma once

/// \file
/// What really happened, seen from outside: what services committed, what the broker took and what it refused.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace waybill::simulation {

/// How the broker treats every copy of a message.
enum class Nature {
  ordinary,
  always_rejected,
  always_unroutable,
  poison,  ///< ends the connection on which it arrives
  lethal,  ///< ends the relay that sends it
};

struct Written {
  std::string id;
  std::optional<std::string> key;
  std::string topic;
  Nature nature = Nature::ordinary;
  enum class Fate { open, committed, undone } fate = Fate::open;
  std::uint64_t committed_as = 0;  ///< place in the order of commits
  bool malformed = false;
};

struct Arrival {
  std::string id;
  std::uint32_t attempt = 0;
  std::size_t relay = 0;
};

/// Thread-free book of one run.
struct Ledger {
  std::map<std::string, Written> written;          // by id
  std::vector<Arrival> arrivals;                   // what the broker took, in its order
  std::map<std::string, std::uint32_t> refusals;   // nacks, returns and missing exchanges answered, by id
  std::map<std::string, std::uint32_t> lone_ends;  // connections or relays that ended while it stood alone
  std::set<std::string> resent_by_person;
  std::uint64_t commits = 0;
  std::uint64_t kills = 0;
};

}  // namespace waybill::simulation

// Runs the engine through seeded schedules of faults and checks promises P1 to P5 after each.
//   simulation [--first N] [--count N]     many schedules
//   simulation --seed N                    one again, with its story

#include <charconv>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "run.hpp"

namespace {

using waybill::simulation::Run;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t count = 20'000;
  bool verbose = false;
};

bool read_number(const char* text, std::uint64_t& number) {
  const auto end = text + std::strlen(text);
  const auto result = std::from_chars(text, end, number);
  return result.ec == std::errc{} && result.ptr == end;
}

bool parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 >= argc) return false;
    std::uint64_t number = 0;
    if (!read_number(argv[i + 1], number)) return false;
    if (name == "--first") {
      options.first = number;
    } else if (name == "--count") {
      options.count = number;
    } else if (name == "--seed") {
      options.first = number;
      options.count = 1;
      options.verbose = true;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!parse(argc, argv, options)) {
    std::fprintf(stderr, "usage: simulation [--first N] [--count N] | --seed N\n");
    return 2;
  }
  std::uint64_t kills = 0;
  std::uint64_t messages = 0;
  std::uint64_t duplicates = 0;
  for (std::uint64_t seed = options.first; seed < options.first + options.count; ++seed) {
    Run run{seed};
    if (const auto broken = run.execute()) {
      std::printf("%s\n%sreplay it with --seed %llu\n", broken->c_str(), run.describe().c_str(),
                  static_cast<unsigned long long>(seed));
      return 1;
    }
    if (options.verbose) std::printf("%s", run.describe().c_str());
    kills += run.kills();
    messages += run.messages();
    duplicates += run.duplicates();
    if ((seed - options.first + 1) % 1000 == 0) {
      std::printf("%llu schedules: %llu messages, %llu kills, %llu flagged duplicates, promises kept\n",
                  static_cast<unsigned long long>(seed - options.first + 1), static_cast<unsigned long long>(messages),
                  static_cast<unsigned long long>(kills), static_cast<unsigned long long>(duplicates));
      std::fflush(stdout);
    }
  }
  return 0;
}

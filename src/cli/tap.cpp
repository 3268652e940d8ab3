#include <fmt/format.h>

#include <CLI/App.hpp>
#include <map>
#include <memory>

#include "cli/local_relay.hpp"
#include "cli/long_running.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "core/url.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string route;
  std::size_t count = 0;
};

std::string line_of(const Terminal& terminal, const admin::Json& sample) {
  const auto outcome = sample.at("outcome").get<std::string>();
  const auto tone = outcome == "confirmed" ? Tone::good : outcome == "in_doubt" ? Tone::warning : Tone::bad;
  const auto text = [&](const char* name) { return printable(sample.at(name).get<std::string>()); };
  const auto attempt = sample.at("attempt").get<unsigned>();
  return paint(terminal, tone, fmt::format("{:<11}", outcome)) +
         fmt::format("{:>8.1f} ms  {}  {}{}{}\n", sample.at("seconds").get<double>() * 1000, text("id"), text("topic"),
                     attempt > 1 ? fmt::format("  attempt {}", attempt) : "",
                     text("answer").empty() ? "" : "  " + text("answer"));
}

/// Shows each sample once: what a lane has shown has lower numbers.
class Tap {
 public:
  Tap(const Session& session, const Options& options) : session_(session), options_(options) {}

  void show(const admin::Json& samples) {
    forget_what_began_anew(samples);
    for (const auto& sample : samples) {
      if (is_enough()) return;
      auto& last = last_[lane_of(sample)];
      const auto number = number_of(sample);
      if (number <= last) continue;
      last = number;
      ++shown_;
      session_.json ? session_.print(admin::to_text(sample, -1) + "\n")
                    : session_.print(line_of(session_.terminal, sample));
    }
  }
  bool is_enough() const { return options_.count > 0 && shown_ >= options_.count; }

 private:
  static std::string lane_of(const admin::Json& sample) {
    return sample.at("store").get<std::string>() + ":" + std::to_string(sample.at("lane").get<unsigned>());
  }
  static std::uint64_t number_of(const admin::Json& sample) { return sample.at("number").get<std::uint64_t>(); }

  /// After a reload, and when a lane has come back, its numbers begin again.
  void forget_what_began_anew(const admin::Json& samples) {
    std::map<std::string, std::uint64_t> newest;
    for (const auto& sample : samples) newest[lane_of(sample)] = number_of(sample);
    for (const auto& [lane, number] : newest) {
      if (number < last_[lane]) last_[lane] = 0;
    }
  }

  const Session& session_;
  const Options& options_;
  std::map<std::string, std::uint64_t> last_;
  std::size_t shown_ = 0;
};

std::string target_of(const Options& options) {
  return "/api/v1/tap" + (options.route.empty() ? "" : "?route=" + percent_encoded(options.route));
}

int run(const Session& session, const Options& options) {
  auto config = session.load();
  if (!config) return fail(config.error());
  const StopSignals signals;
  Tap tap(session, options);
  while (!tap.is_enough()) {
    const auto answer = ask_local_relay(*config, target_of(options));
    if (!answer) return fail(answer.error());
    const auto document = admin::Json::parse(*answer, nullptr, false);
    if (!document.contains("samples"))
      return fail(Error(ErrorCode::corrupt, "what answers is no relay of this version"));
    tap.show(document.at("samples"));
    if (!tap.is_enough() && signals.wait_briefly() != 0) return done;
  }
  return done;
}

}  // namespace

void add_tap(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("tap", "Some of the brokers' answers as they go by, from the relay on this host");
  auto options = std::make_shared<Options>();
  command->add_option("route", options->route, "Only this route: its topic, as the configuration writes it");
  command->add_option("--count", options->count, "End after so many");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli

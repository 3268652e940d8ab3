#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <ctime>
#include <memory>
#include <thread>

#include "admin/sending.hpp"
#include "admin/stores.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "core/text.hpp"
#include "relay/service.hpp"

namespace waybill::cli {
namespace {

struct Options {
  std::string store, topic;
  std::uint64_t messages = 10000, size = 256;
  bool yes = false;
};

/// What one installation reached.
struct Figures {
  double single_rate = 0;   ///< persisted a second, one transaction each
  double batch_rate = 0;    ///< persisted a second, 500 in a transaction
  double relay_rate = 0;    ///< confirmed and settled a second
  double relay_cpu_us = 0;  ///< this process's CPU for one message, everything included
};

constexpr std::size_t batch_size = 500;
constexpr Duration single_limit = std::chrono::seconds{2};
constexpr Duration drain_limit = std::chrono::minutes{5};

double seconds_since(MonoTime start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

class Bench {
 public:
  Bench(const Session& session, const Options& options, Opened& opened)
      : session_(session), options_(options), opened_(opened) {
    message_.topic = Topic(options.topic);
    message_.payload = std::string(options.size, 'x');
    message_.headers["waybill-bench"] = "1";
  }

  Result<Figures> run() {
    if (auto persisted = persist_single(); !persisted) return persisted.error();
    if (auto persisted = persist_batches(); !persisted) return persisted.error();
    if (auto drained = drain(); !drained) return drained.error();
    return figures_;
  }

 private:
  Status persist_single() {
    const auto start = std::chrono::steady_clock::now();
    const auto limit = Deadline::after(single_limit);
    std::uint64_t count = 0;
    for (; count < options_.messages / 2 && !limit.passed(); ++count) {
      auto ids = opened_.store->persist(std::span(&message_, 1));
      if (!ids) return ids.error();
    }
    figures_.single_rate = static_cast<double>(count) / seconds_since(start);
    persisted_ += count;
    return {};
  }

  Status persist_batches() {
    ProgressBar bar(session_.terminal, "persist", options_.messages);
    const std::vector<Message> batch(batch_size, message_);
    const auto start = std::chrono::steady_clock::now();
    const auto before = persisted_;
    while (persisted_ < options_.messages) {
      const auto count = std::min<std::uint64_t>(batch_size, options_.messages - persisted_);
      auto ids = opened_.store->persist(std::span(batch).first(count));
      if (!ids) return ids.error();
      persisted_ += count;
      bar.update(persisted_);
    }
    figures_.batch_rate = static_cast<double>(persisted_ - before) / seconds_since(start);
    return {};
  }

  /// Runs a relay in this process until nothing is left to send.
  Status drain() {
    const LogSink log = [](std::string_view level, std::string_view text) {
      if (level == "warning" || level == "error") complain(std::string(text));
    };
    auto service = relay::Service::start(*opened_.config, {log});
    if (!service) return service.error();
    const auto start = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds();
    const auto limit = Deadline::after(drain_limit);
    ProgressBar bar(session_.terminal, "relay (seconds)", 0);
    while (!(*service)->drained()) {
      if (const auto fatal = (*service)->fatal()) return *fatal;
      if (limit.passed()) return Error(ErrorCode::timeout, "the relay did not drain the store within five minutes");
      bar.update(static_cast<std::uint64_t>(seconds_since(start)));
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    figures_.relay_rate = static_cast<double>(persisted_) / seconds_since(start);
    figures_.relay_cpu_us = (cpu_seconds() - cpu) * 1e6 / static_cast<double>(persisted_);
    (*service)->stop(opened_.config->relay.stop_timeout);
    return {};
  }

  const Session& session_;
  const Options& options_;
  Opened& opened_;
  Message message_;
  std::uint64_t persisted_ = 0;
  Figures figures_;
};

void print_figures(const Session& session, const Options& options, const Opened& opened, const Figures& figures) {
  const auto processors = std::thread::hardware_concurrency();
  if (session.json) {
    session.print(admin::Json{{"store", opened.store->config().url.masked()},
                              {"topic", options.topic},
                              {"messages", options.messages},
                              {"payload_bytes", options.size},
                              {"processors", processors},
                              {"persisted_single_per_second", figures.single_rate},
                              {"persisted_batch_per_second", figures.batch_rate},
                              {"confirmed_per_second", figures.relay_rate},
                              {"relay_cpu_microseconds", figures.relay_cpu_us}});
    return;
  }
  Table table({"MEASURED", "RESULT"});
  table.add({"persisted, one transaction each", fmt::format("{:.0f}/s", figures.single_rate)});
  table.add({"persisted, 500 in a transaction", fmt::format("{:.0f}/s", figures.batch_rate)});
  table.add({"relayed: confirmed and settled", fmt::format("{:.0f}/s", figures.relay_rate)});
  table.add({"relay's CPU for one message", fmt::format("{:.1f} us", figures.relay_cpu_us)});
  session.print(fmt::format("{} messages of {} bytes, store {}, topic {}, {} processors\n\n{}", options.messages,
                            options.size, opened.store->config().url.masked(), options.topic, processors,
                            table.render(session.terminal)));
}

int run(const Session& session, const Options& options) {
  auto opened = open_for_command(session, options.store);
  if (!opened) return fail(opened.error());
  if (opened->config->route(options.topic) == nullptr) return fail(admin::no_route(*opened->config, options.topic));
  auto counts = opened->store->counts();
  if (!counts) return fail(counts.error());
  if (counts->sending > 0) {
    return fail(Error(ErrorCode::refused,
                      "messages are waiting in the store: the figures would mix with theirs. Drain it first"));
  }
  const auto question = fmt::format("{} real messages are persisted and published to topic '{}'. Go on?",
                                    options.messages, options.topic);
  if (!confirmed_by_person(session, options.yes, question)) return wrong_usage;
  auto figures = Bench(session, options, *opened).run();
  if (!figures) return fail(figures.error());
  print_figures(session, options, *opened, *figures);
  return done;
}

}  // namespace

void add_bench(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("bench", "Measure this installation: persisting, and relaying to the broker");
  auto options = std::make_shared<Options>();
  command->add_option("--topic", options->topic, "The topic of the messages; bind a queue of your own to it")
      ->required();
  command->add_option("--store", options->store, "The store, when several are configured");
  command->add_option("--messages", options->messages, "How many (default 10000)")->check(CLI::Range(1, 100000000));
  command->add_option("--size", options->size, "Bytes of payload (default 256)")->check(CLI::Range(0, 16777216));
  command->add_flag("--yes", options->yes, "Do not ask");
  command->callback([&session, options] { session.action = [&session, options] { return run(session, *options); }; });
}

}  // namespace waybill::cli

#include "service.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <thread>

namespace shop {
namespace {

using namespace std::chrono_literals;
using waybill::Consumer;
using waybill::Delivery;
using waybill::ErrorCode;
using waybill::Result;
using waybill::Status;

std::atomic<bool> stopped{false};

class Service {
 public:
  Service(const ServiceOptions& options, Work& work, Consumer& consumer)
      : options_(options), work_(work), consumer_(consumer) {}

  int run() {
    while (!stopped) {
      auto batch = receive();
      if (!batch) {
        complain(batch.error());
        std::this_thread::sleep_for(1s);
        continue;
      }
      if (batch->empty()) continue;
      if (auto done = apply(*batch); !done) {
        complain(done.error());
        return 1;
      }
    }
    return 0;
  }

 private:
  static constexpr std::size_t most_in_a_transaction = 50;

  /// Waits for a delivery, then takes what else is there already: one commit for all.
  Result<std::vector<Received>> receive() {
    std::vector<Received> batch;
    auto wait = 200ms;
    while (batch.size() < most_in_a_transaction) {
      auto delivery = consumer_.receive(wait);
      if (!delivery) {
        // What has come before the error is still worth doing; the error will come again.
        if (batch.empty()) return std::move(delivery).error();
        break;
      }
      if (!*delivery) break;
      wait = 0ms;
      auto order = order_from_json((*delivery)->message.payload);
      if (!order) {
        complain(order.error());
        consumer_.reject(**delivery, false);
        continue;
      }
      batch.push_back({std::move(**delivery), std::move(*order)});
    }
    return batch;
  }

  /// Until all is committed, whatever becomes of the database meanwhile.
  Status apply(std::span<const Received> batch) {
    auto pause = 10ms;
    while (!batch.empty() && !stopped) {
      const auto some = batch.first(std::min(at_once_, batch.size()));
      auto done = transaction(some);
      if (done) {
        for (const auto& received : some) consumer_.ack(received.delivery);
        batch = batch.subspan(some.size());
        at_once_ = std::min(at_once_ + 1, most_in_a_transaction);
        pause = 10ms;
        continue;
      }
      if (!done.error().is_transient()) return done;
      if (done.error().code() == ErrorCode::unreachable) database_.reset();
      // Services that hinder each other do so less in small transactions.
      if (done.error().code() == ErrorCode::busy) at_once_ = std::max<std::size_t>(at_once_ / 2, 1);
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, 1000ms);
    }
    return {};
  }

  Status transaction(std::span<const Received> batch) {
    if (!database_) {
      auto opened = open_database(options_.store);
      if (!opened) return std::move(opened).error();
      database_ = std::move(*opened);
    }
    if (auto begun = database_->begin(); !begun) return begun;
    auto done = record(batch);
    if (done) done = work_.apply(*database_, batch);
    if (!done) {
      database_->rollback();
      work_.rolled_back();
      return done;
    }
    auto committed = database_->commit();
    if (!committed) {
      database_->rollback();
      return committed;
    }
    return work_.committed();
  }

  /// Every delivery is written down, so that the demonstration can count what came twice.
  Status record(std::span<const Received> batch) {
    for (const auto& [delivery, order] : batch) {
      auto written = database_->run(
          "INSERT INTO shop_delivery (service, message_id, attempt, redelivered) VALUES ($1, $2, $3, $4)",
          {options_.name, delivery.message.id.str(), std::to_string(delivery.attempt),
           delivery.redelivered ? "1" : "0"});
      if (!written) return std::move(written).error();
    }
    return {};
  }

  void complain(const waybill::Error& error) const {
    std::cerr << options_.name << ": " << error.message() << std::endl;
  }

  const ServiceOptions& options_;
  Work& work_;
  Consumer& consumer_;
  std::unique_ptr<Database> database_;
  std::size_t at_once_ = most_in_a_transaction;
};

void stop(int) { stopped = true; }

}  // namespace

ServiceOptions service_options(const std::string& name, int argc, char** argv,
                               const std::function<void(CLI::App&)>& more) {
  ServiceOptions options;
  options.name = options.queue = options.group = name;
  CLI::App app("A service of the shop: " + name);
  app.add_option("--store", options.store, "its database: sqlite:///path or postgresql://...")->required();
  app.add_option("--broker", options.broker, "the broker: amqp://..., kafka://... or rocketmq://...")->required();
  app.add_option("--queue", options.queue, "its queue, or topic of Kafka or RocketMQ")->capture_default_str();
  app.add_option("--group", options.group, "Kafka, RocketMQ: its group")->capture_default_str();
  if (more) more(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    std::exit(app.exit(problem) == 0 ? 0 : 2);
  }
  return options;
}

int run_service(const ServiceOptions& options, Work& work) {
  std::signal(SIGTERM, stop);
  std::signal(SIGINT, stop);
  waybill::ConsumerOptions consuming;
  consuming.url = options.broker;
  consuming.queue = options.queue;
  consuming.group = options.group;
  auto consumer = waybill::open_consumer(consuming);
  if (!consumer) {
    std::cerr << options.name << ": " << consumer.error().message() << std::endl;
    return 2;
  }
  return Service(options, work, **consumer).run();
}

void tell(const std::string& service, waybill::Once answer, const std::string& what) {
  if (answer == waybill::Once::conflict || answer == waybill::Once::expired) {
    std::cerr << service << ": " << what << " is " << to_string(answer) << "; not done" << std::endl;
  }
}

}  // namespace shop

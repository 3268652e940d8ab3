/// A service whose business data is elsewhere: it takes payments from standard input, one JSON line each, sends them
/// from its own process, and says on standard output what became of them. A relay on the same store is its safety net.
///
///     {"id":"p-1","topic":"payments.taken","amount":"12.50"}

#include <CLI/CLI.hpp>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "waybill/sender.h"

namespace {

std::mutex printing;

void say(const std::string& line) {
  const std::lock_guard lock(printing);
  std::cout << line << std::endl;
}

void told(const waybill::Answer& answer) {
  say(std::string{to_string(answer.kind)} + " " + answer.id.str() + " " + std::string{to_string(answer.next)} +
      (answer.text.empty() ? "" : " " + answer.text));
}

/// The id is the payment's own, so that a payment that is taken twice is one message's id twice.
waybill::Result<waybill::Message> message_of(const std::string& line) {
  const auto payment = nlohmann::json::parse(line, nullptr, false);
  if (!payment.is_object() || !payment.contains("id") || !payment["id"].is_string()) {
    return waybill::Error{waybill::ErrorCode::invalid_argument, "not a payment: " + line};
  }
  waybill::Message message;
  message.id = waybill::MessageId{payment["id"].get<std::string>()};
  message.topic = waybill::Topic{payment.value("topic", "payments.taken")};
  message.payload = line;
  message.content_type = "application/json";
  return message;
}

int serve(waybill::Sender& sender) {
  for (std::string line; std::getline(std::cin, line);) {
    const auto message = message_of(line);
    const auto sent = message ? sender.send(*message) : waybill::Result<waybill::MessageId>{message.error()};
    say(sent ? "persisted " + sent->str()
             : "refused " + std::string{to_string(sent.error().code())} + " " + sent.error().message());
  }
  return sender.stop(std::chrono::seconds{30}) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::string config = "waybill.toml", store = "cache";
  CLI::App app("Takes payments from standard input and tells what became of them");
  app.add_option("-c,--config", config, "the configuration")->capture_default_str();
  app.add_option("--store", store, "the name of the Redis store")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  auto sender = waybill::Sender::open(config, store, told, [](std::string_view level, std::string_view text) {
    std::cerr << level << ": " << text << std::endl;
  });
  if (!sender) {
    std::cerr << "payments: " << sender.error().message() << std::endl;
    return 2;
  }
  return serve(**sender);
}

#include <amqp.h>
#include <amqp_tcp_socket.h>

#include <array>
#include <cstdlib>
#include <memory>

#include "broker/rabbitmq/endpoint.hpp"
#include "gated_rig.hpp"

namespace waybill::testing {
namespace {

/// Sets up exchanges and queues with rabbitmq-c, independent of what is tested.
class Topology {
 public:
  explicit Topology(const broker::rabbitmq::Endpoint& at) : connection_(amqp_new_connection()) {
    amqp_socket_t* socket = amqp_tcp_socket_new(connection_);
    if (amqp_socket_open(socket, at.host.c_str(), at.port) != AMQP_STATUS_OK) {
      fault_ = at.name() + " can't be reached";
      return;
    }
    amqp_login(connection_, at.vhost.c_str(), 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, at.user.c_str(),
               at.password.reveal().c_str());
    amqp_channel_open(connection_, 1);
    check("log in");
  }
  ~Topology() { amqp_destroy_connection(connection_); }
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;

  void exchange(const std::string& name) {
    amqp_exchange_declare(connection_, 1, amqp_cstring_bytes(name.c_str()), amqp_cstring_bytes("direct"), 0, 1, 0, 0,
                          amqp_empty_table);
    check("declare the exchange");
  }
  void queue(const std::string& name, const std::string& exchange, const std::string& key, amqp_table_t arguments) {
    amqp_queue_declare(connection_, 1, amqp_cstring_bytes(name.c_str()), 0, 1, 0, 0, arguments);
    check("declare the queue");
    amqp_queue_bind(connection_, 1, amqp_cstring_bytes(name.c_str()), amqp_cstring_bytes(exchange.c_str()),
                    amqp_cstring_bytes(key.c_str()), amqp_empty_table);
    check("bind the queue");
  }
  void delete_queue(const std::string& name) {
    amqp_queue_delete(connection_, 1, amqp_cstring_bytes(name.c_str()), 0, 0);
    check("delete the queue");
  }
  void delete_exchange(const std::string& name) {
    amqp_exchange_delete(connection_, 1, amqp_cstring_bytes(name.c_str()), 0);
  }
  const std::string& fault() const { return fault_; }

 private:
  void check(const char* what) {
    const bool fine = amqp_get_rpc_reply(connection_).reply_type == AMQP_RESPONSE_NORMAL;
    if (!fine && fault_.empty()) fault_ = std::string("could not ") + what;
  }

  amqp_connection_state_t connection_;
  std::string fault_;
};

amqp_table_entry_t text_argument(const char* name, const char* value) {
  amqp_table_entry_t entry{amqp_cstring_bytes(name), {}};
  entry.value.kind = AMQP_FIELD_KIND_UTF8;
  entry.value.value.bytes = amqp_cstring_bytes(value);
  return entry;
}

amqp_table_entry_t number_argument(const char* name, std::int32_t value) {
  amqp_table_entry_t entry{amqp_cstring_bytes(name), {}};
  entry.value.kind = AMQP_FIELD_KIND_I32;
  entry.value.value.i32 = value;
  return entry;
}

class RabbitRig final : public GatedRig {
 public:
  RabbitRig() {
    const char* url = std::getenv("WAYBILL_TEST_RABBITMQ");
    if (url == nullptr) {
      fault_ = "WAYBILL_TEST_RABBITMQ is not set: `make test` starts a private broker and sets it";
      return;
    }
    BrokerConfig config;
    config.url = Secret(url);
    auto endpoint = broker::rabbitmq::make_endpoint(config);
    if (!endpoint) {
      fault_ = endpoint.error().message();
      return;
    }
    endpoint_ = *endpoint;
    gate_ = std::make_unique<TcpGate>(endpoint_.host, endpoint_.port);
    set_up();
  }
  ~RabbitRig() override {
    if (!gate_) return;
    gate_.reset();
    Topology topology(endpoint_);
    topology.delete_queue(name_ + ".good");
    topology.delete_queue(name_ + ".full");
    topology.delete_exchange(name_);
  }

  BrokerConfig config() const override {
    BrokerConfig config;
    config.name = "rabbitmq";
    config.url = Secret(url());
    return config;
  }
  ConsumerOptions consumer() const override {
    ConsumerOptions options;
    options.url = std::getenv("WAYBILL_TEST_RABBITMQ");  // past the gate
    options.queue = name_ + ".good";
    return options;
  }
  broker::Destination good() const override { return {name_, "good"}; }
  broker::Destination rejecting() override { return {name_, "full"}; }
  broker::Destination unroutable() const override { return {name_, "nowhere"}; }
  broker::Destination missing() const override { return {name_ + ".missing", "good"}; }
  std::string missing_words() const override { return "404 NOT_FOUND"; }

  void remove_queue() override { Topology(endpoint_).delete_queue(name_ + ".good"); }

 private:
  void set_up() {
    Topology topology(endpoint_);
    std::array quorum{text_argument("x-queue-type", "quorum")};
    std::array full{number_argument("x-max-length", 0), text_argument("x-overflow", "reject-publish")};
    topology.exchange(name_);
    topology.queue(name_ + ".good", name_, "good", {quorum.size(), quorum.data()});
    topology.queue(name_ + ".full", name_, "full", {full.size(), full.data()});
    fault_ = topology.fault();
  }
  std::string url() const {
    return "amqp://" + endpoint_.user + ":" + endpoint_.password.reveal() +
           "@127.0.0.1:" + std::to_string(gate_->port()) + "/" +
           (endpoint_.vhost == "/" ? std::string("%2F") : endpoint_.vhost);
  }

  broker::rabbitmq::Endpoint endpoint_;
};

}  // namespace

std::unique_ptr<PublisherRig> make_rabbitmq_rig() { return std::make_unique<RabbitRig>(); }

}  // namespace waybill::testing

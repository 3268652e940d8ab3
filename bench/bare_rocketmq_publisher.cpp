// The raw limit of RocketMQ: sends COUNT messages from memory with at most WINDOW unconfirmed, BATCH in each call, by
// the same protocol as the relay, and prints seconds from the first message to the last confirm, and its own CPU
// seconds. SHAPE small: a message has nothing but its id; alike: the key and the properties of the relay's. Usage:
// bare_rocketmq_publisher HOST:PORT TOPIC BATCH COUNT WINDOW BYTES SHAPE

#include <apache/rocketmq/v2/service.grpc.pb.h>
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

namespace {

namespace v2 = apache::rocketmq::v2;

double own_cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

class Sender {
 public:
  Sender(const std::string& address, std::string topic, std::size_t bytes, bool alike)
      : stub_(v2::MessagingService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))),
        topic_(std::move(topic)),
        payload_(bytes, 'x'),
        alike_(alike) {}

  void send(std::uint64_t count, std::uint64_t window, std::uint64_t batch) {
    for (std::uint64_t sent = 0; sent < count;) {
      const std::uint64_t now = std::min(batch, count - sent);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return open_ + now <= window; });
      open_ += now;
      lock.unlock();
      call(now);
      sent += now;
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ == 0; });
  }
  bool all_confirmed() const { return refused_ == 0; }

 private:
  struct Call {
    grpc::ClientContext context;
    v2::SendMessageRequest request;
    v2::SendMessageResponse response;
  };

  void call(std::uint64_t messages) {
    auto made = std::make_shared<Call>();
    made->context.AddMetadata("x-mq-client-id", "bare");
    made->context.AddMetadata("x-mq-language", "CPP");
    made->context.AddMetadata("x-mq-protocol", "v2");
    made->context.AddMetadata("x-mq-client-version", "5.0.0");
    for (std::uint64_t i = 0; i < messages; ++i) fill(*made->request.add_messages());
    stub_->async()->SendMessage(&made->context, &made->request, &made->response,
                                [this, made, messages](const grpc::Status& status) {
                                  const bool ok = status.ok() && made->response.status().code() == v2::OK;
                                  const std::lock_guard lock(mutex_);
                                  open_ -= messages;
                                  if (!ok) ++refused_;
                                  changed_.notify_one();
                                });
  }

  void fill(v2::Message& message) {
    char id[64];
    std::snprintf(id, sizeof id, "01890a5d-ac96-774b-bcce-%012llx", static_cast<unsigned long long>(++number_));
    message.mutable_topic()->set_name(topic_);
    message.set_body(payload_);
    auto& system = *message.mutable_system_properties();
    system.set_message_id(id);
    system.set_message_type(v2::NORMAL);
    system.set_body_encoding(v2::IDENTITY);
    if (!alike_) return;
    system.add_keys(id);
    system.set_tag("orders.created");
    system.mutable_born_timestamp()->set_seconds(1);
    (*message.mutable_user_properties())["waybill-attempt"] = "1";
    (*message.mutable_user_properties())["waybill-topic"] = "orders.created";
  }

  std::unique_ptr<v2::MessagingService::Stub> stub_;
  const std::string topic_;
  const std::string payload_;
  const bool alike_;
  std::uint64_t number_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t open_ = 0, refused_ = 0;  ///< guarded by mutex_
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr, "usage: bare_rocketmq_publisher HOST:PORT TOPIC BATCH COUNT WINDOW BYTES small|alike\n");
    return 2;
  }
  const auto number = [argv](int at) { return std::strtoull(argv[at], nullptr, 10); };
  Sender sender(argv[1], argv[2], number(6), std::string(argv[7]) == "alike");
  sender.send(1, 1, 1);  // connecting is not part of the limit
  const double cpu = own_cpu_seconds();
  const auto began = std::chrono::steady_clock::now();
  sender.send(number(4) - 1, number(5), number(3));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%.6f %.6f\n", took.count(), own_cpu_seconds() - cpu);
  return sender.all_confirmed() ? 0 : 1;
}

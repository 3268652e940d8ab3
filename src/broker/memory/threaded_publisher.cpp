#include <utility>

#include "broker/memory/publisher.hpp"

namespace waybill::broker::memory {

ThreadedPublisher::ThreadedPublisher(std::shared_ptr<Broker> broker) : broker_(broker), pumped_(std::move(broker)) {}

ThreadedPublisher::~ThreadedPublisher() { stop(Deadline::after(Duration::zero())); }

void ThreadedPublisher::start(PublisherEvents& events) {
  pumped_.start(events);
  thread_ = std::thread([this] {
    while (!stopping_) {
      const std::uint64_t seen = broker_->state().version;
      if (!pumped_.pump()) broker_->await_change(seen, Deadline::after(std::chrono::seconds{1}));
    }
  });
}

void ThreadedPublisher::publish(std::vector<Outgoing> messages) {
  pumped_.publish(std::move(messages));
  broker_->poke();
}

void ThreadedPublisher::stop(Deadline deadline) {
  if (!thread_.joinable()) return;
  stopping_ = true;
  broker_->poke();
  thread_.join();
  pumped_.stop(deadline);
}

}  // namespace waybill::broker::memory

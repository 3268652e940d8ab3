#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "publisher_recorder.hpp"
#include "publisher_rig.hpp"

namespace waybill::testing {

/// A broker's rig with a publisher that is connected.
class PublishingRig {
 public:
  /// To be called within ASSERT_NO_FATAL_FAILURE.
  void open(MakeRig make) {
    rig_ = make();
    ASSERT_EQ(rig_->fault(), "");
    auto opened = broker::open_publisher(rig_->config());
    ASSERT_TRUE(opened) << opened.error().message();
    publisher_ = std::move(*opened);
    publisher_->start(recorder_);
    ASSERT_TRUE(recorder_.await_up());
  }
  ~PublishingRig() {
    if (publisher_) publisher_->stop(Deadline::after(std::chrono::seconds{1}));
  }
  PublishingRig() = default;
  PublishingRig(const PublishingRig&) = delete;
  PublishingRig& operator=(const PublishingRig&) = delete;

  PublisherRig* operator->() { return rig_.get(); }
  void publish(std::uint64_t first, std::uint64_t last) {
    const auto to = rig_->good();
    publisher_->publish(outgoings(first, last, to.exchange, to.routing_key));
  }
  Recorder& recorder() { return recorder_; }

 private:
  std::unique_ptr<PublisherRig> rig_;
  Recorder recorder_;
  std::unique_ptr<broker::Publisher> publisher_;
};

}  // namespace waybill::testing

#pragma once

#include <apache/rocketmq/v2/service.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace waybill::broker::rocketmq {

namespace v2 = apache::rocketmq::v2;
using Stub = v2::MessagingService::StubInterface;

/// Calls under way. gRPC's threads bring the answers; one thread makes the calls and takes the answers.
class Calls {
 public:
  template <class Request, class Response>
  using Method = void (Stub::async_interface::*)(grpc::ClientContext*, const Request*, Response*,
                                                 std::function<void(grpc::Status)>);
  template <class Response>
  using Then = std::function<void(const grpc::Status&, Response&)>;

  /// `wake` is called from any thread when there is an answer to take.
  explicit Calls(std::function<void()> wake) : wake_(std::move(wake)) {}
  /// Cancels what is under way and waits for its end. What would have followed does not.
  ~Calls();
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  /// Begins a call. `owner` names it for cancel(); `prepare` gets its context. `then` runs within take_answers().
  template <class Request, class Response, class Prepare>
  void make(Stub& stub, Method<Request, Response> method, Request request, const void* owner, const Prepare& prepare,
            Then<Response> then) {
    auto made = std::make_unique<Call<Request, Response>>();
    auto* call = made.get();
    call->owner = owner;
    call->request = std::move(request);
    call->then = std::move(then);
    prepare(call->context);
    {
      const std::lock_guard lock(mutex_);
      open_.emplace(call, std::move(made));
    }
    (stub.async()->*method)(&call->context, &call->request, &call->response, [this, call](grpc::Status status) {
      call->status = std::move(status);
      answered(call);
    });
  }

  /// Ends the calls of one owner soon: each gets an answer, most with the status CANCELLED.
  void cancel(const void* owner);
  /// Lets what follows the answers that are there follow. Never blocks.
  void take_answers();
  bool idle() const;

 private:
  struct AnyCall {
    virtual ~AnyCall() = default;
    virtual void finish() = 0;
    grpc::ClientContext context;
    grpc::Status status;
    const void* owner = nullptr;
  };
  template <class Request, class Response>
  struct Call final : AnyCall {
    void finish() override { then(status, response); }
    Request request;
    Response response;
    Then<Response> then;
  };

  void answered(AnyCall* call);

  std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::unordered_map<AnyCall*, std::unique_ptr<AnyCall>> open_;  ///< guarded by mutex_
  std::vector<AnyCall*> answered_;                               ///< of open_; guarded by mutex_
};

}  // namespace waybill::broker::rocketmq

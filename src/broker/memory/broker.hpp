#pragma once

/// \file
/// A broker inside the process, for tests, the simulation and `memory://NAME`. It does what its script says and keeps a
/// log of everything it took, in order, so that a test can audit what was lost, doubled or reordered.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/publisher.hpp"
#include "core/time.hpp"

namespace waybill::broker::memory {

/// What the broker does with one message.
enum class Reply {
  confirm,       ///< takes it and says so
  hold,          ///< takes it and says nothing until release()
  reject,        ///< nack; not taken
  unroutable,    ///< returned and acknowledged: taken by nobody
  lose_confirm,  ///< takes it, then the connection breaks before the confirm
  break_before,  ///< the connection breaks before it is taken
  route_fault,   ///< its exchange is missing
};

/// One message that the broker took.
struct Delivered {
  std::string id;
  std::string key;
  std::string exchange;
  std::string routing_key;
  std::uint32_t attempt = 0;
  std::shared_ptr<const Message> message;
};

/// One message on its way to a consumer.
struct Queued {
  Delivered what;
  bool redelivered = false;
};

/// Thread-safe. Everything it does is decided by its script and its own state; it has no clock.
class Broker {
 public:
  using Script = std::function<Reply(const Outgoing&)>;

  /// The broker with that name, made on first use. It lives as long as somebody holds it or the process runs.
  static std::shared_ptr<Broker> named(const std::string& name);

  /// Asked for every message, from the publisher's thread and under the broker's lock: must not call back. An empty
  /// script confirms.
  void set_script(Script script);

  /// A queue that receives what has a routing key that the glob matches. Once there is a queue, what no queue wants is
  /// unroutable.
  void declare_queue(const std::string& name, const std::string& glob);

  void set_reachable(bool reachable);  ///< false: connections break and no new one is made
  void cut();                          ///< breaks every connection; new ones succeed
  void set_blocked(bool blocked, const std::string& reason = {});
  void release();  ///< confirms all that is held
  std::vector<Delivered> delivered() const;

  // What publishers and consumers of this folder use.
  struct State {
    bool reachable = true;
    bool blocked = false;
    std::string blocked_reason;
    std::uint64_t cuts = 0;
    std::uint64_t releases = 0;
    std::uint64_t version = 0;
  };
  State state() const;
  Reply take(const Outgoing& message);
  bool has_queue(const std::string& queue) const;
  std::optional<Queued> pop(const std::string& queue);
  void put_back(const std::string& queue, Delivered what);
  void poke();
  /// Blocks until the version differs from `seen` or the deadline has passed.
  void await_change(std::uint64_t seen, Deadline deadline) const;

 private:
  struct Queue {
    std::string glob;
    std::deque<Queued> waiting;
  };
  bool route(const Delivered& what);
  void changed();

  mutable std::mutex mutex_;
  mutable std::condition_variable change_;
  Script script_;
  State state_;
  std::map<std::string, Queue> queues_;
  std::vector<Delivered> log_;
};

}  // namespace waybill::broker::memory

#pragma once

/// \file
/// What the connections of one server share.

#include <atomic>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>

#include "http/router.hpp"

namespace waybill::http {

inline constexpr std::size_t most_connections = 1100;
inline constexpr std::size_t most_waiting = 64;  ///< requests for a database that wait for their turn
inline constexpr std::size_t largest_header = 16u << 10;
inline constexpr std::size_t largest_body = 1u << 20;
inline constexpr std::chrono::seconds whole_request{10}, whole_answer{30}, idle{15}, farewell{1};

class Hub {
 public:
  explicit Hub(std::shared_ptr<const Router> router) : router_(std::move(router)) {}

  std::shared_ptr<const Router> router() const {
    const std::lock_guard lock(mutex_);
    return router_;
  }
  void replace(std::shared_ptr<const Router> router) {
    const std::lock_guard lock(mutex_);
    router_.swap(router);
  }

  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> waiting{0};
  std::optional<boost::asio::ssl::context> tls;

  /// Where answers are made. What is queued there holds connections, so it goes before what these live on.
  std::optional<boost::asio::thread_pool> from_memory{1}, from_stores{3};

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Router> router_;
};

}  // namespace waybill::http

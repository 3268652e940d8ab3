// Connecting to a host of several addresses: one that never answers must not use up the time of the others.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "broker/rabbitmq/resolve.hpp"
#include "broker/rabbitmq/transport.hpp"
#include "core/wakeup.hpp"

namespace waybill::broker::rabbitmq {
namespace {

using std::chrono::seconds;

/// A port on loopback. A full one takes no connection any more and refuses none either, as a host behind a firewall.
class Port {
 public:
  explicit Port(int backlog) : listener_(make_socket()) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t length = sizeof address;
    ::bind(listener_.get(), generic, length);
    ::listen(listener_.get(), backlog);
    ::getsockname(listener_.get(), generic, &length);
    std::memcpy(&address_.storage, &address, sizeof address);
    address_.length = sizeof address;
  }
  const Address& address() const { return address_; }

  /// False: this system goes on taking connections.
  bool fill() {
    for (int count = 0; count < 64; ++count) {
      waiting_.emplace_back(make_socket());
      const int fd = waiting_.back().get();
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address_.storage), address_.length);
      pollfd polled{fd, POLLOUT, 0};
      if (::poll(&polled, 1, 200) == 0) return true;
    }
    return false;
  }

 private:
  static int make_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

  Descriptor listener_;
  Address address_;
  std::vector<Descriptor> waiting_;
};

TEST(Connect, AnAddressThatNeverAnswersLeavesTimeForTheNext) {
  Port full(0);
  ASSERT_TRUE(full.fill());
  Port open(8);
  const MonoTime began = std::chrono::steady_clock::now();
  const auto socket = connect_any({full.address(), open.address()}, "host", Deadline::after(seconds{4}), {});
  ASSERT_TRUE(socket) << socket.error().message();
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{4});
}

TEST(Connect, WhenAllAreSilentTheDeadlineHolds) {
  Port full(0);
  ASSERT_TRUE(full.fill());
  const MonoTime began = std::chrono::steady_clock::now();
  const auto socket = connect_any({full.address(), full.address()}, "host", Deadline::after(seconds{1}), {});
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().code(), ErrorCode::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{3});
}

TEST(Connect, AnInterruptEndsTheWaitForAllOfThem) {
  Port full(0);
  ASSERT_TRUE(full.fill());
  Wakeup wakeup;
  wakeup.signal();
  const Interrupt interrupt{wakeup.fd(), [&] {
                              wakeup.clear();
                              return false;
                            }};
  const MonoTime began = std::chrono::steady_clock::now();
  ASSERT_FALSE(connect_any({full.address(), full.address()}, "host", Deadline::after(seconds{20}), interrupt));
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{5});
}

}  // namespace
}  // namespace waybill::broker::rabbitmq

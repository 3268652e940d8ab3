#include "broker/rabbitmq/resolve.hpp"

#include <netdb.h>
#include <poll.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "broker/rabbitmq/transport.hpp"
#include "core/wakeup.hpp"

namespace waybill::broker::rabbitmq {
namespace {

using Addresses = std::vector<Address>;

Result<Addresses> look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) {
    return Error(ErrorCode::unreachable, "host '" + host + "' was not found: " + ::gai_strerror(code));
  }
  Addresses addresses;
  for (const addrinfo* it = found; it != nullptr; it = it->ai_next) {
    Address address;
    std::memcpy(&address.storage, it->ai_addr, it->ai_addrlen);
    address.length = it->ai_addrlen;
    addresses.push_back(address);
  }
  ::freeaddrinfo(found);
  return addresses;
}

/// What the looking-up thread leaves for the one that asked, which may be gone by then.
struct Answer {
  Wakeup ready;
  std::mutex mutex;
  std::optional<Result<Addresses>> result;
};

}  // namespace

Result<Addresses> resolve(const std::string& host, std::uint16_t port, Deadline deadline, const Interrupt& interrupt) {
  if (auto numeric = look_up(host, port, AI_NUMERICHOST)) return numeric;
  auto answer = std::make_shared<Answer>();
  std::thread([answer, host, port] {
    auto result = look_up(host, port, 0);
    const std::lock_guard lock(answer->mutex);
    answer->result = std::move(result);
    answer->ready.signal();
  }).detach();
  if (!await_ready(answer->ready.fd(), POLLIN, deadline, interrupt)) {
    return Error(ErrorCode::timeout, "host '" + host + "': the name server did not answer in time");
  }
  const std::lock_guard lock(answer->mutex);
  return *answer->result;
}

}  // namespace waybill::broker::rabbitmq

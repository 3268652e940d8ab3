#include "broker/rabbitmq/http_get.hpp"

#include <openssl/evp.h>

#include <array>
#include <cctype>
#include <cstdlib>
#include <vector>

#include "broker/rabbitmq/transport.hpp"

namespace waybill::broker::rabbitmq {
namespace {

constexpr std::size_t largest_answer = 16U << 20;

std::string base64(const std::string& text) {
  std::vector<unsigned char> encoded(4 * ((text.size() + 2) / 3) + 1);
  const int size = EVP_EncodeBlock(encoded.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size)};
}

/// 1.0, so that the answer ends with the connection and comes in one piece.
std::string request(const Endpoint& server, const std::string& path) {
  return "GET " + path + " HTTP/1.0\r\nHost: " + server.name() + "\r\nAuthorization: Basic " +
         base64(server.user + ":" + server.password.reveal()) +
         "\r\nAccept: application/json\r\nConnection: close\r\n\r\n";
}

Status send_all(Transport& transport, const std::string& text, Deadline deadline) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const auto moved = transport.write(text.data() + sent, text.size() - sent);
    if (moved.closed) return Error(ErrorCode::unreachable, transport.error());
    sent += moved.bytes;
    if (moved.bytes == 0 && !await_ready(transport.fd(), transport.events(true), deadline, {})) {
      return Error(ErrorCode::timeout, "no answer in time");
    }
  }
  return {};
}

Result<std::string> read_all(Transport& transport, Deadline deadline) {
  std::string answer;
  std::array<char, 16384> buffer{};
  while (answer.size() <= largest_answer) {
    const auto moved = transport.read(buffer.data(), buffer.size());
    if (moved.closed) return answer;
    answer.append(buffer.data(), moved.bytes);
    if (moved.bytes == 0 && !await_ready(transport.fd(), transport.events(false), deadline, {})) {
      return Error(ErrorCode::timeout, "no answer in time");
    }
  }
  return Error(ErrorCode::corrupt, "an answer of more than 16 MiB");
}

Result<std::string> body_of(const std::string& answer) {
  const std::size_t head_end = answer.find("\r\n\r\n");
  if (!answer.starts_with("HTTP/1.") || head_end == std::string::npos || answer.size() < 12) {
    return Error(ErrorCode::corrupt, "this is not an HTTP server");
  }
  const int status = std::atoi(answer.c_str() + 9);
  const std::string words = answer.substr(9, answer.find("\r\n") - 9);
  if (status == 401 || status == 403) return Error(ErrorCode::unauthorized, words);
  if (status == 404) return Error(ErrorCode::not_found, words);
  if (status != 200) return Error(ErrorCode::unreachable, words);
  return answer.substr(head_end + 4);
}

}  // namespace

Result<std::string> http_get(const Endpoint& server, const std::string& path, Deadline deadline) {
  auto transport = dial(server, deadline, {});
  if (!transport) return std::move(transport).error();
  const auto named = [&](const Error& error) {
    return Error(error.code(), server.name() + path + ": " + error.message());
  };
  if (auto sent = send_all(**transport, request(server, path), deadline); !sent) return named(sent.error());
  auto answer = read_all(**transport, deadline);
  if (!answer) return named(answer.error());
  auto body = body_of(*answer);
  if (!body) return named(body.error());
  return body;
}

}  // namespace waybill::broker::rabbitmq

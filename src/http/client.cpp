#include "http/client.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "admin/json.hpp"

namespace waybill::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using ErrorOnWire = boost::system::error_code;
using Wire = beast::http::request<beast::http::string_body>;

constexpr std::size_t largest_answer = 8u << 20;

std::string place(const Peer& peer) {
  const bool is_v6 = peer.host.find(':') != std::string::npos;
  return (is_v6 ? "[" + peer.host + "]" : peer.host) + ":" + std::to_string(peer.port);
}

Error unreachable(const Peer& peer, const std::string& what) {
  return {ErrorCode::unreachable, place(peer) + ": " + what};
}

Wire on_wire(const Peer& peer, const ClientRequest& request) {
  const bool posts = !request.content_type.empty();
  Wire wire{posts ? beast::http::verb::post : beast::http::verb::get, request.target, 11};
  wire.set(beast::http::field::host, place(peer));
  wire.set(beast::http::field::connection, "close");
  for (const auto& [name, value] : request.headers) wire.set(name, value);
  if (!posts) return wire;
  wire.set(beast::http::field::content_type, request.content_type);
  wire.body() = request.body;
  wire.prepare_payload();
  return wire;
}

/// Runs what was begun until it is over; the stream's own time-out ends it.
void finish(asio::io_context& io) {
  io.restart();
  io.run();
}

template <class Stream>
Result<ClientAnswer> exchange(asio::io_context& io, Stream& stream, const Peer& peer, const ClientRequest& request) {
  const auto wire = on_wire(peer, request);
  ErrorOnWire failed;
  const auto keep = [&failed](ErrorOnWire error, std::size_t) { failed = error; };
  beast::http::async_write(stream, wire, keep);
  finish(io);
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(largest_answer);
  if (!failed) {
    beast::http::async_read(stream, buffer, parser, keep);
    finish(io);
  }
  if (failed) return unreachable(peer, failed.message());
  return ClientAnswer{parser.get().result_int(), std::move(parser.get().body())};
}

bool is_address(const std::string& host) {
  ErrorOnWire malformed;
  asio::ip::make_address(host, malformed);
  return !malformed;
}

Status prepare(asio::ssl::context& tls, const Peer& peer) {
  ErrorOnWire failed;
  if (peer.ca_file.empty()) {
    tls.set_default_verify_paths(failed);
  } else {
    tls.load_verify_file(peer.ca_file, failed);
  }
  if (!failed) return {};
  const auto source = peer.ca_file.empty() ? "the system's certificates" : "'" + peer.ca_file + "'";
  return Error(ErrorCode::invalid_configuration, "can't read " + source + ": " + failed.message());
}

Result<ClientAnswer> exchange_secretly(asio::io_context& io, beast::tcp_stream plain, const Peer& peer,
                                       const ClientRequest& request) {
  asio::ssl::context tls{asio::ssl::context::tls_client};
  if (auto ready = prepare(tls, peer); !ready) return ready.error();
  beast::ssl_stream<beast::tcp_stream> secure{std::move(plain), tls};
  secure.set_verify_mode(asio::ssl::verify_peer);
  if (peer.named_host) {
    secure.set_verify_callback(asio::ssl::host_name_verification(peer.host));
    // Which of its names is meant; an address is none (RFC 6066, section 3).
    std::string name = peer.host;
    if (!is_address(name))
      SSL_ctrl(secure.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data());
  }
  ErrorOnWire failed;
  secure.async_handshake(asio::ssl::stream_base::client, [&failed](ErrorOnWire error) { failed = error; });
  finish(io);
  if (failed) return unreachable(peer, failed.message());
  return exchange(io, secure, peer, request);
}

ErrorCode code_of(unsigned status) {
  if (status == 401 || status == 403) return ErrorCode::unauthorized;
  if (status == 404) return ErrorCode::not_found;
  return status >= 500 ? ErrorCode::unreachable : ErrorCode::refused;
}

/// The server's own words, where it has any.
std::string detail_of(const ClientAnswer& answer) {
  const auto json = admin::Json::parse(answer.body, nullptr, false);
  const auto status = std::to_string(answer.status);
  return json.is_object() ? json.value("detail", status) : "it answered " + status;
}

/// Where this host reaches an address that may mean every one of it.
std::string reached_at(const std::string& address) {
  ErrorOnWire malformed;
  const auto parsed = asio::ip::make_address(address, malformed);
  if (malformed || !parsed.is_unspecified()) return address;
  return parsed.is_v6() ? "::1" : "127.0.0.1";
}

}  // namespace

Result<ClientAnswer> ask(const Peer& peer, const ClientRequest& request, Duration patience) {
  asio::io_context io;
  ErrorOnWire failed;
  tcp::resolver resolver{io};
  const auto found = resolver.resolve(peer.host, std::to_string(peer.port), failed);
  if (failed) return unreachable(peer, failed.message());
  beast::tcp_stream plain{io};
  plain.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(patience));
  plain.async_connect(found, [&failed](ErrorOnWire error, const tcp::endpoint&) { failed = error; });
  finish(io);
  if (failed) return unreachable(peer, failed.message());
  if (peer.tls) return exchange_secretly(io, std::move(plain), peer, request);
  return exchange(io, plain, peer, request);
}

Result<std::string> get(const HttpConfig& relay, const std::string& target, const std::string& token,
                        Duration patience) {
  const Peer peer{reached_at(relay.address), relay.port, relay.has_tls(), relay.cert_file, false};
  ClientRequest request;
  request.target = target;
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  auto answer = ask(peer, request, patience);
  if (!answer && answer.error().code() != ErrorCode::unreachable) return answer.error();
  if (!answer) return Error(ErrorCode::unreachable, "no relay answers at " + answer.error().message());
  if (answer->status == 200) return std::move(answer->body);
  return Error(code_of(answer->status), detail_of(*answer));
}

}  // namespace waybill::http

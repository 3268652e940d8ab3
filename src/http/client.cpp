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

constexpr std::size_t largest_answer = 8u << 20;

Error unreachable(const HttpConfig& relay, const std::string& what) {
  return {ErrorCode::unreachable,
          "no relay answers at " + relay.address + ":" + std::to_string(relay.port) + ": " + what};
}

ErrorCode code_of(unsigned status) {
  if (status == 401 || status == 403) return ErrorCode::unauthorized;
  if (status == 404) return ErrorCode::not_found;
  return status >= 500 ? ErrorCode::unreachable : ErrorCode::refused;
}

/// The server's own words, where it has any.
std::string detail_of(const std::string& body, unsigned status) {
  const auto json = admin::Json::parse(body, nullptr, false);
  return json.is_object() ? json.value("detail", std::to_string(status)) : "it answered " + std::to_string(status);
}

/// Runs what was begun until it is over; the stream's own time-out ends it.
template <class Stream>
Result<std::string> exchange(asio::io_context& io, Stream& stream, const HttpConfig& relay, const std::string& target,
                             const std::string& token) {
  beast::http::request<beast::http::empty_body> request{beast::http::verb::get, target, 11};
  request.set(beast::http::field::host, relay.address + ":" + std::to_string(relay.port));
  request.set(beast::http::field::connection, "close");
  if (!token.empty()) request.set(beast::http::field::authorization, "Bearer " + token);
  ErrorOnWire failed;
  const auto keep = [&failed](ErrorOnWire error, std::size_t) { failed = error; };
  beast::http::async_write(stream, request, keep);
  io.restart();
  io.run();
  beast::flat_buffer buffer;
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(largest_answer);
  if (!failed) {
    beast::http::async_read(stream, buffer, parser, keep);
    io.restart();
    io.run();
  }
  if (failed) return unreachable(relay, failed.message());
  const auto status = parser.get().result_int();
  if (status == 200) return parser.get().body();
  return Error(code_of(status), detail_of(parser.get().body(), status));
}

}  // namespace

Result<std::string> get(const HttpConfig& relay, const std::string& target, const std::string& token,
                        Duration patience) {
  ErrorOnWire failed;
  auto address = asio::ip::make_address(relay.address, failed);
  if (failed) return unreachable(relay, failed.message());
  // An address that means every one of this host.
  if (address.is_unspecified()) {
    address = address.is_v6() ? asio::ip::address(asio::ip::address_v6::loopback())
                              : asio::ip::address(asio::ip::address_v4::loopback());
  }
  asio::io_context io;
  beast::tcp_stream plain{io};
  plain.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(patience));
  plain.async_connect(tcp::endpoint{address, relay.port}, [&failed](ErrorOnWire error) { failed = error; });
  io.run();
  if (failed) return unreachable(relay, failed.message());
  if (!relay.has_tls()) return exchange(io, plain, relay, target, token);
  asio::ssl::context tls{asio::ssl::context::tls_client};
  tls.load_verify_file(relay.cert_file, failed);
  if (failed) return unreachable(relay, "cert_file '" + relay.cert_file + "': " + failed.message());
  beast::ssl_stream<beast::tcp_stream> secure{std::move(plain), tls};
  secure.set_verify_mode(asio::ssl::verify_peer);
  secure.async_handshake(asio::ssl::stream_base::client, [&failed](ErrorOnWire error) { failed = error; });
  io.restart();
  io.run();
  if (failed) return unreachable(relay, failed.message());
  return exchange(io, secure, relay, target, token);
}

}  // namespace waybill::http

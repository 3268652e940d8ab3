#include "http/connection.hpp"

#include <array>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>

#include "core/text.hpp"
#include "http/problem.hpp"

namespace waybill::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;

using ErrorOnWire = beast::error_code;
using Plain = beast::tcp_stream;
using Secure = beast::ssl_stream<beast::tcp_stream>;

/// What no answer lacks: nothing of it is kept, framed, sniffed or used by a page of somebody else.
void set_common_headers(wire::response<wire::string_body>& answer) {
  answer.set(wire::field::cache_control, "no-store");
  answer.set(wire::field::x_frame_options, "DENY");
  answer.set("X-Content-Type-Options", "nosniff");
  answer.set("Referrer-Policy", "no-referrer");
  answer.set("Cross-Origin-Resource-Policy", "same-origin");
  answer.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
}

std::optional<Response> refusal_of(const ErrorOnWire& error) {
  if (error == wire::error::header_limit || error == wire::error::buffer_overflow) {
    return problem(431, "too_large", "the request's headers have more than 16 KiB");
  }
  if (error == wire::error::body_limit) return problem(413, "too_large", "the request's body has more than 1 MiB");
  const bool is_syntax = error.category() == wire::make_error_code(wire::error::bad_version).category() &&
                         error != wire::error::end_of_stream && error != wire::error::partial_message;
  if (is_syntax) return problem(400, "invalid_argument", "this is no HTTP request: " + error.message());
  return std::nullopt;
}

template <class Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <class... Arguments>
  Connection(std::shared_ptr<Hub> hub, Arguments&&... arguments)
      : hub_(std::move(hub)), stream_(std::forward<Arguments>(arguments)...) {
    ++hub_->connections;
  }
  ~Connection() { --hub_->connections; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void run() {
    if constexpr (std::is_same_v<Stream, Secure>) {
      beast::get_lowest_layer(stream_).expires_after(whole_request);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = this->shared_from_this()](ErrorOnWire error) {
        if (!error) self->read(whole_request);
      });
    } else {
      read(whole_request);
    }
  }

 private:
  // One deadline for the whole request: who sends a byte now and then is not waited for.
  void read(std::chrono::seconds limit) {
    parser_.emplace();
    parser_->header_limit(largest_header);
    parser_->body_limit(largest_body);
    beast::get_lowest_layer(stream_).expires_after(limit);
    wire::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](ErrorOnWire error, std::size_t) { self->took(error); });
  }

  void took(ErrorOnWire error) {
    if (!error) return answer_in_turn();
    if (auto refusal = refusal_of(error)) {
      is_last_ = true;
      write(std::move(*refusal), 11, false);
      return;
    }
    if (error == wire::error::end_of_stream) close();
  }

  void answer_in_turn() {
    const auto& message = parser_->get();
    is_last_ = !message.keep_alive();
    const auto version = message.version();
    const bool only_head = message.method() == wire::verb::head;
    Request request = take_request();
    const auto router = hub_->router();
    const bool asks = router->asks_stores(request);
    if (asks && hub_->waiting.fetch_add(1) >= most_waiting) {
      --hub_->waiting;
      auto full = problem(503, "busy", "too many requests wait for a database; try again");
      full.headers.emplace_back("Retry-After", "1");
      write(std::move(full), version, only_head);
      return;
    }
    // The connection has no deadline meanwhile: the router's calls have theirs.
    beast::get_lowest_layer(stream_).expires_never();
    asio::post(asks ? *hub_->from_stores : *hub_->from_memory, [self = this->shared_from_this(), router, asks, version,
                                                                only_head, request = std::move(request)] {
      auto answer = router->answer(request);
      if (asks) --self->hub_->waiting;
      asio::post(self->stream_.get_executor(), [self, version, only_head, answer = std::move(answer)]() mutable {
        self->write(std::move(answer), version, only_head);
      });
    });
  }

  Request take_request() {
    auto message = parser_->release();
    Request request;
    const auto header = [&](wire::field name) { return std::string(message[name]); };
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.host = header(wire::field::host);
    request.authorization = header(wire::field::authorization);
    request.content_type = header(wire::field::content_type);
    for (const auto& field : message)
      request.headers.emplace_back(lower_ascii(std::string(field.name_string())), field.value());
    request.body = std::move(message.body());
    ErrorOnWire unknown;
    const auto peer = beast::get_lowest_layer(stream_).socket().remote_endpoint(unknown);
    if (!unknown) request.peer = peer.address().to_string();
    return request;
  }

  void write(Response response, unsigned version, bool only_head) {
    answer_.emplace(static_cast<wire::status>(response.status), version);
    set_common_headers(*answer_);
    if (!response.content_type.empty()) answer_->set(wire::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) answer_->set(name, value);
    answer_->keep_alive(!is_last_);
    answer_->content_length(response.body.size());
    if (!only_head) answer_->body() = std::move(response.body);
    beast::get_lowest_layer(stream_).expires_after(whole_answer);
    wire::async_write(stream_, *answer_, [self = this->shared_from_this()](ErrorOnWire error, std::size_t) {
      if (error) return;
      self->is_last_ ? self->close() : self->read(idle);
    });
  }

  // What is still arriving is read and forgotten for a moment: otherwise the reset could overtake the answer.
  void close() {
    beast::get_lowest_layer(stream_).expires_after(farewell);
    if constexpr (std::is_same_v<Stream, Secure>) {
      stream_.async_shutdown([self = this->shared_from_this()](ErrorOnWire) {});
    } else {
      ErrorOnWire ignored;
      stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      discard(std::chrono::steady_clock::now() + farewell);
    }
  }

  // The stream's own deadline does not end what always finds something to read.
  void discard(std::chrono::steady_clock::time_point until) {
    if (std::chrono::steady_clock::now() >= until) return;
    stream_.async_read_some(asio::buffer(discarded_),
                            [self = this->shared_from_this(), until](ErrorOnWire error, std::size_t) {
                              if (!error) self->discard(until);
                            });
  }

  const std::shared_ptr<Hub> hub_;
  Stream stream_;
  beast::flat_buffer buffer_{largest_header + 4096};
  std::optional<wire::request_parser<wire::string_body>> parser_;
  std::optional<wire::response<wire::string_body>> answer_;
  bool is_last_ = false;
  std::array<char, 2048> discarded_{};
};

}  // namespace

void serve(asio::ip::tcp::socket socket, std::shared_ptr<Hub> hub) {
  if (hub->tls) {
    auto& tls = *hub->tls;
    std::make_shared<Connection<Secure>>(std::move(hub), std::move(socket), tls)->run();
  } else {
    std::make_shared<Connection<Plain>>(std::move(hub), std::move(socket))->run();
  }
}

}  // namespace waybill::http

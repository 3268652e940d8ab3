#include <array>
#include <utility>

#include "broker/protocol_guess.hpp"
#include "broker/rabbitmq/link.hpp"
#include "broker/rabbitmq/reader.hpp"

namespace waybill::broker::rabbitmq {
namespace {

constexpr const char* no_amqp = " (is this an AMQP 0-9-1 port?)";

/// The steps of logging in, each blocking for the broker's next method on channel 0.
class Login {
 public:
  Login(const Endpoint& endpoint, std::unique_ptr<Link> link, Deadline deadline, const Interrupt& interrupt)
      : endpoint_(endpoint), link_(std::move(link)), deadline_(deadline), interrupt_(interrupt) {}

  Result<std::unique_ptr<Link>> run(const std::string& purpose) {
    static constexpr char header[] = {'A', 'M', 'Q', 'P', 0, 0, 9, 1};
    link_->out().raw({header, sizeof header});
    for (const auto& step : {&Login::start, &Login::tune}) {
      if (auto done = (this->*step)(purpose); !done) return std::move(done).error();
    }
    if (auto opened = await(AMQP_CONNECTION_OPEN_OK_METHOD, "connection.open-ok"); !opened) {
      return std::move(opened).error();
    }
    return std::move(link_);
  }

 private:
  Error fault(ErrorCode code, const std::string& text) const { return {code, endpoint_.name() + ": " + text}; }

  Error refused(const CloseReason& reason) const {
    const std::string words = reason.words();
    if (reason.code == AMQP_ACCESS_REFUSED) {
      return fault(ErrorCode::unauthorized,
                   words + " (user '" + endpoint_.user + "'): check user and password of the broker's url");
    }
    if (reason.code == AMQP_NOT_ALLOWED) {
      return fault(ErrorCode::unauthorized, words + " (user '" + endpoint_.user + "', virtual host '" +
                                                endpoint_.vhost + "'): check the path of the broker's url");
    }
    return fault(ErrorCode::unreachable, words);
  }

  /// The arguments of the expected method; they stay valid until the next await.
  Result<std::string_view> await(amqp_method_number_t expected, const char* name) {
    while (true) {
      if (auto sent = link_->flush(); !sent)
        return fault(ErrorCode::unreachable, sent.error().message() + hint(sent.error().message()));
      Frame frame;
      auto found = link_->next(frame);
      if (!found) return fault(ErrorCode::unreachable, found.error().message() + no_amqp);
      if (*found) return take(frame, expected, name);
      if (!await_input()) {
        return fault(ErrorCode::timeout, std::string("connected, but no ") + name + " came in time");
      }
      if (auto got = link_->fill(); !got)
        return fault(ErrorCode::unreachable, got.error().message() + hint(got.error().message()));
    }
  }

  bool await_input() const {
    const Transport& transport = link_->transport();
    if (transport.has_input()) return !gave_up(deadline_, interrupt_);
    return await_ready(transport.fd(), transport.events(!link_->out().pending().empty()), deadline_, interrupt_);
  }

  Result<std::string_view> take(const Frame& frame, amqp_method_number_t expected, const char* name) {
    Reader reader(frame.payload);
    const amqp_method_number_t method = reader.u32();
    const std::string_view arguments = frame.payload.size() < 4 ? std::string_view{} : frame.payload.substr(4);
    if (frame.type != AMQP_FRAME_METHOD || frame.channel != 0) {
      return fault(ErrorCode::unreachable, std::string("the broker sent another frame instead of ") + name);
    }
    if (method == AMQP_CONNECTION_CLOSE_METHOD) return refused(read_close(arguments));
    if (method != expected) {
      return fault(ErrorCode::unreachable, std::string("the broker sent another method instead of ") + name);
    }
    return arguments;
  }

  /// The broker's alert can be lost with the connection.
  std::string hint_at_tls(const std::string& complaint) const {
    auto certain = hint_at_certificate(complaint, endpoint_.cert_file);
    if (!certain.empty() || !endpoint_.cert_file.empty()) return certain;
    return " before the broker said anything (does it ask for a client's certificate, cert_file and key_file?)";
  }

  std::string hint(const std::string& complaint) const {
    if (credentials_sent_) return " during the login (wrong user, password or virtual host?)";
    if (complaint.starts_with("TLS:")) return hint_at_tls(complaint);
    return std::string{" before it said anything"} + no_amqp;
  }

  Status start(const std::string& purpose) {
    auto arguments = await(AMQP_CONNECTION_START_METHOD, "connection.start");
    if (!arguments) return std::move(arguments).error();
    Reader reader(*arguments);
    reader.u16();          // version 0-9
    reader.long_string();  // the broker's properties: nothing we rely on
    if ((" " + std::string(reader.long_string()) + " ").find(" PLAIN ") == std::string::npos) {
      return fault(ErrorCode::unauthorized, "the broker does not offer the mechanism PLAIN");
    }
    const std::string response = '\0' + endpoint_.user + '\0' + endpoint_.password.reveal();
    if (!send_start_ok(purpose, response)) {
      return fault(ErrorCode::invalid_configuration, "user and password are too long for AMQP");
    }
    credentials_sent_ = true;
    return {};
  }

  bool send_start_ok(const std::string& purpose, const std::string& response) {
    const auto flag = [](const char* name) {
      amqp_table_entry_t entry{amqp_cstring_bytes(name), {}};
      entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
      entry.value.value.boolean = 1;
      return entry;
    };
    const auto text = [](const char* name, std::string_view value) {
      amqp_table_entry_t entry{amqp_cstring_bytes(name), {}};
      entry.value.kind = AMQP_FIELD_KIND_UTF8;
      entry.value.value.bytes = amqp_view(value);
      return entry;
    };
    std::array capabilities{flag("publisher_confirms"), flag("basic.nack"), flag("connection.blocked"),
                            flag("consumer_cancel_notify"), flag("authentication_failure_close")};
    std::array properties{text("product", "Waybill"), text("connection_name", purpose), flag("capabilities")};
    properties[2].value.kind = AMQP_FIELD_KIND_TABLE;
    properties[2].value.value.table = {static_cast<int>(capabilities.size()), capabilities.data()};
    amqp_connection_start_ok_t fields{{static_cast<int>(properties.size()), properties.data()},
                                      amqp_cstring_bytes("PLAIN"),
                                      amqp_view(response),
                                      amqp_cstring_bytes("en_US")};
    return link_->out().method(0, AMQP_CONNECTION_START_OK_METHOD, &fields);
  }

  Status tune(const std::string&) {
    auto arguments = await(AMQP_CONNECTION_TUNE_METHOD, "connection.tune");
    if (!arguments) return std::move(arguments).error();
    Reader reader(*arguments);
    reader.u16();  // channels: we use three
    const std::uint32_t offered = reader.u32();
    constexpr std::uint32_t smallest = 4096;  // the least the protocol allows
    if (offered != 0 && offered < smallest)
      return fault(ErrorCode::unreachable, "the broker's frame_max is below 4096");
    const std::uint32_t frame_max = offered == 0 ? default_frame_max : std::min(offered, default_frame_max);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(endpoint_.heartbeat);
    link_->out().set_frame_max(frame_max);
    amqp_connection_tune_ok_t tuned{16, frame_max, static_cast<std::uint16_t>(seconds.count())};
    amqp_connection_open_t open{amqp_view(endpoint_.vhost), amqp_empty_bytes, 0};
    link_->out().method(0, AMQP_CONNECTION_TUNE_OK_METHOD, &tuned);
    link_->out().method(0, AMQP_CONNECTION_OPEN_METHOD, &open);
    link_->set_heartbeat(seconds);
    return {};
  }

  const Endpoint& endpoint_;
  std::unique_ptr<Link> link_;
  Deadline deadline_;
  const Interrupt& interrupt_;
  bool credentials_sent_ = false;
};

}  // namespace

Result<std::unique_ptr<Link>> open_link(const Endpoint& endpoint, Deadline deadline, const Interrupt& interrupt,
                                        const std::string& purpose) {
  auto transport = dial(endpoint, deadline, interrupt);
  if (!transport) return std::move(transport).error();
  return Login(endpoint, std::make_unique<Link>(std::move(*transport)), deadline, interrupt).run(purpose);
}

void close_link(Link& link, Deadline deadline) {
  amqp_connection_close_t close{AMQP_REPLY_SUCCESS, amqp_cstring_bytes("done"), 0, 0};
  link.out().method(0, AMQP_CONNECTION_CLOSE_METHOD, &close);
  while (link.flush() && !deadline.passed()) {
    Frame frame;
    auto found = link.next(frame);
    if (!found) return;
    if (*found) {
      const bool method = frame.type == AMQP_FRAME_METHOD && frame.channel == 0;
      if (method && Reader(frame.payload).u32() == AMQP_CONNECTION_CLOSE_OK_METHOD) return;
      continue;
    }
    link.wait(-1, deadline);
    if (!link.fill()) return;
  }
}

}  // namespace waybill::broker::rabbitmq

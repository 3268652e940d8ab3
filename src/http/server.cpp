#include "http/server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>
#include <utility>

#include "http/connection.hpp"

namespace waybill::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorOnWire = boost::system::error_code;

constexpr std::chrono::milliseconds after_an_error{100};

Error not_usable(const HttpConfig& config, const std::string& what) {
  const bool is_v6 = config.address.find(':') != std::string::npos;
  return {ErrorCode::invalid_configuration, "[http] " + (is_v6 ? "[" + config.address + "]" : config.address) + ":" +
                                                std::to_string(config.port) + ": " + what};
}

class BeastServer final : public Server {
 public:
  BeastServer(std::shared_ptr<const Router> router, LogSink log)
      : log_(std::move(log)), hub_(std::make_shared<Hub>(std::move(router))), acceptor_(io_), pause_(io_) {}

  ~BeastServer() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    for (auto* makers : {&hub_->from_memory, &hub_->from_stores}) {
      (*makers)->stop();
      (*makers)->join();
      makers->reset();
    }
  }

  Status open(const HttpConfig& config) {
    if (auto usable = load_certificate(config); !usable) return usable;
    ErrorOnWire error;
    const tcp::endpoint endpoint{asio::ip::make_address(config.address), config.port};
    acceptor_.open(endpoint.protocol(), error);
    // An address that a former process used a moment ago may be used again, one that another listens at may not.
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return not_usable(config, error.message());
    port_ = acceptor_.local_endpoint().port();
    accept();
    thread_ = std::thread([this] { io_.run(); });
    return {};
  }

  std::uint16_t port() const override { return port_; }
  void replace(std::shared_ptr<const Router> router) override { hub_->replace(std::move(router)); }

 private:
  Status load_certificate(const HttpConfig& config) {
    if (!config.has_tls()) return {};
    ErrorOnWire error;
    auto& tls = hub_->tls.emplace(asio::ssl::context::tls_server);
    tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                    asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    tls.use_certificate_chain_file(config.cert_file, error);
    if (error) return not_usable(config, "cert_file '" + config.cert_file + "': " + error.message());
    tls.use_private_key_file(config.key_file, asio::ssl::context::pem, error);
    if (error) return not_usable(config, "key_file '" + config.key_file + "': " + error.message());
    return {};
  }

  void accept() {
    acceptor_.async_accept([this](ErrorOnWire error, tcp::socket socket) {
      if (error) {
        if (!is_short_) log_("warn", "HTTP: can't take a connection: " + error.message());
        is_short_ = true;
        // No descriptor is free, most likely: those that are open end by themselves.
        pause_.expires_after(after_an_error);
        pause_.async_wait([this](ErrorOnWire) { accept(); });
        return;
      }
      is_short_ = false;
      if (hub_->connections < most_connections) serve(std::move(socket), hub_);
      accept();
    });
  }

  const LogSink log_;
  const std::shared_ptr<Hub> hub_;
  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  bool is_short_ = false;  ///< of descriptors; said once
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const HttpConfig& config, std::shared_ptr<const Router> router,
                                              LogSink log) {
  auto server = std::make_unique<BeastServer>(std::move(router), std::move(log));
  if (auto opened = server->open(config); !opened) return opened.error();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace waybill::http

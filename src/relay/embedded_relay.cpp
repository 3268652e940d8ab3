// The public face: a relay inside a service's own process.

#include <utility>

#include "core/config.hpp"
#include "relay/service.hpp"
#include "waybill/relay.h"

namespace waybill {
namespace {

class EmbeddedRelay final : public Relay {
 public:
  explicit EmbeddedRelay(std::unique_ptr<relay::Service> service) : service_(std::move(service)) {}
  bool stop(std::chrono::milliseconds limit) override { return service_->stop(limit); }
  bool drained() const override { return service_->drained(); }

 private:
  std::unique_ptr<relay::Service> service_;
};

}  // namespace

Result<std::unique_ptr<Relay>> Relay::start(const std::string& config_file, LogSink log) {
  auto config = load_config(config_file);
  if (!config) return config.error();
  auto service = relay::Service::start(*config, {std::move(log)});
  if (!service) return service.error();
  return std::unique_ptr<Relay>(std::make_unique<EmbeddedRelay>(std::move(*service)));
}

}  // namespace waybill

#pragma once

#include <functional>
#include <memory>

#include "cli/long_running.hpp"
#include "core/config.hpp"
#include "http/desk.hpp"
#include "http/server.hpp"
#include "http/span_export.hpp"
#include "relay/service.hpp"

namespace waybill::cli {

/// A relay, and what answers for it. Used by one thread.
class RunningRelay {
 public:
  /// Errors: those of relay::Service::start(), and an address of [http] that can't be had though the file names it. The
  /// usual address, when another relay of this host has it, is only logged.
  static Result<std::unique_ptr<RunningRelay>> start(const Config& config, const Journal& journal);

  relay::Service& service() { return *service_; }
  const Config& config() const { return config_; }

  /// Goes on with another configuration: open confirms are waited for and settled, so that nothing is sent twice by it.
  /// On an error the old one goes on, and the metrics say so.
  /// `meanwhile` is called several times a second while it waits.
  Status reload(const Result<Config>& next, const std::function<void()>& meanwhile);

 private:
  RunningRelay(const Config& config, const Journal& journal);

  Status keep_operations();
  Status serve();
  Status begin();
  bool must_listen_anew(const HttpConfig& next) const;

  Config config_;
  const Journal journal_;
  const LogSink log_;
  std::shared_ptr<http::SpanExport> spans_;
  std::shared_ptr<relay::Service> service_;
  std::shared_ptr<admin::OperationKeeper> keeper_;
  std::shared_ptr<http::Desk> desk_;
  std::unique_ptr<http::Server> server_;  // last: it answers from the others
};

}  // namespace waybill::cli

#include "cli/sample_config.hpp"

namespace waybill::cli {

std::string_view sample_config() noexcept {
  return R"toml(# Waybill. Every key is explained in docs/reference/configuration.md. `waybill check` finds mistakes.
# "${NAME}" inside a text is replaced by that environment variable; "file:/path" as a whole value by the file's content.

# Where messages are persisted before they are published: your service's own database.
[store.shop]
url = "sqlite:///var/lib/shop/shop.db"       # or postgresql://user:${PGPASSWORD}@host/database
# lanes = 1                                  # how many relays can share the store; fixed by `waybill migrate`
# max_payload = 16777216                     # bytes

[broker.main]
url = "amqp://guest:guest@localhost:5672/"   # amqps:// for TLS, then also ca_file = "/etc/ssl/certs/broker-ca.pem"
                                             # or kafka://host:9092,host:9092; kafkas:// for TLS
                                             # or rocketmq://proxy:8081; rocketmqs:// for TLS
# heartbeat = "10s"

# The first route whose glob matches a message's topic wins. Every topic needs one.
[[route]]
topic = "orders.*"
broker = "main"
exchange = "shop"                            # Kafka, RocketMQ: the topic; left out: the message's own
routing_key = "{topic}"
# resend_after = "30s"                       # how long an answer may be in doubt before the message is sent again
# max_attempts = 3                           # after more tries than this without an ack: failed
# on_nack = "resend"                         # resend | drop | fail
# on_unroutable = "fail"                     # resend | drop | fail
# order = "none"                             # none | key: the messages of one key arrive in order
# on_failed_key = "park"                     # with order = "key": park | skip | stop
# format = "plain"                           # plain | cloudevents | debezium

[relay]
# window = 1000                              # unconfirmed messages per broker connection
# unsettled = 4000                           # the bound on possible duplicates
# stop_timeout = "30s"
# stalled_after = "10s"

[log]
# format = "text"                            # text | json

[http]                                       # health, metrics and the REST API of a relay
# listen = "127.0.0.1:7280"                  # or "off"; other addresses need tokens and TLS
# [http.token.alice]                         # made by `waybill token alice --role operator`

# [traces]                                   # an OpenTelemetry collector that hears of traced messages
)toml";
}

}  // namespace waybill::cli

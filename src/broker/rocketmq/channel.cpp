#include "broker/rocketmq/channel.hpp"

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "core/uuid.hpp"

namespace waybill::broker::rocketmq {
namespace {

using grpc::experimental::IdentityKeyCertPair;
using grpc::experimental::NoOpCertificateVerifier;
using grpc::experimental::StaticDataCertificateProvider;
using grpc::experimental::TlsChannelCredentialsOptions;

constexpr int largest_answer = 128 << 20;

Result<std::string> read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) return Error(ErrorCode::invalid_configuration, "can't read '" + name + "'");
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<std::shared_ptr<grpc::ChannelCredentials>> tls_credentials(const Settings& settings) {
  std::string authorities;
  std::vector<IdentityKeyCertPair> ours;
  if (!settings.ca_file.empty()) {
    auto text = read_file(settings.ca_file);
    if (!text) return std::move(text).error();
    authorities = *std::move(text);
  }
  if (!settings.cert_file.empty()) {
    auto certificate = read_file(settings.cert_file);
    auto key = read_file(settings.key_file);
    if (!certificate) return std::move(certificate).error();
    if (!key) return std::move(key).error();
    ours.push_back({*std::move(key), *std::move(certificate)});
  }
  TlsChannelCredentialsOptions options;
  const bool has_authorities = !authorities.empty();
  const bool has_ours = !ours.empty();
  if (has_authorities || has_ours) {
    options.set_certificate_provider(std::make_shared<StaticDataCertificateProvider>(authorities, ours));
  }
  if (has_authorities) options.watch_root_certs();
  if (has_ours) options.watch_identity_key_cert_pairs();
  if (settings.insecure) {
    options.set_verify_server_certs(false);
    options.set_check_call_host(false);
    options.set_certificate_verifier(std::make_shared<NoOpCertificateVerifier>());
  }
  return grpc::experimental::TlsCredentials(options);
}

// Of the names that gRPC resolves; its own lists of addresses would hide from us which proxy answers.
std::string target_of(const Address& address) { return "dns:///" + address.text(); }

std::string now_in_words() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  return std::string(text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts));
}

std::string upper_hex_hmac_sha1(const std::string& key, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), digest.data(), &size);
  std::string hex = to_hex({reinterpret_cast<const char*>(digest.data()), size});
  std::transform(hex.begin(), hex.end(), hex.begin(),
                 [](char c) { return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c; });
  return hex;
}

// The library would write to stderr; what it has to say comes as the status of a call.
void be_quiet() {
  static std::once_flag once;
  std::call_once(once, [] { gpr_set_log_function([](gpr_log_func_args*) {}); });
}

}  // namespace

Result<std::shared_ptr<grpc::Channel>> open_channel(const Settings& settings, const Address& address) {
  be_quiet();
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (settings.tls) {
    auto made = tls_credentials(settings);
    if (!made) return std::move(made).error();
    credentials = *std::move(made);
  }
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);  // how long one attempt may take
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, largest_answer);
  // Who sends again, and when, is not the library's to decide.
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // A broker is not reached by what the environment says of HTTP.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // A connection that hangs is left by opening another channel, which must not share it.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return grpc::CreateCustomChannel(target_of(address), credentials, arguments);
}

Identity::Identity(const Settings& settings)
    : id_(process_name() + "@" + make_uuid7()),
      access_key_(settings.access_key),
      secret_key_(settings.secret_key),
      resource_namespace_(settings.resource_namespace) {}

void Identity::introduce(grpc::ClientContext& context, Duration limit) const {
  context.set_deadline(std::chrono::system_clock::now() + limit);
  introduce(context);
}

void Identity::introduce(grpc::ClientContext& context) const {
  context.AddMetadata("x-mq-client-id", id_);
  context.AddMetadata("x-mq-language", "CPP");
  context.AddMetadata("x-mq-protocol", "v2");
  context.AddMetadata("x-mq-client-version", "5.0.0");
  if (!resource_namespace_.empty()) context.AddMetadata("x-mq-namespace", resource_namespace_);
  if (access_key_.empty()) return;
  const std::string date = now_in_words();
  context.AddMetadata("x-mq-date-time", date);
  context.AddMetadata("authorization", "MQv2-HMAC-SHA1 Credential=" + access_key_ +
                                           ", SignedHeaders=x-mq-date-time, Signature=" +
                                           upper_hex_hmac_sha1(secret_key_.reveal(), date));
}

}  // namespace waybill::broker::rocketmq

// What anybody on the network may ask for: the first line is the target, the second who asks, the rest a body.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/text.hpp"
#include "http/router.hpp"

namespace {

/// One endpoint of each kind: a path with a placeholder, a parameter, a body that is echoed.
waybill::http::Endpoints endpoints() {
  using waybill::http::Call;
  const auto echo = [](const Call& call) -> waybill::Result<waybill::http::Response> {
    std::string text = call.asked("q");
    for (const auto& [name, value] : call.path) text += value;
    return waybill::http::json_response(text + call.request.body);
  };
  return {{"GET", "/open", {}, false, {"q"}, echo},
          {"GET", "/a/{id}/b", waybill::Role::viewer, false, {"q"}, echo},
          {"POST", "/act", waybill::Role::operate, false, {}, echo}};
}

std::string take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string line(text.substr(0, end));
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const waybill::http::Router router = [] {
    waybill::HttpConfig config;
    config.tokens.push_back({"ann", waybill::sha256_hex("wb_ann"), {}});
    return waybill::http::Router(config, endpoints());
  }();
  std::string_view text{reinterpret_cast<const char*>(data), size};
  waybill::http::Request request;
  request.method = take_line(text);
  request.target = take_line(text);
  request.host = take_line(text);
  request.authorization = take_line(text);
  request.body = text;
  const auto answer = router.answer(request);
  // Nobody here is an operator, so nothing may be reached that changes anything.
  if (request.method == "POST" && answer.status < 400) std::abort();
  if (answer.status == 200 && request.authorization.empty() && request.target.starts_with("/a/")) std::abort();
  return 0;
}

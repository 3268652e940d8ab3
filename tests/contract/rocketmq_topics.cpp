#include "rocketmq_topics.hpp"

#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <nlohmann/json.hpp>

namespace waybill::testing {
namespace {

std::string number(std::uint32_t value) {
  value = htobe32(value);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::uint32_t number(const std::string& bytes) {
  std::uint32_t value = 0;
  bytes.copy(reinterpret_cast<char*>(&value), sizeof value);
  return be32toh(value);
}

std::string receive(int fd, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const auto more = ::recv(fd, bytes.data() + have, count - have, 0);
    if (more <= 0) return {};
    have += static_cast<std::size_t>(more);
  }
  return bytes;
}

}  // namespace

RocketMqTopics::RocketMqTopics(const std::string& broker) {
  const auto colon = broker.rfind(':');
  host_ = broker.substr(0, colon);
  std::from_chars(broker.data() + colon + 1, broker.data() + broker.size(), port_);
}

std::string RocketMqTopics::create(const std::string& name, const std::string& kind, int queues, int permission) const {
  const nlohmann::json fields = {{"topic", name},
                                 {"defaultTopic", "TBW102"},
                                 {"readQueueNums", std::to_string(queues)},
                                 {"writeQueueNums", std::to_string(queues)},
                                 {"perm", std::to_string(permission)},
                                 {"topicFilterType", "SINGLE_TAG"},
                                 {"topicSysFlag", "0"},
                                 {"order", "false"},
                                 {"attributes", "+message.type=" + kind}};
  return ask(17, fields.dump(), {});
}

std::string RocketMqTopics::create_group(const std::string& name) const {
  return ask(200, "{}", nlohmann::json{{"groupName", name}}.dump());
}

std::string RocketMqTopics::remove(const std::string& name) const {
  return ask(215, nlohmann::json{{"topic", name}}.dump(), {});
}

std::string RocketMqTopics::set_broker(const std::string& name, const std::string& value) const {
  return ask(25, "{}", name + "=" + value + "\n");
}

std::string RocketMqTopics::ask(int code, const std::string& fields, const std::string& body) const {
  const nlohmann::json command = {{"code", code},
                                  {"language", "CPP"},
                                  {"version", 0},
                                  {"opaque", 1},
                                  {"flag", 0},
                                  {"serializeTypeCurrentRPC", "JSON"},
                                  {"extFields", nlohmann::json::parse(fields)}};
  const std::string header = command.dump();
  const std::string frame = number(static_cast<std::uint32_t>(header.size())) + header + body;
  const std::string sent = number(static_cast<std::uint32_t>(frame.size())) + frame;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port_);
  ::inet_pton(AF_INET, host_.c_str(), &at.sin_addr);
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
      ::send(fd, sent.data(), sent.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(sent.size())) {
    if (const std::string size = receive(fd, 4); !size.empty()) answer = receive(fd, number(size));
  }
  ::close(fd);
  if (answer.size() < 4) return "the broker does not answer";
  const auto said = nlohmann::json::parse(answer.substr(4, number(answer.substr(0, 4)) & 0xffffffu), nullptr, false);
  if (said.is_discarded()) return "the broker's answer can't be read";
  return said.value("code", -1) == 0 ? "" : said.value("remark", "refused");
}

}  // namespace waybill::testing

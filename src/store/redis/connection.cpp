#include "store/redis/connection.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>

#include "core/url.hpp"
#include "store/redis/redis_error.hpp"

namespace waybill::redis {
namespace {

constexpr Duration connecting_patience = std::chrono::seconds{10};
// Longer than any of Waybill's calls takes: a server that does not answer for so long is gone.
constexpr Duration answer_patience = std::chrono::seconds{15};
constexpr std::chrono::milliseconds replicas_patience{10'000};
constexpr int most_moves = 5;
constexpr std::uint16_t default_port = 6379;

void append(std::string& wire, const Command& command) {
  wire += '*' + std::to_string(command.size()) + "\r\n";
  for (const auto& word : command) wire.append("$" + std::to_string(word.size()) + "\r\n").append(word).append("\r\n");
}

/// `MOVED 3999 127.0.0.1:6381`; an empty host means the node that was asked.
Node node_of_move(std::string_view words, const Node& asked) {
  const auto at = words.rfind(' ');
  const auto colon = words.rfind(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon < at) return asked;
  Node node{std::string{words.substr(at + 1, colon - at - 1)}, 0};
  std::from_chars(words.data() + colon + 1, words.data() + words.size(), node.port);
  if (node.host.empty()) node.host = asked.host;
  return node;
}

Status check_database(const std::string& path, const std::string& store) {
  const auto digits = std::string_view{path}.substr(path.empty() ? 0 : 1);
  if (digits.find_first_not_of("0123456789") == std::string_view::npos) return {};
  return Error{
      ErrorCode::invalid_configuration,
      "store '" + store + "': the URL's path must be the number of a database, for example redis://host:6379/0"};
}

/// Whether the server is not the one for our keys any more: connect anew, and be told where they are.
bool is_elsewhere(Reply reply) {
  constexpr std::string_view answers[] = {"MOVED", "READONLY", "CLUSTERDOWN", "MASTERDOWN"};
  const auto words = reply.bytes();
  return reply.is_error() &&
         std::any_of(std::begin(answers), std::end(answers), [&](auto answer) { return words.starts_with(answer); });
}

/// The servers of each URL: those that it names, and those of the cluster that they told us of.
class KnownNodes {
 public:
  static std::vector<Node> of(const Url& url, const std::string& text) {
    std::vector<Node> nodes{{url.host.empty() ? "127.0.0.1" : url.host, url.port == 0 ? default_port : url.port}};
    if (const auto more = url.query.find("nodes"); more != url.query.end()) {
      for (std::string_view rest = more->second; !rest.empty();) {
        const auto comma = rest.find(',');
        add(nodes, parse(rest.substr(0, comma)));
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      }
    }
    const std::lock_guard lock{mutex};
    for (const auto& node : learned[text]) add(nodes, node);
    return nodes;
  }

  static void learn(const std::string& text, std::vector<Node> nodes) {
    const std::lock_guard lock{mutex};
    learned[text] = std::move(nodes);
  }

  static void add(std::vector<Node>& nodes, const Node& node) {
    if (std::find(nodes.begin(), nodes.end(), node) == nodes.end()) nodes.push_back(node);
  }

 private:
  static Node parse(std::string_view text) {
    const auto colon = text.rfind(':');
    Node node{std::string{text.substr(0, colon)}, default_port};
    if (colon != std::string_view::npos) {
      std::from_chars(text.data() + colon + 1, text.data() + text.size(), node.port);
    }
    return node;
  }

  inline static std::mutex mutex;
  inline static std::map<std::string, std::vector<Node>> learned;
};

/// A cluster outlives the node that the URL names.
void learn_nodes(Connection& connection, const StoreConfig& store) {
  auto slots = connection.run({"CLUSTER", "SLOTS"}, "");
  if (!slots) return;  // not a cluster
  std::vector<Node> nodes;
  for (std::size_t range = 0; range < (*slots)->size(); ++range) {
    for (std::size_t at = 2; at < (**slots)[range].size(); ++at) {
      const auto node = (**slots)[range][at];
      KnownNodes::add(nodes, {node[0].text(), static_cast<std::uint16_t>(node[1].number())});
    }
  }
  KnownNodes::learn(store.url.reveal(), std::move(nodes));
}

}  // namespace

Command call(std::string_view function, std::string_view stream, std::vector<std::string> arguments) {
  Command command{"FCALL", std::string{function}, "1", std::string{stream}};
  command.insert(command.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
  return command;
}

Status each_key(Connection& connection, const std::string& pattern, std::string_view doing,
                const std::function<void(std::string_view key)>& each) {
  std::string cursor = "0";
  do {
    auto some = connection.run({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"}, doing);
    if (!some) return some.error();
    cursor = (**some)[0].text();
    const auto keys = (**some)[1];
    for (std::size_t at = 0; at < keys.size(); ++at) each(keys[at].bytes());
  } while (cursor != "0");
  return {};
}

Status wait_for_replicas(Connection& connection, std::uint32_t replicas, std::string_view doing) {
  auto reached = connection.run({"WAIT", std::to_string(replicas), std::to_string(replicas_patience.count())}, doing);
  if (!reached) return reached.error();
  if ((*reached)->number() >= replicas) return {};
  return Error{ErrorCode::unreachable, std::string{doing} + ": only " + std::to_string((*reached)->number()) + " of " +
                                           std::to_string(replicas) + " replicas have received it in time"};
}

Connection::Connection(Socket socket, Node node)
    : socket_(std::move(socket)), node_(std::move(node)), reader_(redisReaderCreate()) {}

Result<Connection> Connection::connect(const StoreConfig& store, const Node& node) {
  const auto url = parse_url(store.url.reveal());
  if (!url) return url.error();
  const TlsOptions tls{url->scheme == "rediss", store.ca_file, store.cert_file, store.key_file, store.insecure};
  auto socket = Socket::connect(node.host, node.port, tls, Deadline::after(connecting_patience));
  if (!socket) return Error{socket.error().code(), "store '" + store.name + "': " + socket.error().message()};
  Connection connection{std::move(*socket), node};
  if (auto in = connection.log_in(store); !in) return in.error();
  return connection;
}

Status Connection::log_in(const StoreConfig& store) {
  const auto url = parse_url(store.url.reveal());
  const auto doing = "can't log in to store '" + store.name + "'";
  if (auto checked = check_database(url->path, store.name); !checked) return checked;
  if (!url->password.empty()) {
    auto in = url->user.empty() ? run({"AUTH", url->password}, doing) : run({"AUTH", url->user, url->password}, doing);
    if (!in) return in.error();
  }
  if (url->path.size() > 1 && url->path != "/0") {
    if (auto selected = run({"SELECT", url->path.substr(1)}, doing); !selected) return selected.error();
  }
  // The name makes CLIENT LIST readable; a user without the right to set it works as well.
  auto named = run({"CLIENT", "SETNAME", "waybill"}, doing);
  return lost_ ? Status{named.error()} : Status{};
}

Result<Connection> Connection::follow(const StoreConfig& store, Node node, std::string_view key) {
  for (int moves = 0;; ++moves) {
    auto connection = connect(store, node);
    if (!connection) return connection;
    auto answer = connection->run({"EXISTS", std::string{key}}, "can't reach store '" + store.name + "'");
    if (answer) {
      learn_nodes(*connection, store);
      return connection;
    }
    const auto& words = answer.error().message();
    const auto moved = words.find("MOVED ");
    if (moved == std::string::npos || moves == most_moves) return answer.error();
    node = node_of_move(std::string_view{words}.substr(moved, words.find(';', moved) - moved), node);
  }
}

Result<Connection> Connection::open(const StoreConfig& store, std::string_view key) {
  const auto url = parse_url(store.url.reveal());
  if (!url) return url.error();
  std::optional<Error> first;
  std::optional<Connection> replica;
  for (const auto& node : KnownNodes::of(*url, store.url.reveal())) {
    auto connection = follow(store, node, key);
    if (!connection) {
      if (!first) first = connection.error();
      continue;
    }
    auto role = connection->run({"ROLE"}, "can't ask for the server's role");
    // Without the right to ask, it is taken for what the URL says it is.
    if (!role || (**role)[0].bytes() == "master") return connection;
    if (!replica) replica.emplace(std::move(*connection));
  }
  // A replica alone: what is written to it will be refused, in the server's own words.
  if (replica) return std::move(*replica);
  return *first;
}

Error Connection::failure(const Error& error, std::string_view doing) {
  lost_ = true;
  return {error.code(), std::string{doing} + ": " + error.message()};
}

Status Connection::start(const Command& command, std::string_view doing) {
  std::string wire;
  append(wire, command);
  if (auto written = socket_.write(wire, Deadline::after(answer_patience)); !written) {
    return failure(written.error(), doing);
  }
  return {};
}

bool Connection::answered(Deadline deadline, int interrupt) const { return socket_.readable(deadline, interrupt); }

Result<OwnedReply> Connection::read(std::string_view doing) {
  const auto deadline = Deadline::after(answer_patience);
  while (true) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
      return failure({ErrorCode::corrupt, std::string{"the answer is no Redis protocol: "} + reader_->errstr}, doing);
    }
    if (reply != nullptr) {
      OwnedReply owned{static_cast<redisReply*>(reply)};
      lost_ = lost_ || is_elsewhere(*owned);
      return owned;
    }
    char bytes[65536];
    auto got = socket_.read(bytes, sizeof bytes, deadline);
    if (!got) return failure(got.error(), doing);
    if (redisReaderFeed(reader_.get(), bytes, *got) != REDIS_OK) {
      return failure({ErrorCode::corrupt, reader_->errstr}, doing);
    }
  }
}

Result<OwnedReply> Connection::finish(std::string_view doing) {
  auto reply = read(doing);
  if (reply && (*reply)->is_error()) return error_of((*reply)->bytes(), doing);
  return reply;
}

Result<OwnedReply> Connection::run(const Command& command, std::string_view doing) {
  if (auto started = start(command, doing); !started) return started.error();
  return finish(doing);
}

Result<std::vector<OwnedReply>> Connection::run_all(const std::vector<Command>& commands, std::string_view doing) {
  std::string wire;
  for (const auto& command : commands) append(wire, command);
  if (auto written = socket_.write(wire, Deadline::after(answer_patience)); !written) {
    return failure(written.error(), doing);
  }
  std::vector<OwnedReply> replies;
  for (std::size_t at = 0; at < commands.size(); ++at) {
    auto reply = read(doing);
    if (!reply) return reply.error();
    replies.push_back(std::move(*reply));
  }
  return replies;
}

}  // namespace waybill::redis

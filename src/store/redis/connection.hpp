#pragma once

/// \file
/// A Redis connection, with errors as values. Used by one thread at a time.

#include <hiredis/hiredis.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "store/redis/reply.hpp"
#include "store/redis/socket.hpp"

namespace waybill::redis {

/// The words of one command.
using Command = std::vector<std::string>;

/// Where a server listens.
struct Node {
  std::string host;
  std::uint16_t port = 0;
  friend bool operator==(const Node&, const Node&) = default;
};

class Connection {
 public:
  /// Connects to the primary among the URL's server and those that its `nodes` name, or, in a cluster, to the node that
  /// has `key` now. Blocks for up to 10 s a server.
  static Result<Connection> open(const StoreConfig& store, std::string_view key);

  /// One command and its answer. An error reply is an error; after one of the connection, is_lost().
  Result<OwnedReply> run(const Command& command, std::string_view doing);
  /// Several commands at once; gives the replies in their order, error replies among them.
  Result<std::vector<OwnedReply>> run_all(const std::vector<Command>& commands, std::string_view doing);

  /// In two halves, for a command that blocks in the server.
  Status start(const Command& command, std::string_view doing);
  bool answered(Deadline deadline, int interrupt) const;
  Result<OwnedReply> finish(std::string_view doing);

  bool is_lost() const { return lost_; }
  const Node& node() const { return node_; }

 private:
  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };

  Connection(Socket socket, Node node);
  static Result<Connection> connect(const StoreConfig& store, const Node& node);
  /// From this node to where the key is.
  static Result<Connection> follow(const StoreConfig& store, Node node, std::string_view key);
  Status log_in(const StoreConfig& store);
  Result<OwnedReply> read(std::string_view doing);
  Error failure(const Error& error, std::string_view doing);

  Socket socket_;
  Node node_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  bool lost_ = false;
};

/// Hands out every key of the connection's server that matches the pattern, a thousand looked at at a time; one may
/// come twice.
Status each_key(Connection& connection, const std::string& pattern, std::string_view doing,
                const std::function<void(std::string_view key)>& each);

/// Waits until so many replicas have received what this connection wrote. `unreachable` when they have not in time:
/// WAIT returns when its time is over, whatever they did.
Status wait_for_replicas(Connection& connection, std::uint32_t replicas, std::string_view doing);

/// `FCALL function 1 stream arguments...`
Command call(std::string_view function, std::string_view stream, std::vector<std::string> arguments = {});

}  // namespace waybill::redis

#include "store/redis/owner.hpp"

#include "store/redis/placing.hpp"

namespace waybill::redis {
namespace {

constexpr std::string_view asking = "can't read who holds the lane";

std::string_view run_of(std::string_view session) { return session.substr(0, session.find(':')); }

}  // namespace

Result<std::string> session_of(Connection& connection) {
  auto number = connection.run({"CLIENT", "ID"}, asking);
  if (!number) return number.error();
  auto server = connection.run({"INFO", "server"}, asking);
  if (!server) return server.error();
  const auto info = (*server)->bytes();
  const auto at = info.find("run_id:");
  const auto run = at == std::string_view::npos ? std::string_view{} : info.substr(at + 7, 40);
  return std::string{run} + ":" + std::to_string((*number)->number());
}

Result<std::optional<Owner>> owner_of(Connection& connection, std::uint32_t lane) {
  auto kept = connection.run({"GET", key_of(lane, "owner")}, asking);
  if (!kept) return kept.error();
  const auto text = (*kept)->text();
  const auto first = text.find(' ');
  const auto second = text.find(' ', first + 1);
  if (first == std::string::npos || second == std::string::npos) return std::optional<Owner>{};
  return std::optional{
      Owner{text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)}};
}

Result<bool> is_connected(Connection& connection, const Owner& owner, std::string_view our_session) {
  // Of another run of the server, or of another server: its connections are gone.
  if (run_of(owner.session) != run_of(our_session)) return false;
  const auto number = owner.session.substr(owner.session.find(':') + 1);
  auto client = connection.run({"CLIENT", "LIST", "ID", number}, asking);
  if (!client) return connection.is_lost() ? Result<bool>{client.error()} : Result<bool>{true};
  return (*client)->bytes().find("id=") != std::string_view::npos;
}

}  // namespace waybill::redis

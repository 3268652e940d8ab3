#include "core/headers_json.hpp"
#include "core/uuid.hpp"
#include "core/validate.hpp"
#include "store/postgresql/store.hpp"

namespace waybill::postgresql {
namespace {

constexpr auto doing = "can't persist";
constexpr std::size_t rows_at_once = 500;
constexpr std::size_t bytes_at_once = 4u << 20;

/// The columns of some messages as arrays.
struct Columns {
  std::vector<std::string> ids, topics, payloads;
  std::vector<std::optional<std::string>> keys, headers, content_types, not_before;
  std::size_t bytes = 0;

  void add(const Message& message, const std::string& id) {
    ids.push_back(id);
    topics.push_back(message.topic.str());
    keys.push_back(message.key ? std::optional{message.key->str()} : std::nullopt);
    payloads.push_back(bytea_literal(message.payload));
    headers.push_back(message.headers.empty() ? std::nullopt : std::optional{headers_to_json(message.headers)});
    content_types.push_back(message.content_type.empty() ? std::nullopt : std::optional{message.content_type});
    not_before.emplace_back();
    if (message.not_before) {
      const auto since_epoch = message.not_before->time_since_epoch();
      not_before.back() = std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
    }
    bytes += message.payload.size();
  }
};

Status insert(Connection& connection, const Columns& columns) {
  static const Statement statement{
      "persist",
      "INSERT INTO waybill.outbox (id, topic, key, payload, headers, content_type, not_before) SELECT m.id, m.topic, "
      "m.key, m.payload, m.headers, m.content_type, timestamptz 'epoch' + m.not_before * interval '1 microsecond' "
      "FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::json[], $6::text[], $7::bigint[]) AS "
      "m(id, topic, key, payload, headers, content_type, not_before)"};
  Parameters parameters;
  parameters.add(array_literal(columns.ids)).add(array_literal(columns.topics)).add(array_literal(columns.keys));
  parameters.add(array_literal(columns.payloads)).add(array_literal(columns.headers));
  parameters.add(array_literal(columns.content_types)).add(array_literal(columns.not_before));
  if (auto done = connection.run(statement, parameters, Format::text, doing); !done) return done.error();
  return {};
}

Status check(const Message& message, std::uint64_t max_payload) {
  if (auto valid = validate(message); !valid) return valid;
  if (message.payload.size() <= max_payload) return {};
  return Error{ErrorCode::invalid_argument, "payload has " + std::to_string(message.payload.size()) +
                                                " bytes; at most " + std::to_string(max_payload) +
                                                " are allowed (max_payload)"};
}

/// Sent again under other ids, they would be duplicates that no inbox can see.
Error with_remedy(const Error& error, const std::vector<MessageId>& ids) {
  if (error.code() != ErrorCode::in_doubt || ids.empty()) return error;
  const auto& first = ids.front().str();
  const auto remedy = ids.size() == 1 ? "; send message " + first + " again with --id " + first
                                      : "; all or none of " + std::to_string(ids.size()) + " messages, from " + first +
                                            " on, are persisted: send them again only with the same ids";
  return {error.code(), error.message() + remedy + ", so that an inbox sees a repeat"};
}

}  // namespace

Result<std::vector<MessageId>> PostgresStore::persist(std::span<const Message> messages) {
  for (const auto& message : messages) {
    if (auto valid = check(message, config_.max_payload); !valid) return valid.error();
  }
  return with_connection([&](Connection& connection) -> Result<std::vector<MessageId>> {
    auto transaction = Transaction::begin(connection, doing);
    if (!transaction) return transaction.error();
    std::vector<MessageId> ids;
    Columns columns;
    for (const auto& message : messages) {
      ids.push_back(message.id.empty() ? MessageId{make_uuid7()} : message.id);
      columns.add(message, ids.back().str());
      if (columns.ids.size() < rows_at_once && columns.bytes < bytes_at_once) continue;
      if (auto done = insert(connection, columns); !done) return done.error();
      columns = {};
    }
    if (!columns.ids.empty()) {
      if (auto done = insert(connection, columns); !done) return done.error();
    }
    if (auto done = transaction->commit(doing); !done) return with_remedy(done.error(), ids);
    return ids;
  });
}

}  // namespace waybill::postgresql

#pragma once

/// \file
/// A failed message that can't go as it is: changed by a person, and sent as a new message that remembers its origin.

#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "store/store.hpp"

namespace waybill::admin {

/// The header of the new message that names the one it was made from.
inline constexpr const char* origin_header = "waybill-origin";

/// What is not set stays as it was.
struct Edit {
  std::string id;  ///< of the failed message
  std::optional<std::string> topic, key, payload, content_type;
  std::optional<Headers> headers;  ///< instead of all the old ones
  std::string who, why, from;
};

/// The failed message as it is, looked for `within` these topics (globs; empty: all). Errors: `not_found`, `refused`
/// when it is not failed, and the store's.
Result<store::Troubled> find_failed(store::Store& store, const std::string& id,
                                    const std::vector<std::string>& within = {});

/// The new message, without an id yet. Errors: `not_found`, `refused` when it is not failed, and those of
/// check_message().
Result<Message> edited_message(store::Store& store, const Config& config, const Edit& edit);

/// Marks the failed message as dropped, which a person can undo, and persists the new one: in this order, so that of
/// two people who edit the same message one is `refused`. Gives the new message's id. The new one stands at the end of
/// the order of its key, and the key of the old one goes on. When the process dies in between, the operation stays and
/// says what is half done.
Result<MessageId> send_edited(store::Store& store, const Config& config, const Edit& edit);

}  // namespace waybill::admin

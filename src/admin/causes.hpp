#pragma once

/// \file
/// What people say of the causes for which messages fail: somebody is on it, it is resolved, and whether it came back.
/// It is kept among the operations, which are the audit log, and known for as long as they are.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "admin/json.hpp"
#include "admin/language.hpp"
#include "admin/operation.hpp"
#include "store/store.hpp"

namespace waybill::admin {

enum class CauseState {
  open,      ///< nobody has said anything, or it was opened again
  taken,     ///< somebody is on it
  resolved,  ///< and no message has failed of it since
  returned,  ///< resolved, and then a message failed of it
};
std::string_view to_string(CauseState state) noexcept;

enum class CauseAct { take, resolve, reopen };
inline constexpr std::array every_cause_act{CauseAct::take, CauseAct::resolve, CauseAct::reopen};
std::string_view to_string(CauseAct act) noexcept;

/// What was said last of one cause.
struct CauseLife {
  CauseState state = CauseState::open;
  std::string who, why;
  std::int64_t since_ms = 0;  ///< by the store's clock; 0: nobody has said anything
};

struct CauseOrder {
  CauseAct act = CauseAct::take;
  std::string id;                   ///< of a message that failed of it
  std::vector<std::string> within;  ///< the message is looked for in these topics (globs; empty: all)
  std::string who, why, from;
};

/// Keeps it. Errors: `invalid_argument` for a resolved cause without a reason, those of find_failed(), the store's.
Status say_of_cause(store::Store& store, const CauseOrder& order);

/// What was said of all causes of a store, from the newest 500 acts of its audit log.
class CauseBook {
 public:
  static Result<CauseBook> read(store::Store& store);

  CauseLife life_of(const store::FailedGroup& group) const;

 private:
  std::vector<Operation> said_;  // newest first
};

/// `open`, `taken by ann`.
std::string in_words(const CauseLife& life);

/// A group as `failed groups` and the REST API give it: with what the reason means, what to do, and what people said
/// (`cause`: `state`, `who`, `why`, `since`).
Json group_json(const store::FailedGroup& group, const CauseLife& life, Language language = Language::english);

}  // namespace waybill::admin

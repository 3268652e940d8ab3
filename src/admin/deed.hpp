#pragma once

/// \file
/// Acts of a person that are no bulk acts: they are over at once, and are kept among the operations, which are the
/// audit log.

#include <string>
#include <vector>

#include "admin/operation.hpp"

namespace waybill::admin {

struct Deed {
  std::string act;            ///< `pause`, `resume`, `edit`, `take`, `resolve`, `reopen`, `purge`, `reconcile` ...
  store::FailedFilter about;  ///< the route's topic, the message's id, or the cause
  std::string who, why, from;
  std::string subject{};  ///< what it is about when that is no message: `parked entries of sync 'x': 3`
};

/// Records one that nothing can leave half done.
Status record_deed(store::Store& store, const Deed& deed);

/// The same of an act on an inbox or a sync. In a database that has no tables of an outbox nothing is kept.
Status record_where_kept(store::Store& store, const Deed& deed);

/// Its operation as it begins, with a note of what is half done if it never ends.
Result<Operation> begin_deed(store::Store& store, const Deed& deed, const std::string& note);

/// It is over: done with these results, or stopped with a note that says why.
Result<Operation> end_deed(store::Store& store, const Operation& operation,
                           const std::vector<store::OperationResult>& results, const std::string& failure);

}  // namespace waybill::admin

#include "cli/record.hpp"

#include "cli/session.hpp"

namespace waybill::cli {
namespace {

void not_recorded(const Error& error) { complain("it is done, but not in the audit log: " + error.message()); }

}  // namespace

void record(store::Store& store, const admin::Deed& deed) {
  if (const auto kept = admin::record_where_kept(store, deed); !kept) not_recorded(kept.error());
}

void record(const Result<std::unique_ptr<store::Store>>& store, const admin::Deed& deed) {
  store ? record(**store, deed) : not_recorded(store.error());
}

}  // namespace waybill::cli

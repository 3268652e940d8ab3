#include "cli/record.hpp"

#include "cli/session.hpp"

namespace waybill::cli {

void record(store::Store& store, const admin::Deed& deed) {
  if (const auto kept = admin::record_where_kept(store, deed); !kept) {
    complain("it is done, but not in the audit log: " + kept.error().message());
  }
}

}  // namespace waybill::cli

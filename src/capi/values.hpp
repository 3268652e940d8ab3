#pragma once

/// \file
/// Between the C interface's values and ours. Nothing thrown gets past answer().

#include <string>

#include "waybill/inbox.h"
#include "waybill/message.h"
#include "waybill/result.h"
#include "waybill/waybill.h"

namespace waybill::capi {

/// Errors: null pointers, a `size` that is no structure of any version, a header without name or value.
Result<Message> message_from(const waybill_message* message);
Result<Mark> mark_from(const waybill_mark* mark);

void copy_id(const MessageId& id, char* id_out);

/// Writes the words of `failure` and gives the code to return.
int fail(const Error& failure, waybill_error* error) noexcept;
int out_of_memory(waybill_error* error) noexcept;

/// Runs `call`, which gives a Status, and turns all that can happen into the code to return.
template <class Call>
int answer(waybill_error* error, const Call& call) noexcept {
  try {
    const Status status = call();
    return status ? WAYBILL_OK : fail(status.error(), error);
  } catch (...) {  // our own code throws nothing: only memory can have run out
    return out_of_memory(error);
  }
}

}  // namespace waybill::capi

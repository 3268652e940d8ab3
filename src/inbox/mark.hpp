#pragma once

/// \file
/// What both databases' guards check and compute before they ask the database.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "waybill/inbox.h"
#include "waybill/result.h"

namespace waybill::inbox {

/// The parts that name the operation are there and fit; the error names the part at fault.
Status check(const Mark& mark);

/// When the mark's message was persisted, Unix ms: what its UUIDv7 says, or else its sender. Nullopt when neither is
/// known, or when it lies more than a day after `now_ms`: such a clock tells no age.
std::optional<std::int64_t> born_ms(const Mark& mark, std::int64_t now_ms);

/// The table and columns are names, so that they can be put into a statement.
Status check(const VersionedRow& row);

/// Splits `schema.table` and encloses each part, for example `"schema"."table"`.
std::string enclose(std::string_view name, char open, char close);

}  // namespace waybill::inbox

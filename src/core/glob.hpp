#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// Whether `text` matches `pattern`: `*` stands for any run of bytes, `?` for one byte, all else for itself. Linear in
/// the product of the lengths at worst, without recursion, so a hostile pattern costs nothing.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

/// The same glob as an anchored POSIX regular expression for PostgreSQL's `~`.
std::string glob_to_regex(std::string_view pattern);
/// The same glob for SQLite's GLOB operator (its `[` escaped).
std::string glob_to_sqlite(std::string_view pattern);

}  // namespace waybill

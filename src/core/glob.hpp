#pragma once

#include <string>
#include <string_view>

namespace waybill {

/// Whether `text` matches `pattern`: `*` stands for any text, `?` for one character of UTF-8, all else for itself.
/// Linear in the product of the lengths at worst, without recursion, so a hostile pattern costs nothing.
bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

/// Whether all that `inner` matches is matched by `outer` too. Never true when it isn't; where it takes more than
/// laying one over the other (`?*` over `*?`) it may be false though it is.
bool glob_covers(std::string_view outer, std::string_view inner) noexcept;

/// The same glob as an anchored POSIX regular expression for PostgreSQL's `~`.
std::string glob_to_regex(std::string_view pattern);
/// The same glob for SQLite's GLOB operator (its `[` escaped).
std::string glob_to_sqlite(std::string_view pattern);

}  // namespace waybill

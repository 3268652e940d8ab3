// Who may ask a relay for what.

#include <algorithm>

#include "core/config/named_sections.hpp"
#include "core/config/sections.hpp"
#include "core/text.hpp"

namespace waybill {

std::string_view to_string(Role value) noexcept {
  switch (value) {
    case Role::stats:
      return "stats";
    case Role::viewer:
      return "viewer";
    case Role::operate:
      return "operator";
  }
  return "unknown";
}

std::string_view to_string(Act value) noexcept {
  switch (value) {
    case Act::resend:
      return "resend";
    case Act::drop:
      return "drop";
    case Act::edit:
      return "edit";
    case Act::pause:
      return "pause";
  }
  return "unknown";
}

namespace config {
namespace {

constexpr std::size_t digest_digits = 64;

bool is_digest(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == digest_digits && std::ranges::all_of(text, is_hex);
}

/// The name of a header of HTTP, in lower case.
bool is_header_name(std::string_view text) {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  return !text.empty() && std::ranges::all_of(text, is_plain);
}

/// `command` makes such a hash.
std::string read_digest(Section& section, const std::string& command) {
  constexpr std::string_view prefix = "sha256:";
  section.require("hash", "the line that `" + command + "` prints");
  std::string hash, digest;
  if (!section.read_secret("hash", hash)) return digest;
  if (hash.starts_with(prefix)) digest = hash.substr(prefix.size());
  if (!is_digest(digest)) {
    section.fail("hash", "is not sha256: and 64 hex digits; `" + command + "` makes one");
  }
  return digest;
}

void read_acts(Section& section, Grant& grant) {
  if (grant.role == Role::operate) grant.may.assign(every_act.begin(), every_act.end());
  if (!section.has("may")) return;
  std::vector<std::string> words;
  section.read_texts("may", words);
  if (grant.role != Role::operate) return section.fail("may", "only the role operator acts");
  if (words.empty()) return section.fail("may", "is empty: who may do nothing is a viewer");
  grant.may.clear();
  for (const auto& word : words) {
    const auto known = std::ranges::find(every_act, word, [](Act act) { return to_string(act); });
    if (known == every_act.end()) {
      section.fail("may", "'" + word + "' is none of resend, drop, edit, pause");
    } else {
      grant.may.push_back(*known);
    }
  }
}

Grant read_grant(Section& section) {
  Grant grant;
  section.require("role", "role = \"viewer\" (or stats, operator)");
  section.read_choice("role", grant.role, {Role::stats, Role::viewer, Role::operate});
  grant.payloads = grant.role == Role::operate;
  section.read_flag("payloads", grant.payloads);
  section.read_flag("unmasked", grant.unmasked);
  if (grant.unmasked && !grant.payloads) section.fail("unmasked", "needs payloads = true");
  section.read_texts("topics", grant.topics);
  read_acts(section, grant);
  section.read_moment("expires", grant.expires_ms);
  if (section.has("topics") && grant.topics.empty()) section.fail("topics", "is empty; leave it out for every topic");
  if (grant.role != Role::stats) return grant;
  for (const auto* key : {"payloads", "topics"}) {
    if (section.has(key) && (grant.payloads || !grant.topics.empty()))
      section.fail(key, "the role stats sees no message");
  }
  return grant;
}

TokenConfig read_token(const Entry& entry, Findings& findings) {
  Section section{entry.value, entry.place, "http.token." + entry.name, findings};
  TokenConfig token;
  token.name = entry.name;
  token.grant = read_grant(section);
  token.digest = read_digest(section, "waybill token " + entry.name);
  section.finish();
  return token;
}

MemberConfig read_member(const Entry& entry, const std::string& table, Findings& findings) {
  Section section{entry.value, entry.place, table + "." + entry.name, findings};
  MemberConfig member;
  member.name = entry.name;
  section.read_text("name", member.name);
  if (member.name.empty()) section.fail("name", "is empty");
  member.grant = read_grant(section);
  section.finish();
  return member;
}

MemberConfig read_user(const Entry& entry, Findings& findings) { return read_member(entry, "http.user", findings); }
MemberConfig read_group(const Entry& entry, Findings& findings) { return read_member(entry, "http.group", findings); }

ProxyConfig read_proxy(const Entry& entry, Findings& findings) {
  Section section{entry.value, entry.place, "http.proxy", findings};
  ProxyConfig proxy;
  proxy.digest = read_digest(section, "waybill token proxy --proxy");
  section.require("user_header", "the header in which it names the user: user_header = \"X-Forwarded-User\"");
  for (auto [key, header] : {std::pair{"user_header", &proxy.user_header}, {"groups_header", &proxy.groups_header}}) {
    if (!section.has(key)) continue;
    section.read_text(key, *header);
    *header = lower_ascii(*header);
    if (!is_header_name(*header)) section.fail(key, "'" + *header + "' is no name of a header");
  }
  section.finish();
  return proxy;
}

/// Of two with the same name the second would never be found.
void check_names(Section& section, std::string_view table, const std::vector<MemberConfig>& members) {
  for (auto member = members.begin(); member != members.end(); ++member) {
    const auto same = [&](const auto& other) { return other.name == member->name; };
    if (std::any_of(members.begin(), member, same)) section.fail(table, "'" + member->name + "' is there twice");
  }
}

void check_members(Section& section, const HttpConfig& http) {
  check_names(section, "user", http.users);
  check_names(section, "group", http.groups);
  const bool any = !http.users.empty() || !http.groups.empty();
  if (http.proxy && !any)
    section.fail("proxy", "lets nobody in: add [http.user.NAME] or, with groups_header, [http.group.NAME]");
  if (!http.proxy && any)
    section.fail(http.users.empty() ? "group" : "user", "needs [http.proxy], which says who asks");
  if (http.proxy && !http.groups.empty() && http.proxy->groups_header.empty())
    section.fail("group", "needs groups_header in [http.proxy]");
}

void check_hashes(Section& section, const HttpConfig& http) {
  std::vector<std::string> seen;
  if (http.proxy) seen.push_back(http.proxy->digest);
  for (const auto& token : http.tokens) {
    if (!token.digest.empty() && std::ranges::find(seen, token.digest) != seen.end())
      section.fail("token", "'" + token.name + "' has the hash of another");
    seen.push_back(token.digest);
  }
}

}  // namespace

void read_access(Section& section, HttpConfig& http, Findings& findings) {
  if (const auto* tokens = section.read_table("token"))
    http.tokens = read_named<TokenConfig>(*tokens, "http.token", findings, read_token);
  if (const auto* proxy = section.read_table("proxy")) http.proxy = read_proxy(*proxy, findings);
  if (const auto* users = section.read_table("user"))
    http.users = read_named<MemberConfig>(*users, "http.user", findings, read_user);
  if (const auto* groups = section.read_table("group"))
    http.groups = read_named<MemberConfig>(*groups, "http.group", findings, read_group);
  check_hashes(section, http);
  check_members(section, http);
}

}  // namespace config
}  // namespace waybill

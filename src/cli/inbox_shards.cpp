#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "cli/progress.hpp"
#include "cli/record.hpp"
#include "cli/session.hpp"
#include "cli/table.hpp"
#include "inbox/shards.hpp"

namespace waybill::cli {
namespace {

Result<std::vector<StoreConfig>> shards_of(const Session& session) {
  auto config = session.load();
  if (!config) return std::move(config).error();
  std::vector<StoreConfig> shards;
  for (const auto& name : config->inbox.shards) shards.push_back(*config->store(name));
  if (!shards.empty()) return shards;
  return Error{ErrorCode::invalid_configuration,
               config->file + ": the inbox has no shards; add [inbox] with shards = [\"STORE\", \"STORE\"]"};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string state_of(const inbox::ShardState& shard) {
  if (shard.error) return shard.error->message();
  if (shard.version == 0) return "no shard yet; run `waybill inbox shards apply`";
  return shard.former.empty() ? "complete" : "takes over from " + joined(shard.former);
}

/// In the audit log of the first shard.
void record_act(const std::vector<StoreConfig>& shards, std::uint64_t added) {
  std::vector<std::string> names;
  for (const auto& shard : shards) names.push_back(shard.name);
  const auto subject = fmt::format("shards of the inbox: {} added, now {}", added, joined(names));
  record(store::open_store(shards.front()), {"add-shards", {}, operator_name(), "", "command line", subject});
}

int show(const Session& session) {
  auto shards = shards_of(session);
  if (!shards) return fail(shards.error());
  Table table({"SHARD", "MAP", "STATE"});
  auto listed = admin::Json::array();
  int code = done;
  for (const auto& shard : inbox::look_at_shards(*shards)) {
    if (shard.error) code = exit_code(*shard.error);
    const bool calm = !shard.error && shard.version > 0 && shard.former.empty();
    table.add({shard.name, shard.version > 0 ? std::to_string(shard.version) : "-", state_of(shard)},
              calm ? Tone::plain : Tone::warning);
    admin::Json one = {{"name", shard.name}, {"map", shard.version}, {"takes_over_from", shard.former}};
    if (shard.error) one["error"] = shard.error->message();
    listed.push_back(one);
  }
  session.json ? session.print(admin::Json{{"shards", listed}}) : session.print(table.render(session.terminal));
  return code;
}

int apply(const Session& session) {
  auto shards = shards_of(session);
  if (!shards) return fail(shards.error());
  ProgressBar bar(session.terminal, "marks taken over", 0);
  bool waits = false;
  auto added = inbox::apply_shards(*shards, [&](const inbox::ShardProgress& progress) {
    if (progress.step == inbox::ShardProgress::Step::waiting && !std::exchange(waits, true)) {
      complain("waiting for the transactions at shard '" + progress.from + "' that began before '" + progress.shard +
               "' was added");
    }
    if (progress.step == inbox::ShardProgress::Step::copying) {
      waits = false;
      bar.update(progress.marks);
    }
    return true;
  });
  if (!added) return fail(added.error());
  if (*added > 0) record_act(*shards, *added);
  if (session.json) session.print(admin::Json{{"added", *added}});
  if (!session.json) session.print(fmt::format("{} shards added, {} in use\n", *added, shards->size()));
  return done;
}

}  // namespace

void add_inbox_shards(CLI::App& inbox, Session& session) {
  auto* shards = inbox.add_subcommand("shards", "The databases that share the inbox ([inbox] shards)");
  auto* applies = shards->add_subcommand("apply", "Bring the shards that are newly listed into use");
  shards->callback([&session, applies] {
    session.action = [&session, adds = applies->parsed()] { return adds ? apply(session) : show(session); };
  });
}

}  // namespace waybill::cli

#include "cli/examples.hpp"

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>

#include "cli/command_tree.hpp"
#include "cli/session.hpp"
#include "core/text.hpp"
#include "embedded/examples.hpp"

namespace waybill::cli {
namespace {

std::vector<Example> read_all() {
  std::vector<Example> all;
  for (const auto& one : admin::Json::parse(embedded::examples)) all.push_back({one.at(0), one.at(1)});
  return all;
}

const std::vector<Example>& examples() {
  static const auto all = read_all();
  return all;
}

bool speaks_of(const Example& example, const std::vector<std::string>& words) {
  const auto text = lower_ascii(example.line + " " + example.what);
  return std::ranges::all_of(words, [&](const auto& word) { return text.find(lower_ascii(word)) != text.npos; });
}

int run(const Session& session, const std::vector<std::string>& words) {
  std::vector<Example> found;
  std::ranges::copy_if(examples(), std::back_inserter(found), [&](const auto& one) { return speaks_of(one, words); });
  if (session.json) {
    auto listed = admin::Json::array();
    for (const auto& one : found) listed.push_back({{"line", one.line}, {"what", one.what}});
    session.print(admin::Json{{"examples", listed}});
  } else {
    session.print(in_lines(found));
  }
  if (found.empty()) complain("no example speaks of that; `waybill cheat` shows all");
  return found.empty() ? nothing_matched : done;
}

}  // namespace

std::vector<Example> examples_of(std::string_view path) {
  std::vector<Example> found;
  std::ranges::copy_if(examples(), std::back_inserter(found), [&](const Example& one) {
    return one.line == path || one.line.starts_with(std::string(path) + " ");
  });
  return found;
}

std::string in_lines(const std::vector<Example>& examples) {
  std::string text;
  for (const auto& one : examples) text += "  " + one.line + "\n      " + one.what + "\n";
  return text;
}

void show_examples_in_help(CLI::App& command) {
  for (auto* sub : command.get_subcommands([](CLI::App*) { return true; })) {
    sub->footer([sub] { return "Examples:\n" + in_lines(examples_of(path_of(*sub))); });
    show_examples_in_help(*sub);
  }
}

void add_cheat(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("cheat", "Examples of all commands, or those that speak of something");
  auto words = std::make_shared<std::vector<std::string>>();
  command->add_option("word", *words, "resend, pause, oldest ... (several: all of them)");
  command->callback([&session, words] { session.action = [&session, words] { return run(session, *words); }; });
}

}  // namespace waybill::cli

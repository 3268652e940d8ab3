#include <CLI/App.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "cli/command_tree.hpp"
#include "cli/examples.hpp"
#include "cli/session.hpp"

namespace waybill::cli {
namespace {

/// One page of section 1, as source for man(7).
struct ManualPage {
  std::string name;  ///< of the file, without its section: `waybill-failed`
  std::string text;
};

/// A text as man(7) prints it: hyphens that can be copied, and no line that is taken for a request.
std::string escaped(const std::string& text) {
  std::string out;
  bool line_starts = true;
  for (const char c : text) {
    if (line_starts && (c == '.' || c == '\'')) out += "\\&";
    line_starts = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string slanted(const std::string& text) { return "\\fI" + escaped(text) + "\\fR"; }

const CLI::App& root_of(const CLI::App& command) {
  return command.get_parent() == nullptr ? command : root_of(*command.get_parent());
}

std::string file_name(const CLI::App& command) {
  std::string name = path_of(command);
  std::ranges::replace(name, ' ', '-');
  return name;
}

bool takes_value(const CLI::Option& option) { return option.get_type_size() != 0; }

std::string option_entry(const CLI::Option& option) {
  std::string tag;
  for (const auto& name : option.get_snames()) tag += (tag.empty() ? "" : ", ") + bold("-" + name);
  for (const auto& name : option.get_lnames()) tag += (tag.empty() ? "" : ", ") + bold("--" + name);
  if (tag.empty())
    tag = slanted(option.get_name());
  else if (takes_value(option))
    tag += " " + slanted(option.get_type_name());
  return ".TP\n" + tag + "\n" + escaped(option.get_description()) + "\n";
}

std::string options_of(const CLI::App& command) {
  std::string text;
  for (const auto* option : command.get_options()) {
    if (option != command.get_help_ptr()) text += option_entry(*option);
  }
  return text;
}

std::string synopsis(const CLI::App& command) {
  std::string text = bold(path_of(command)) + " [" + slanted("options") + "]";
  for (const auto* option : command.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    const std::string word = slanted(option->get_name()) + (option->get_items_expected_max() > 1 ? " ..." : "");
    text += option->get_required() ? " " + word : " [" + word + "]";
  }
  return text;
}

/// The command and all below it, each with its own synopsis.
std::string synopses(const CLI::App& command) {
  const auto below = commands_of(command);
  std::string text = command.get_require_subcommand_min() == 0 ? synopsis(command) + "\n.br\n" : "";
  for (const auto* sub : below) text += synopses(*sub);
  return text;
}

std::string section(const std::string& title, const std::string& text) {
  return text.empty() ? "" : ".SH " + title + "\n" + text;
}

std::string subcommands(const CLI::App& command) {
  std::string text;
  for (const auto* sub : commands_of(command)) {
    text += ".SS " + escaped(path_of(*sub)) + "\n" + escaped(sub->get_description()) + "\n" + options_of(*sub);
    text += subcommands(*sub);
  }
  return text;
}

std::string command_list(const CLI::App& command_line) {
  std::string text;
  for (const auto* sub : commands_of(command_line)) {
    text += ".TP\n" + bold(sub->get_name()) + "\n" + escaped(sub->get_description()) + "\n";
  }
  return text;
}

std::string exit_status() {
  return ".TP\n.B 0\ndone\n.TP\n.B 1\nfailed\n.TP\n.B 2\nwrong usage or configuration\n"
         ".TP\n.B 3\na store or broker can't be reached\n.TP\n.B 4\nnothing matched\n";
}

std::string examples(const CLI::App& command) {
  std::string text;
  for (const auto& one : examples_of(path_of(command))) {
    text += ".TP\n" + bold(one.line) + "\n" + escaped(one.what) + "\n";
  }
  return text;
}

std::string heading(const CLI::App& command) {
  return ".TH " + escaped(file_name(command)) + " 1 \"\" \"" + root_of(command).version() + "\" \"Waybill\"\n" +
         section("NAME", escaped(file_name(command)) + " \\- " + escaped(command.get_description()) + "\n");
}

ManualPage page_of(const CLI::App& command) {
  return {file_name(command), heading(command) + section("SYNOPSIS", synopses(command)) +
                                  section("OPTIONS", options_of(command)) + section("COMMANDS", subcommands(command)) +
                                  section("EXAMPLES", examples(command)) + section("EXIT STATUS", exit_status()) +
                                  section("SEE ALSO", ".BR waybill (1)\n")};
}

std::string names_of_pages(const CLI::App& command_line) {
  std::string text;
  for (const auto* sub : commands_of(command_line)) {
    text += (text.empty() ? ".BR " : ",\n.BR ") + escaped(file_name(*sub)) + " (1)";
  }
  return text + "\n";
}

ManualPage overview(const CLI::App& command_line) {
  return {command_line.get_name(),
          heading(command_line) +
              section("SYNOPSIS", bold("waybill") + " [" + slanted("options") + "] " + slanted("command") + " ...\n") +
              section("OPTIONS", options_of(command_line)) + section("COMMANDS", command_list(command_line)) +
              section("EXIT STATUS", exit_status()) +
              section("ENVIRONMENT",
                      ".TP\n.B WAYBILL_CONFIG\nthe configuration, when \\fB\\-\\-config\\fR is not given\n"
                      ".TP\n.BR NO_COLOR \", \" TERM=dumb\nno colours\n") +
              section("FILES",
                      ".TP\n.I /etc/waybill/waybill.toml\nthe configuration of the service waybill\\-relay\n"
                      ".TP\n.I /etc/waybill/secrets.env\nits secrets, as NAME=value\n") +
              section("SEE ALSO", names_of_pages(command_line))};
}

/// waybill(1), and one page for each command, made from what the command line itself knows: they can't fall behind it.
std::vector<ManualPage> manual_pages(const CLI::App& command_line) {
  std::vector<ManualPage> pages{overview(command_line)};
  for (const auto* command : commands_of(command_line)) pages.push_back(page_of(*command));
  return pages;
}

Status write_page(const std::filesystem::path& folder, const ManualPage& page) {
  const auto path = folder / (page.name + ".1");
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << page.text;
  file.close();
  if (file) return {};
  return Error(ErrorCode::invalid_argument, "can't write '" + path.string() + "': " + std::strerror(errno));
}

int run(const CLI::App& command_line, const Session& session, const std::string& folder) {
  admin::Json written = admin::Json::array();
  for (const auto& page : manual_pages(command_line)) {
    if (auto done = write_page(folder, page); !done) return fail(done.error());
    written.push_back(page.name + ".1");
  }
  if (session.json) {
    session.print(admin::Json{{"folder", folder}, {"pages", written}});
  } else {
    session.print("wrote " + std::to_string(written.size()) + " pages to " + folder + "\n");
  }
  return done;
}

}  // namespace

void add_manual(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("manual", "Write the manual pages of all commands into a folder");
  auto folder = std::make_shared<std::string>();
  command->add_option("folder", *folder, "An existing folder, for example /usr/local/share/man/man1")->required();
  command->callback(
      [&app, &session, folder] { session.action = [&app, &session, folder] { return run(app, session, *folder); }; });
}

}  // namespace waybill::cli

#include <CLI/App.hpp>
#include <memory>
#include <vector>

#include "cli/session.hpp"

namespace waybill::cli {
namespace {

/// What may follow one command: the names of its subcommands and options, and what the configuration names.
struct Words {
  std::string path;  ///< `waybill failed list`
  std::string words;
  bool routes = false;
};

std::string option_words(const CLI::App& command) {
  std::string words;
  for (const auto* option : command.get_options([](const CLI::Option* o) { return o->nonpositional(); })) {
    for (const auto& name : option->get_lnames()) words += " --" + name;
    for (const auto& name : option->get_snames()) words += " -" + name;
  }
  return words;
}

void collect(const CLI::App& command, const std::string& path, const std::string& inherited, std::vector<Words>& all) {
  std::string words = option_words(command) + inherited;
  for (const auto* sub : command.get_subcommands([](const CLI::App*) { return true; })) words += " " + sub->get_name();
  const bool takes_route = command.get_option_no_throw("route") != nullptr;
  all.push_back({path, words.substr(words.find_first_not_of(' ')), takes_route});
  for (const auto* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    collect(*sub, path + " " + sub->get_name(), " --config --json", all);
  }
}

/// A shell `case` from the command typed so far to the words that may follow. They are called `offered`: `words` is
/// what zsh calls the line it completes.
std::string cases(const std::vector<Words>& all) {
  std::string text;
  for (const auto& one : all)
    text += "    '" + one.path + "') offered='" + one.words + "'" + (one.routes ? "; values=routes" : "") + " ;;\n";
  return text;
}

// What the configuration names is never expanded by the shell: each value is quoted, then compared with what was typed.
std::string bash_script(const std::vector<Words>& all) {
  return "# bash completion of waybill: source <(waybill completion bash)\n"
         "_waybill() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} command=waybill\n"
         "  local offered='' values='' config=() word before=''\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case $before in -c|--config) config=(-c \"${word/#\\~/$HOME}\") ;; esac\n"
         "    case $word in -*) ;; *) if _waybill_is_command \"$command $word\"; then command+=\" $word\"; fi ;; esac\n"
         "    before=$word\n"
         "  done\n"
         "  _waybill_words \"$command\"\n"
         "  case $last in\n"
         "    -c|--config|--batch|--payload-file|--ids) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
         "    --store) offered='' values=stores ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$offered\" -- \"$current\"))\n"
         "  [ -n \"$values\" ] || return 0\n"
         "  while IFS= read -r word; do\n"
         "    printf -v word %q \"$word\"\n"
         "    if [[ $word == \"$current\"* ]]; then COMPREPLY+=(\"$word\"); fi\n"
         "  done < <(waybill completion --values \"$values\" \"${config[@]}\" 2>/dev/null)\n"
         "}\n"
         "_waybill_is_command() { offered='' values=''; _waybill_words \"$1\"; [ -n \"$offered\" ]; }\n"
         "_waybill_words() {\n  values=''\n  case $1 in\n" +
         cases(all) + "    *) offered='' ;;\n  esac\n}\ncomplete -F _waybill waybill\n";
}

std::string zsh_script(const std::vector<Words>& all) {
  return "#compdef waybill\n"
         "# zsh completion of waybill: source <(waybill completion zsh), or a file _waybill in $fpath\n"
         "_waybill_words() {\n  values=''\n  case $1 in\n" +
         cases(all) +
         "    *) offered='' ;;\n  esac\n}\n"
         "_waybill() {\n"
         "  local offered='' values='' command=waybill word before=''\n"
         "  local -a config typed=(\"${(@)words[2,CURRENT-1]}\")\n"
         "  for word in $typed; do\n"
         "    case $before in -c|--config) config=(-c \"${(Q)word/#\\~/$HOME}\") ;; esac\n"
         "    _waybill_words \"$command $word\"\n"
         "    if [[ $word != -* && -n $offered ]]; then command+=\" $word\"; fi\n"
         "    before=$word\n"
         "  done\n"
         "  _waybill_words \"$command\"\n"
         "  case ${typed[-1]} in\n"
         "    -c|--config|--batch|--payload-file|--ids) _files; return ;;\n"
         "    --store) offered='' values=stores ;;\n"
         "  esac\n"
         "  compadd -- ${=offered}\n"
         "  if [[ -n $values ]]; then compadd -- ${(f)\"$(waybill completion --values $values $config 2>/dev/null)\"}; "
         "fi\n"
         "}\n"
         "# A file in $fpath is itself the function, the first time it is called.\n"
         "if [[ ${funcstack[1]} == _waybill ]]; then _waybill; else compdef _waybill waybill; fi\n";
}

/// What the configuration names, one a line; nothing when it can't be read, since nobody reads an error at a prompt.
int print_values(const Session& session, const std::string& kind) {
  const auto config = session.load();
  if (!config) return done;
  if (kind == "stores") {
    for (const auto& store : config->stores) session.print(store.name + "\n");
  } else {
    for (const auto& route : config->routes) session.print(route.topic + "\n");
  }
  return done;
}

struct Options {
  std::string shell, values;
};

int run(const CLI::App& app, const Session& session, const Options& options) {
  if (!options.values.empty()) return print_values(session, options.values);
  if (options.shell.empty())
    return fail({ErrorCode::invalid_argument, "name the shell: `waybill completion bash` or zsh"});
  std::vector<Words> all;
  collect(app, "waybill", "", all);
  session.print(options.shell == "bash" ? bash_script(all) : zsh_script(all));
  return done;
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("completion", "Print a completion script for bash or zsh");
  auto options = std::make_shared<Options>();
  auto* shell = command->add_option("shell", options->shell, "bash or zsh")->check(CLI::IsMember({"bash", "zsh"}));
  command->add_option("--values", options->values, "What the configuration names, for the scripts: stores or routes")
      ->check(CLI::IsMember({"stores", "routes"}))
      ->excludes(shell);
  command->callback([&app, &session, options] {
    session.action = [&app, &session, options] { return run(app, session, *options); };
  });
}

}  // namespace waybill::cli

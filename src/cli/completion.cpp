#include <CLI/App.hpp>
#include <memory>
#include <vector>

#include "cli/session.hpp"

namespace waybill::cli {
namespace {

/// What may follow one command: the names of its subcommands and options.
struct Words {
  std::string path;  ///< `waybill failed list`
  std::string words;
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
  all.push_back({path, words.substr(words.find_first_not_of(' '))});
  for (const auto* sub : command.get_subcommands([](const CLI::App*) { return true; })) {
    collect(*sub, path + " " + sub->get_name(), " --config --json", all);
  }
}

/// A shell `case` from the command typed so far to the words that may follow.
std::string cases(const std::vector<Words>& all) {
  std::string text;
  for (const auto& one : all) text += "    '" + one.path + "') words='" + one.words + "' ;;\n";
  return text;
}

std::string bash_script(const std::vector<Words>& all) {
  return "# bash completion of waybill: source <(waybill completion bash)\n"
         "_waybill() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} command=waybill words='' word\n"
         "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    case $word in -*) ;; *) if _waybill_is_command \"$command $word\"; then command+=\" $word\"; fi ;; esac\n"
         "  done\n"
         "  _waybill_words \"$command\"\n"
         "  case ${COMP_WORDS[COMP_CWORD-1]} in\n"
         "    -c|--config|--batch|--payload-file|--ids) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "}\n"
         "_waybill_is_command() { words=''; _waybill_words \"$1\"; [ -n \"$words\" ]; }\n"
         "_waybill_words() {\n  case $1 in\n" +
         cases(all) + "    *) words='' ;;\n  esac\n}\ncomplete -F _waybill waybill\n";
}

std::string zsh_script(const std::vector<Words>& all) {
  return "#compdef waybill\n"
         "# zsh completion of waybill: source <(waybill completion zsh), or a file _waybill in $fpath\n"
         "_waybill_words() {\n  case $1 in\n" +
         cases(all) +
         "    *) words='' ;;\n  esac\n}\n"
         "_waybill() {\n"
         "  local words='' command=waybill word\n"
         "  local -a typed=(\"${(@)${(z)BUFFER}[2,CURRENT-1]}\")\n"
         "  for word in $typed; do\n"
         "    _waybill_words \"$command $word\"\n"
         "    if [[ $word != -* && -n $words ]]; then command+=\" $word\"; fi\n"
         "  done\n"
         "  case ${typed[-1]} in\n"
         "    -c|--config|--batch|--payload-file|--ids) _files; return ;;\n"
         "  esac\n"
         "  _waybill_words \"$command\"\n"
         "  compadd -- ${=words}\n"
         "}\n"
         "compdef _waybill waybill\n";
}

}  // namespace

void add_completion(CLI::App& app, Session& session) {
  auto* command = app.add_subcommand("completion", "Print a completion script for bash or zsh");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash or zsh")->required()->check(CLI::IsMember({"bash", "zsh"}));
  command->callback([&app, &session, shell] {
    session.action = [&app, &session, shell] {
      std::vector<Words> all;
      collect(app, "waybill", "", all);
      session.print(*shell == "bash" ? bash_script(all) : zsh_script(all));
      return static_cast<int>(done);
    };
  });
}

}  // namespace waybill::cli

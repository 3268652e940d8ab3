#include "cli/completion_scripts.hpp"

namespace waybill::cli {
namespace {

/// A shell `case` from the command typed so far to the words that may follow. They are called `offered`: `words` is
/// what zsh calls the line it completes.
std::string cases(const std::vector<CommandWords>& all) {
  std::string text;
  for (const auto& one : all)
    text += "    '" + one.path + "') offered='" + one.words + "'" + (one.routes ? "; values=routes" : "") + " ;;\n";
  return text;
}

}  // namespace

// What the configuration names is never expanded by the shell: each value is quoted, then compared with what was typed.
std::string bash_script(const std::vector<CommandWords>& all) {
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

std::string zsh_script(const std::vector<CommandWords>& all) {
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

std::string fish_script(const std::vector<CommandWords>& all) {
  std::string cases;
  for (const auto& one : all) {
    cases += "        case '" + one.path + "'\n            string split ' ' -- '" + one.words + "'\n";
    if (one.routes) cases += "            set -g __waybill_values routes\n";
  }
  return "# fish completion of waybill: waybill completion fish | source, or ~/.config/fish/completions/waybill.fish\n"
         "function __waybill_words\n"
         "    set -g __waybill_values\n"
         "    switch \"$argv\"\n" +
         cases +
         "    end\n"
         "end\n"
         "function __waybill_complete\n"
         "    set -l typed (commandline -opc)\n"
         "    set -e typed[1]\n"
         "    set -l command waybill\n"
         "    set -l before ''\n"
         "    set -l config\n"
         "    for word in $typed\n"
         "        switch $before\n"
         "            case -c --config\n"
         "                set config -c (string replace -r '^~' $HOME -- $word)\n"
         "        end\n"
         "        set before $word\n"
         "        string match -q -- '-*' $word; and continue\n"
         "        test -n \"$(__waybill_words $command $word)\"; and set command $command $word\n"
         "    end\n"
         "    switch $before\n"
         "        case -c --config --batch --payload-file --ids\n"
         "            __fish_complete_path (commandline -ct)\n"
         "            return\n"
         "        case --store\n"
         "            waybill completion --values stores $config 2>/dev/null\n"
         "            return\n"
         "    end\n"
         "    __waybill_words $command\n"
         "    test -n \"$__waybill_values\"; and waybill completion --values $__waybill_values $config 2>/dev/null\n"
         "end\n"
         "complete -c waybill -f -a '(__waybill_complete)'\n";
}

}  // namespace waybill::cli

// SPDX-License-Identifier: Apache-2.0
//
// Completion for shells, from the same tables that the command line is read by.
#include <string>

#include "base/text.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/table.h"

namespace tare::runtime {

namespace {

std::string option_words(std::span<const Option> table) {
  std::string words;
  for (const Option& option : table) {
    if (option.hidden) continue;
    words += std::string("--") + option.name + " ";
    if (option.letter != 0) words += std::string("-") + option.letter + " ";
  }
  return words + "--help -h";
}

std::string command_names() {
  std::string names;
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    names += (names.empty() ? "" : " ") + std::string(command.name);
  }
  return names;
}

bool takes_id(const Command& command) {
  return std::string_view(command.arguments).starts_with("ID");
}

// The command is the first word that is one; before it stand the global options.
std::string bash_script() {
  std::string text =
      "_tare() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} command= options= ids= i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case ${COMP_WORDS[i]} in\n";
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    text += std::string("      ") + command.name + ") command=" + command.name + " options='" +
            option_words(command.options) + "'" + (takes_id(command) ? " ids=1" : "") +
            "; break ;;\n";
  }
  return text +
         "    esac\n"
         "  done\n"
         "  if [ -z \"$command\" ]; then\n"
         "    COMPREPLY=($(compgen -W '" +
         command_names() + " " + option_words(global_options()) +
         "' -- \"$word\"))\n"
         "  elif [[ $word == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
         "  elif [ -n \"$ids\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" list --quiet 2>/dev/null)\" -- "
         "\"$word\"))\n"
         "  fi\n"
         "}\n"
         "complete -o default -F _tare tare\n";
}

std::string zsh_script() {
  return "#compdef tare\nautoload -U +X bashcompinit && bashcompinit\n" + bash_script();
}

std::string in_quotes(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("\\'") : std::string(1, c);
  return quoted + "'";
}

std::string fish_options(std::span<const Option> table, const std::string& condition) {
  std::string text;
  for (const Option& option : table) {
    if (option.hidden) continue;
    text += "complete -c tare -n '" + condition + "' -l " + option.name;
    if (option.letter != 0) text += std::string(" -s ") + option.letter;
    if (option.takes != Option::Takes::flag) text += " -r";
    text += " -d " + in_quotes(option.help) + "\n";
  }
  return text;
}

std::string fish_script() {
  std::string text = fish_options(global_options(), "__fish_use_subcommand");
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    const std::string seen = std::string("__fish_seen_subcommand_from ") + command.name;
    text += std::string("complete -c tare -f -n __fish_use_subcommand -a ") + command.name +
            " -d " + in_quotes(command.summary) + "\n" + fish_options(command.options, seen);
    if (takes_id(command)) {
      text += "complete -c tare -f -n '" + seen + "' -a '(tare list --quiet 2>/dev/null)'\n";
    }
  }
  return text;
}

}  // namespace

Result<int> completion_command(const CommandContext& context) {
  const std::string& shell = context.id();
  std::string script;
  if (shell == "bash") {
    script = bash_script();
  } else if (shell == "zsh") {
    script = zsh_script();
  } else if (shell == "fish") {
    script = fish_script();
  } else {
    return Error(Error::Kind::usage, "no completion for " + quote(shell) + ": bash, zsh or fish");
  }
  TRY(print_out(script));
  return 0;
}

}  // namespace tare::runtime

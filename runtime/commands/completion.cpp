// SPDX-License-Identifier: Apache-2.0
//
// Shell completion, generated from the tables that the command line parser uses.
#include <string>

#include "base/text.h"
#include "runtime/command_line/table.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"

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
  for (const Command* command : commands()) {
    if (command->hidden) continue;
    const std::string_view first = split(command->name, ' ').front();
    if (names.ends_with(first)) continue;  // a command of a group; groups are listed together
    names += (names.empty() ? "" : " ") + std::string(first);
  }
  return names;
}

bool takes_id(const Command& command) {
  return std::string_view(command.arguments).starts_with("ID");
}

// Matches "mounts add" if the previous word is "mounts".
std::string bash_case(const Command& command) {
  const std::string name = command.name;
  const std::size_t space = name.find(' ');
  const std::string pattern = space == std::string::npos
                                  ? "*:" + name
                                  : name.substr(0, space) + ":" + name.substr(space + 1);
  return "      " + pattern + ") command='" + name + "' options='" + option_words(command.options) +
         "'" + (takes_id(command) ? " ids=1" : "") + "; break ;;\n";
}

// The second words that follow a first word: "add remove" after "mounts".
std::string bash_groups() {
  std::string text;
  std::string_view before;
  for (const Command* command : commands()) {
    const std::string_view group = split(command->name, ' ').front();
    if (find_group(group).empty() || group == before) continue;
    before = group;
    text += "      *:" + std::string(group) + ") group='";
    for (const Command* one : commands()) {
      if (is_in_group(*one, group)) text += std::string(one->name).substr(group.size() + 1) + " ";
    }
    text += "' ;;\n";
  }
  return text;
}

// The first word that names a command is the command. Global options come before it.
std::string bash_script() {
  std::string text =
      "_tare() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} command= options= ids= group= before= i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case $before:${COMP_WORDS[i]} in\n";
  for (const Command* command : commands()) {
    if (!command->hidden) text += bash_case(*command);
  }
  text += bash_groups();
  return text +
         "    esac\n"
         "    before=${COMP_WORDS[i]}\n"
         "  done\n"
         "  if [ -z \"$command\" ] && [ -n \"$group\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$group\" -- \"$word\"))\n"
         "  elif [ -z \"$command\" ]; then\n"
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

// Where a command's words can be completed, after the command was typed. For a command of two
// words, the second one decides.
std::string fish_command(const Command& command) {
  const auto words = split(command.name, ' ');
  const std::string seen = "__fish_seen_subcommand_from " + std::string(words.back());
  std::string text;
  if (words.size() == 1) {
    text = std::string("complete -c tare -f -n __fish_use_subcommand -a ") + command.name + " -d " +
           in_quotes(command.summary) + "\n";
  } else {
    const std::string group(words.front());
    text = "complete -c tare -f -n __fish_use_subcommand -a " + group + "\n" +
           "complete -c tare -f -n '__fish_seen_subcommand_from " + group + "' -a " +
           std::string(words.back()) + " -d " + in_quotes(command.summary) + "\n";
  }
  text += fish_options(command.options, seen);
  if (takes_id(command)) {
    text += "complete -c tare -f -n '" + seen + "' -a '(tare list --quiet 2>/dev/null)'\n";
  }
  return text;
}

std::string fish_script() {
  std::string text = fish_options(global_options(), "__fish_use_subcommand");
  for (const Command* command : commands()) {
    if (!command->hidden) text += fish_command(*command);
  }
  return text;
}

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

constexpr Example examples[] = {
    {"Complete the commands and options of tare in bash:",
     "tare completion bash > tare.bash  # in /usr/share/bash-completion/completions/tare"},
};

}  // namespace

const Command completion_row = {
    .name = "completion",
    .arguments = "bash|zsh|fish",
    .summary = "print a shell completion script",
    .description =
        "Prints a script that completes commands, options and container IDs. For the current bash "
        "run `source <(tare completion bash)`.",
    .options = {},
    .least = 1,
    .most = 1,
    .run = completion_command,
    .uses_store = false,
    .examples = examples,
};

}  // namespace tare::runtime

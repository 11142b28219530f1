// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/commands/help.h"

#include "base/text.h"
#include "base/wrap.h"
#include "runtime/command_line/table.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"

namespace tare::runtime {

namespace {

constexpr std::size_t help_column = 26;
constexpr std::size_t command_column = 20;

std::string option_line(const Option& option) {
  std::string left = "  ";
  left += option.letter != 0 ? std::string("-") + option.letter + ", --" : "    --";
  left += option.name;
  if (option.value != nullptr) left += std::string(" ") + option.value;
  return two_columns(std::move(left), meaning(option), help_column);
}

std::string option_lines(std::span<const Option> table) {
  std::string text;
  for (const Option& option : table) {
    if (!option.hidden) text += option_line(option);
  }
  return text + option_line(help_option());
}

std::string environment_lines(const Command& command) {
  std::string text;
  for (const Term& variable : command.variables) {
    text += two_columns("  " + std::string(variable.name), variable.help, help_column);
  }
  return text.empty() ? "" : "\nenvironment:\n" + text;
}

std::string command_line(const Command& command) {
  return two_columns("  " + std::string(command.name), command.summary, command_column);
}

std::string_view first_word(const Command& command) {
  const std::string_view name = command.name;
  return name.substr(0, name.find(' '));
}

// "  ns    list, show, ...": one line for a group, whose commands have their own help.
std::string group_line(std::string_view group) {
  std::string names;
  for (const Command* command : commands()) {
    if (!is_in_group(*command, group)) continue;
    if (!names.empty()) names += ", ";
    names += std::string_view(command->name).substr(group.size() + 1);
  }
  return two_columns("  " + std::string(group), names, command_column);
}

std::string command_lines() {
  std::string text;
  std::string_view group;
  for (const Command* command : commands()) {
    const std::string_view word = first_word(*command);
    if (command->hidden || word == group) continue;
    group = find_group(word);
    text += group.empty() ? command_line(*command) : group_line(group);
  }
  return text;
}

// `help mounts` prints the help of a group. The first word is enough.
Result<int> help_command(const CommandContext& context) {
  const std::vector<std::string>& words = context.invocation.arguments;
  if (words.empty()) {
    TRY(print_out(help_text()));
  } else if (words.size() == 1 && !find_group(words[0]).empty()) {
    TRY(print_out(help_text(std::string_view(words[0]))));
  } else {
    const Command* command = TRY(choose_command(words));
    TRY(print_out(help_text(*command)));
  }
  return 0;
}

constexpr Example examples[] = {
    {"Print the usage of exec:", "tare help exec"},
};

}  // namespace

const Command help_row = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "print the usage of tare or of a command",
    .description =
        "Prints the usage, as `tare --help` and `tare COMMAND --help` do. The manual page of a "
        "command, for example `man tare-exec`, says more.",
    .options = {},
    .least = 0,
    .most = 2,
    .run = help_command,
    .uses_store = false,
    .examples = examples,
};

std::string meaning(const Option& option) {
  std::string text = option.help;
  if (option.fallback != nullptr) text += std::string(" (default: ") + option.fallback + ")";
  if (option.repeatable) text += " (may be repeated)";
  return text;
}

std::string help_text() {
  std::string text =
      "usage: tare [OPTIONS] COMMAND [...]\n\n"
      "tare creates and runs containers from OCI bundles.\n\ncommands:\n";
  text += command_lines();
  return text + "\noptions, before the command:\n" + option_lines(global_options()) +
         "\n'tare help COMMAND' prints the options of a command.\n";
}

std::string help_text(const Command& command) {
  std::string text = "usage: tare [OPTIONS] " + std::string(command.name);
  if (!command.options.empty()) text += " [OPTIONS]";
  if (*command.arguments != '\0') text += std::string(" ") + command.arguments;
  return text + "\n\n" + std::string(command.summary) + "\n\noptions:\n" +
         option_lines(command.options) + environment_lines(command);
}

std::string help_text(std::string_view group) {
  std::string text =
      "usage: tare [OPTIONS] " + std::string(group) + " COMMAND [...]\n\ncommands:\n";
  for (const Command* command : commands()) {
    if (is_in_group(*command, group)) text += command_line(*command);
  }
  return text;
}

}  // namespace tare::runtime

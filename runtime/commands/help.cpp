// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/commands/options.h"
#include "runtime/commands/table.h"
#include "runtime/wrap.h"

namespace tare::runtime {

namespace {

constexpr std::size_t help_column = 26;

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
  for (const Variable& variable : variables_of(command)) {
    text += two_columns("  " + std::string(variable.name), variable.help, help_column);
  }
  return text.empty() ? "" : "\nenvironment:\n" + text;
}

}  // namespace

std::string meaning(const Option& option) {
  std::string text = option.help;
  if (option.fallback != nullptr) text += std::string(" (default: ") + option.fallback + ")";
  if (option.repeatable) text += " (may be repeated)";
  return text;
}

std::string help_text() {
  std::string text =
      "usage: tare [OPTIONS] COMMAND [...]\n\n"
      "tare runs containers from OCI bundles.\n\ncommands:\n";
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    text += two_columns("  " + std::string(command.name), command.summary, 14);
  }
  return text + "\noptions, before the command:\n" + option_lines(global_options()) +
         "\ntare COMMAND --help shows the options of a command.\n";
}

std::string help_text(const Command& command) {
  std::string text = "usage: tare [OPTIONS] " + std::string(command.name);
  if (!command.options.empty()) text += " [OPTIONS]";
  if (*command.arguments != '\0') text += std::string(" ") + command.arguments;
  return text + "\n\n" + command.summary + "\n\noptions:\n" + option_lines(command.options) +
         environment_lines(command);
}

}  // namespace tare::runtime

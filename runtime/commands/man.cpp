// SPDX-License-Identifier: Apache-2.0
//
// Manual pages, man-pages(7) and man(7), from the tables that the command line is read by.
#include <string>

#include "base/text.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/table.h"
#include "runtime/version.h"

namespace tare::runtime {

namespace {

// What roff would take for its own: a backslash, a dash that could become a hyphen, and a dot or an
// apostrophe at the start of a line.
std::string roff(std::string_view text) {
  std::string plain;
  if (text.starts_with('.') || text.starts_with('\'')) plain = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      plain += "\\e";
    } else if (c == '-') {
      plain += "\\-";
    } else {
      plain += c;
    }
  }
  return plain;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string header(const std::string& name, std::string_view summary) {
  return ".TH " + roff(name) + " 1 \"\" \"tare " + version + "\"\n.SH NAME\n" + roff(name) +
         " \\- " + roff(summary) + "\n";
}

std::string option_entry(const Option& option) {
  std::string text = ".TP\n";
  if (option.letter != 0) text += bold(std::string("-") + option.letter) + ", ";
  text += bold(std::string("--") + option.name);
  if (option.value != nullptr) text += " \\fI" + roff(option.value) + "\\fR";
  return text + "\n" + roff(meaning(option)) + "\n";
}

std::string option_entries(std::span<const Option> table) {
  std::string text = ".SH OPTIONS\n";
  for (const Option& option : table) {
    if (!option.hidden) text += option_entry(option);
  }
  return text + option_entry(help_option());
}

std::string synopsis(const Command& command) {
  std::string text = ".SH SYNOPSIS\n" + bold("tare") + " [\\fIOPTIONS\\fR] " + bold(command.name);
  if (!command.options.empty()) text += " [\\fIOPTIONS\\fR]";
  if (*command.arguments != '\0') text += " \\fI" + roff(command.arguments) + "\\fR";
  return text + "\n";
}

std::string environment_entries(const Command& command) {
  std::string text;
  for (const Variable& variable : variables_of(command)) {
    text += ".TP\n" + bold(variable.name) + "\n" + roff(variable.help) + "\n";
  }
  return text.empty() ? "" : ".SH ENVIRONMENT\n" + text;
}

std::string page_name(const Command& command) {
  return std::string("tare-") + command.name;
}

std::string page() {
  std::string text = header("tare", "run containers from OCI bundles") + ".SH SYNOPSIS\n" +
                     bold("tare") + " [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [...]\n.SH COMMANDS\n";
  for (const Command& command : commands()) {
    if (command.hidden) continue;
    text += ".TP\n" + bold(page_name(command)) + "(1)\n" + roff(command.summary) + "\n";
  }
  return text + option_entries(global_options()) +
         ".SH EXIT STATUS\n0 if it is done, 1 after any error; \\fBrun\\fR and \\fBexec\\fR: that "
         "of the program, or 128\nand the number of the signal that ended it.\n";
}

std::string page(const Command& command) {
  const std::string failure = std::to_string(command.failure);
  return header(page_name(command), command.summary) + synopsis(command) + ".SH DESCRIPTION\n" +
         roff(command.summary) + ".\n" + option_entries(command.options) +
         environment_entries(command) + ".SH EXIT STATUS\n" + failure +
         " after any error.\n.SH SEE ALSO\n" + bold("tare") + "(1)\n";
}

}  // namespace

Result<int> man_command(const CommandContext& context) {
  if (context.ids().empty()) {
    TRY(print_out(page()));
    return 0;
  }
  const Command* command = find_command(context.id());
  if (command == nullptr || command->hidden) {
    return Error(Error::Kind::usage, "no manual page for " + quote(context.id()));
  }
  TRY(print_out(page(*command)));
  return 0;
}

}  // namespace tare::runtime

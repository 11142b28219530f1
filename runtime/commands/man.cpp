// SPDX-License-Identifier: Apache-2.0
//
// Manual pages (man-pages(7), man(7)), generated from the tables that the command line parser uses.
#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "runtime/command_line/table.h"
#include "runtime/command_line/version.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/help.h"
#include "runtime/commands/rows.h"

namespace tare::runtime {

namespace {

// Escapes what roff would interpret: a backslash, a dash that could become a hyphen, and a dot or
// an apostrophe at the start of a line.
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

std::string italic(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

// Prints `...` in the text in bold.
std::string marked(std::string_view text) {
  std::string shown;
  bool is_bold = false;
  for (const std::string_view part : split(text, '`')) {
    if (!part.empty()) shown += is_bold ? bold(part) : roff(part);
    is_bold = !is_bold;
  }
  return shown;
}

// An empty line separates paragraphs.
std::string paragraphs(std::string_view text) {
  std::string shown;
  for (const std::string_view line : split(text, '\n')) {
    shown += line.empty() ? ".PP\n" : marked(line) + "\n";
  }
  return shown;
}

std::string header(const std::string& name, std::string_view summary) {
  return ".TH " + roff(name) + " 1 \"\" \"tare " + version + "\"\n.SH NAME\n" + roff(name) +
         " \\- " + roff(summary) + "\n";
}

std::string entry(const std::string& name, std::string_view help) {
  return ".TP\n" + name + "\n" + marked(help) + "\n";
}

std::string entries(const char* title, std::span<const Term> table) {
  if (table.empty()) return "";
  std::string text = std::string(".SH ") + title + "\n";
  for (const Term& row : table) text += entry(bold(row.name), row.help);
  return text;
}

std::string option_entry(const Option& option) {
  std::string name;
  if (option.letter != 0) name += bold(std::string("-") + option.letter) + ", ";
  name += bold(std::string("--") + option.name);
  if (option.value != nullptr) name += " " + italic(option.value);
  return entry(name, meaning(option));
}

std::string option_entries(std::span<const Option> table) {
  std::string text = ".SH OPTIONS\n";
  for (const Option& option : table) {
    if (!option.hidden) text += option_entry(option);
  }
  return text + option_entry(help_option());
}

// Lines to type, without changes.
std::string verbatim(std::string_view lines) {
  std::string text = ".PP\n.RS 4\n.nf\n";
  for (const std::string_view line : split(lines, '\n')) text += roff(line) + "\n";
  return text + ".fi\n.RE\n";
}

std::string example_entries(std::span<const Example> table) {
  if (table.empty()) return "";
  std::string text = ".SH EXAMPLES\n";
  for (const Example& example : table) {
    if (&example != table.data()) text += ".PP\n";
    text += roff(example.help) + "\n" + verbatim(example.command);
  }
  return text;
}

// A list like "tare-start(1) kill(1)". It ends with tare(1), except on tare's own page.
std::string references(std::string_view pages) {
  std::string text = ".SH SEE ALSO\n";
  bool is_first = true;
  for (const std::string_view page : split(pages, ' ')) {
    const std::size_t section = page.find('(');
    if (section == std::string_view::npos) continue;
    if (!is_first) text += ",\n";
    is_first = false;
    text += bold(page.substr(0, section)) + std::string(page.substr(section));
  }
  return text + "\n";
}

// ---- shared by all commands ---------------------------------------------------------------------

constexpr Term usual_statuses[] = {{"0", "Success."}, {"1", "Failure: an error was printed."}};
constexpr Term failure_status = {"1", "tare failed: an error was printed."};
constexpr Term runtime_directory = {
    "XDG_RUNTIME_DIR",
    "parent of the state directory of an unprivileged user; login sessions set it"};
constexpr Term state_files[] = {
    {"/run/tare/ID/", "state of the container ID, for root; `--root` names another directory"},
    {"$XDG_RUNTIME_DIR/tare/ID/", "the same for an unprivileged user"},
};

std::vector<Term> statuses_of(const Command& command) {
  if (command.statuses.empty()) return {std::begin(usual_statuses), std::end(usual_statuses)};
  std::vector<Term> statuses(command.statuses.begin(), command.statuses.end());
  const bool names_failure = std::ranges::any_of(
      statuses, [](const Term& row) { return std::string_view(row.name) == failure_status.name; });
  if (!names_failure) statuses.push_back(failure_status);
  return statuses;
}

std::vector<Term> variables_of(const Command& command) {
  std::vector<Term> variables(command.variables.begin(), command.variables.end());
  if (command.uses_store) variables.push_back(runtime_directory);
  return variables;
}

std::vector<Term> files_of(const Command& command) {
  std::vector<Term> files(command.files.begin(), command.files.end());
  if (command.uses_store) {
    files.insert(files.end(), std::begin(state_files), std::end(state_files));
  }
  return files;
}

// "tare-mounts-add".
std::string page_name(const Command& command) {
  std::string name = std::string("tare-") + command.name;
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string synopsis(const Command& command) {
  std::string text = ".SH SYNOPSIS\n" + bold("tare") + " [\\fIOPTIONS\\fR] " + bold(command.name);
  if (!command.options.empty()) text += " [\\fIOPTIONS\\fR]";
  if (*command.arguments != '\0') text += " " + italic(command.arguments);
  return text + "\n";
}

std::string page(const Command& command) {
  return header(page_name(command), command.summary) + synopsis(command) + ".SH DESCRIPTION\n" +
         paragraphs(command.description) + option_entries(command.options) +
         entries("EXIT STATUS", statuses_of(command)) +
         entries("ENVIRONMENT", variables_of(command)) + entries("FILES", files_of(command)) +
         example_entries(command.examples) + references(std::string(command.see_also) + " tare(1)");
}

// ---- tare(1) ------------------------------------------------------------------------------------

constexpr const char* description =
    "tare is a container runtime: it implements the OCI runtime specification. podman, containerd, "
    "CRI-O and Docker call such a runtime to turn a bundle (a directory with the file config.json "
    "and a root file system) into a running container. It takes the same command line as runc and "
    "crun, and can also be used directly.\n\n"
    "`tare spec` writes a config.json as a start. `tare run` creates a container and runs it. "
    "Engines do it in two steps: `tare create` sets everything up, and `tare start` runs the "
    "program.\n\n"
    "`tare check` finds problems of a bundle, `tare plan` shows the steps of create, and "
    "`tare info` prints what this host supports.";

constexpr Term statuses[] = {
    {"0", "Success."},
    {"1", "Failure: an error was printed on standard error."},
    {"N",
     "`run`, `restore`, `exec` and `wait`: the exit status of the process; 128 and the number "
     "of the signal if a signal ended it."},
    {"255", "`exec` and `wait`: failure of tare itself."},
};

constexpr Example page_examples[] = {
    {"Make a bundle with a shell in it, and run it:",
     "mkdir -p new/rootfs/bin\ncp /bin/busybox new/rootfs/bin/sh\ntare spec --bundle new\n"
     "tare run --bundle new first"},
    {"Use tare with podman:",
     "podman --runtime /usr/local/bin/tare run --rm docker.io/library/busybox true"},
};

std::string command_entries() {
  std::string text = ".SH COMMANDS\n";
  for (const Command* command : commands()) {
    if (command->hidden) continue;
    text += entry(bold(page_name(*command)) + "(1)", command->summary);
  }
  return text;
}

std::string page() {
  return header("tare", "run containers from OCI bundles") + ".SH SYNOPSIS\n" + bold("tare") +
         " [\\fIOPTIONS\\fR] \\fICOMMAND\\fR [...]\n.SH DESCRIPTION\n" + paragraphs(description) +
         command_entries() + option_entries(global_options()) + entries("EXIT STATUS", statuses) +
         entries("ENVIRONMENT", std::span(&runtime_directory, 1)) + entries("FILES", state_files) +
         example_entries(page_examples) +
         references("tare-run(1) tare-create(1) tare-spec(1) podman(1) namespaces(7) cgroups(7)");
}

Result<int> man_command(const CommandContext& context) {
  if (context.ids().empty()) {
    TRY(print_out(page()));
    return 0;
  }
  const Command* command = TRY(choose_command(context.ids()));
  if (command->hidden) {
    return Error(Error::Kind::usage, "no manual page for " + quote(command->name));
  }
  TRY(print_out(page(*command)));
  return 0;
}

}  // namespace

const Command man_row = {
    .name = "man",
    .arguments = "[COMMAND]",
    .summary = "print the manual page of tare or a command",
    .description = "Prints a manual page in the format of man(7).",
    .options = {},
    .least = 0,
    .most = 2,
    .run = man_command,
    .hidden = true,
    .uses_store = false,
};

}  // namespace tare::runtime

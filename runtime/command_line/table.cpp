// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/table.h"

namespace tare::runtime {

namespace {

using enum Option::Takes;

constexpr Option help = {.name = "help", .letter = 'h', .help = "print this help and exit"};

constexpr Option globals[] = {
    {.name = "root",
     .takes = text,
     .value = "DIR",
     .help = "directory for container state (default: /run/tare; for "
             "unprivileged users $XDG_RUNTIME_DIR/tare)"},
    {.name = "log",
     .takes = text,
     .value = "FILE",
     .help = "append messages to FILE; errors are printed, too"},
    {.name = "log-format",
     .takes = text,
     .value = "text|json",
     .help = "format of log messages",
     .fallback = "text"},
    {.name = "error-format",
     .takes = text,
     .value = "text|json",
     .help = "format of errors on standard error",
     .fallback = "text"},
    {.name = "log-level",
     .takes = text,
     .value = "error|warning|info|debug",
     .help = "minimum level to log (default: warning on a terminal and for run, start, kill, "
             "delete and gc; else error)"},
    {.name = "trace",
     .takes = text,
     .value = "FILE",
     .help = "write the time of each step to FILE, for trace"},
    {.name = "debug", .help = "same as --log-level=debug"},
    {.name = "cgroup-manager",
     .takes = text,
     .value = "cgroupfs|systemd|disabled",
     .help = "cgroup manager",
     .fallback = "cgroupfs"},
    {.name = "systemd-cgroup", .help = "same as --cgroup-manager=systemd"},
    {.name = "rootless",
     .takes = text,
     .value = "true|false|auto",
     .help = "ignore cgroup permission errors, for unprivileged users",
     .fallback = "auto"},
    {.name = "version", .letter = 'v', .help = "print the version and exit"},
    // Callers written for runc before 1.4 still pass it.
    {.name = "criu", .takes = text, .value = "FILE", .hidden = true},
};

}  // namespace

std::span<const Option> global_options() {
  return globals;
}

const Option& help_option() {
  return help;
}

const Command* find_command(std::string_view name) {
  for (const Command* command : commands()) {
    if (name == command->name) return command;
  }
  return nullptr;
}

bool is_in_group(const Command& command, std::string_view group) {
  const std::string_view name = command.name;
  return name.size() > group.size() && name.starts_with(group) && name[group.size()] == ' ';
}

std::string_view find_group(std::string_view word) {
  for (const Command* command : commands()) {
    const std::string_view name = command->name;
    if (is_in_group(*command, word)) return name.substr(0, word.size());
  }
  return {};
}

}  // namespace tare::runtime

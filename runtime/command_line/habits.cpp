// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/habits.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "runtime/host/signals.h"

namespace tare::runtime {

namespace {

struct OptionHabit {
  std::string_view commands;  // separated by spaces
  std::string_view options;   // the same
  std::string_view hint;
};

constexpr OptionHabit option_habits[] = {
    {"exec run create", "-i --interactive", "-i is not needed: standard input is always passed on"},
    {"exec", "-w --workdir", "use --cwd"},
    {"exec", "--privileged", "use --cap for each capability"},
    {"run create", "-t --tty", "config.json asks for the terminal: /process/terminal"},
    {"run", "--rm", "--rm is not needed: run deletes the container when it exits"},
    {"create", "--rm", "use run, which deletes the container when it exits"},
    {"run create", "--name", "the ID is an argument: run --bundle DIR ID"},
    {"run create", "-e --env", "config.json sets the environment: /process/env"},
    {"run create", "-u --user", "config.json sets the user: /process/user"},
    {"run create", "-w --workdir", "config.json sets the working directory: /process/cwd"},
    {"run create", "--entrypoint", "config.json sets the program: /process/args"},
    {"run create", "--hostname", "config.json sets the host name: /hostname"},
    {"run create", "-v --volume --mount --tmpfs", "config.json lists the mounts: /mounts"},
    {"run create", "--read-only", "config.json makes the root read-only: /root/readonly"},
    {"run create", "--cap-add --cap-drop --privileged",
     "config.json lists the capabilities: /process/capabilities"},
    {"run create", "--device", "config.json lists the devices: /linux/devices"},
    {"run create", "-m --memory --cpus --pids-limit",
     "config.json sets the limits: /linux/resources"},
    {"run create", "--sysctl", "config.json lists the sysctls: /linux/sysctl"},
    {"run create", "--net --network -p --publish",
     "tare configures no networks: an engine or a hook does"},
    {"start", "-a --attach -i --interactive",
     "the process has the standard streams that create was given"},
    {"update", "-m", "use --memory"},
    {"update", "--cpus", "use --cpu-quota and --cpu-period"},
    {"update", "-c --cpu-shares", "use --cpu-share"},
    {"list", "-a --all", "list always shows all containers"},
    {"ps", "-a -e -A -x --all", "options of ps follow the ID; list shows the containers"},
    {"delete", "-a --all", "delete --regex . deletes every container"},
};

struct CommandHabit {
  std::string_view word;
  std::string_view hint;
};

constexpr CommandHabit command_habits[] = {
    {"rm", "use delete"},
    {"remove", "use delete"},
    {"stop", "use kill"},
    {"ls", "use list"},
    {"inspect", "use state"},
    {"status", "use state"},
    {"stats", "use events --stats"},
    {"top", "use ps"},
    {"unpause", "use resume"},
    {"prune", "use gc"},
    {"init", "use spec"},
    {"version", "use --version"},
    {"attach", "run stays attached; exec runs another command"},
    {"logs", "tare keeps no logs: output goes to the standard streams of create or run"},
    {"pull", "tare runs bundles; an engine such as podman pulls images"},
    {"build", "tare runs bundles; an engine such as podman builds images"},
};

bool contains(std::string_view list, std::string_view word) {
  return std::ranges::count(split(list, ' '), word) != 0;
}

std::string_view habit_of(const Command& command, std::string_view option) {
  for (const OptionHabit& habit : option_habits) {
    if (contains(habit.commands, command.name) && contains(habit.options, option)) {
      return habit.hint;
    }
  }
  return {};
}

bool takes_letter(const Command& command, char letter) {
  return std::ranges::any_of(command.options,
                             [=](const Option& option) { return option.letter == letter; });
}

// In joined letters ("-it"), the hint is about the first one that the command does not have.
std::string_view habit_of_letters(const Command& command, std::string_view letters) {
  for (const char letter : letters) {
    if (takes_letter(command, letter)) continue;
    return habit_of(command, std::string("-") + letter);
  }
  return {};
}

}  // namespace

std::string hint_for_option(const Command& command, std::string_view word) {
  if (word.size() < 2) return {};
  const std::string letters(word.substr(1));
  if (std::string_view(command.name) == "kill" && parse_signal(letters).ok()) {
    return "the signal follows the ID: kill ID " + letters;
  }
  const std::string_view whole = habit_of(command, word);
  if (!whole.empty() || word[1] == '-') return std::string(whole);
  return std::string(habit_of_letters(command, letters));
}

std::string_view hint_for_command(std::string_view word) {
  for (const CommandHabit& habit : command_habits) {
    if (habit.word == word) return habit.hint;
  }
  return {};
}

std::string_view hint_for_count(const Command& command, bool too_many) {
  const std::string_view name = command.name;
  if (too_many && (name == "run" || name == "create")) {
    return "config.json sets the program: /process/args";
  }
  if (!too_many && name == "ps") return "list shows the containers";
  return {};
}

}  // namespace tare::runtime

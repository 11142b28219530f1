// SPDX-License-Identifier: Apache-2.0
//
// The processes of a container, as the host sees them. The table is tare's own. With options for
// ps(1), tare runs ps and drops the lines of other processes.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/pair.h"
#include "base/process.h"
#include "base/text.h"
#include "cgroups/hierarchy/members.h"
#include "runtime/command_line/columns.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/store/container.h"
#include "runtime/store/current_cgroup.h"

namespace tare::runtime {

namespace {

std::string as_json(const std::vector<pid_t>& pids) {
  std::string text = "[";
  for (const pid_t pid : pids) {
    if (text.size() > 1) text += ",";
    text += std::to_string(pid);
  }
  return text + "]\n";
}

// The first word of a field in /proc/PID/status (proc(5)): the real one of four user ids, or the S
// of "S (sleeping)".
std::string word_of(const std::string& status, std::string_view name) {
  const std::string_view value = status_field(status, name);
  return std::string(value.substr(0, value.find_first_of(" \t")));
}

std::string command_of(pid_t pid, const std::string& status) {
  std::string words = read_proc(pid, "cmdline").value_or("");
  while (!words.empty() && words.back() == '\0') words.pop_back();
  std::ranges::replace(words, '\0', ' ');
  // A process chooses its own name, which can contain any bytes.
  return printable(words.empty() ? "[" + std::string(status_field(status, "Name")) + "]" : words);
}

std::string as_table(const std::vector<pid_t>& pids) {
  std::vector<std::vector<std::string>> rows{{"UID", "PID", "PPID", "STATE", "CMD"}};
  for (const pid_t pid : pids) {
    const std::string status = read_proc(pid, "status").value_or("");
    if (status.empty()) continue;  // it has ended in the meantime
    rows.push_back({word_of(status, "Uid"), std::to_string(pid), word_of(status, "PPid"),
                    word_of(status, "State"), command_of(pid, status)});
  }
  return in_columns(rows, 0, 2);
}

// The output of the host's ps(1).
Result<std::string> run_ps(const std::vector<std::string>& options) {
  auto [output, input] = TRY(make_pipe().because("run ps"));
  std::vector<std::string> words{"ps"};
  words.insert(words.end(), options.begin(), options.end());
  const std::vector<char*> argv = execve_list(words);
  const pid_t child = ::fork();
  if (child < 0) return Error(Fault::last("fork"), "run ps");
  if (child == 0) {
    ::dup2(input.get(), STDOUT_FILENO);
    ::execvp("ps", argv.data());
    ::_exit(127);
  }
  input.reset();
  constexpr std::size_t limit = std::size_t{64} << 20;
  Call<std::string> text = read_to_end(output.get(), limit);
  const int status = reap(child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return Error("ps: not found in $PATH");
  if (status != 0) return Error("ps failed");
  return std::move(text).because("read what ps prints");
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words = split(line, ' ');
  std::erase_if(words, [](std::string_view one) { return one.empty(); });
  return words;
}

// The first line of `text`, and the lines whose PID column is one of `pids`.
Result<std::string> lines_of(const std::string& text, const std::vector<pid_t>& pids) {
  const auto lines = split(text, '\n');
  const auto titles = words_of(lines.front());
  const auto column = std::ranges::find(titles, "PID");
  if (column == titles.end()) {
    return Error(Error::Kind::usage, "ps does not print the column PID with these options");
  }
  const auto place = static_cast<std::size_t>(column - titles.begin());
  std::string chosen = std::string(lines.front()) + "\n";
  for (const std::string_view line : lines) {
    const auto words = words_of(line);
    if (words.size() <= place) continue;
    const auto pid = parse_number<pid_t>(words[place]);
    if (pid && std::ranges::count(pids, *pid) != 0) chosen += std::string(line) + "\n";
  }
  return chosen;
}

Result<int> ps_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  if (container.record.cgroups.empty()) {
    return Error(Error::Kind::unsupported,
                 "container " + context.id() + " has no cgroup to find its processes by");
  }
  const std::vector<pid_t> pids = TRY(cgroups::processes(current_cgroup(container.record)));
  const auto& arguments = context.invocation.arguments;
  if (context.options().text("format") == "json") {
    TRY(print_out(as_json(pids)));
  } else if (arguments.size() > 1) {
    const std::string text = TRY(run_ps({arguments.begin() + 1, arguments.end()}));
    const std::string chosen = TRY(lines_of(text, pids));
    TRY(print_out(chosen));
  } else {
    TRY(print_out(as_table(pids)));
  }
  return 0;
}

constexpr Option options[] = {shared::format};
constexpr Example examples[] = {
    {"List the processes in a container:", "tare ps web"},
    {"The same, in the format of ps(1):", "tare ps web -ef"},
    {"Print only the process IDs:", "tare ps --format json web"},
};

}  // namespace

const Command ps_row = {
    .name = "ps",
    .arguments = "ID [PS-OPTION]...",
    .summary = "list the processes in a container",
    .description =
        "Lists the processes in the container's cgroup, with their process IDs on the host.\n\n"
        "The words after ID are options for the host's ps(1). They must print the column PID. "
        "Lines of other processes are left out. `tare list` shows the containers.",
    .options = options,
    .least = 1,
    .most = -1,
    .run = ps_command,
    .options_end_at_first_argument = true,
    .examples = examples,
    .see_also = "tare-list(1) tare-exec(1) ps(1)",
};

}  // namespace tare::runtime

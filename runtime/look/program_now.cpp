// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/program_now.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/process.h"
#include "base/text.h"
#include "runtime/look/child.h"

namespace tare::runtime {

namespace {

using Strings = std::vector<std::string>;

std::size_t size_of(const Strings& strings) {
  std::size_t size = 0;
  for (const std::string& one : strings) size += one.size() + 1;
  return size;
}

// Enough to show what else is there.
constexpr std::size_t more = 1U << 16;

std::optional<std::string> text_of(pid_t pid, const char* name, std::size_t expected,
                                   bool& is_blocked) {
  if (is_blocked) return std::nullopt;
  Result<std::string> text = read_memory_of(pid, name, expected + more);
  if (text.ok()) return std::move(text).value();
  is_blocked = text.error().error == ETIMEDOUT;
  return std::nullopt;
}

// Each ends with a NUL; an unfinished one at the end counts, too.
std::vector<std::string_view> strings_of(std::string_view text) {
  auto strings = split(text, '\0');
  if (!strings.empty() && strings.back().empty()) strings.pop_back();
  return strings;
}

}  // namespace

std::size_t room_for_arguments(std::string_view stat) {
  const std::size_t name_end = stat.rfind(')');  // the name of the program may have any character
  if (name_end == std::string_view::npos) return 0;
  const auto fields = split(without_newline(stat.substr(name_end)), ' ');
  constexpr std::size_t arg_start = 48 - 2;  // proc(5) counts from 1; ")" is the second
  if (fields.size() <= arg_start + 1) return 0;
  const auto begin = parse_number<std::uint64_t>(fields[arg_start]).value_or(0);
  const auto end = parse_number<std::uint64_t>(fields[arg_start + 1]).value_or(0);
  return end > begin ? end - begin : 0;
}

ProgramNow look_at_program(pid_t pid, const Plan& plan, bool is_configured) {
  ProgramNow now;
  now.is_configured = is_configured;
  now.room = room_for_arguments(read_proc(pid, "stat").value_or(""));
  now.arguments = text_of(pid, "cmdline", size_of(plan.args), now.is_blocked);
  now.environment = text_of(pid, "environ", size_of(plan.env), now.is_blocked);
  return now;
}

namespace {

bool are_the_arguments(const Strings& wanted, const std::vector<std::string_view>& found) {
  return std::equal(wanted.begin(), wanted.end(), found.begin(), found.end());
}

// "/bin/sh -e /entry ARGUMENTS" where "entry ARGUMENTS" was executed: execve(2), "Interpreter
// scripts".
bool is_script(const Plan& plan, const std::vector<std::string_view>& found) {
  const std::size_t rest = plan.args.size() - 1;
  if (found.size() < rest + 2 || found.size() > rest + 3) return false;
  if (!std::equal(plan.args.begin() + 1, plan.args.end(), found.end() - static_cast<long>(rest))) {
    return false;
  }
  const std::string_view script = found[found.size() - rest - 1];
  return std::ranges::any_of(plan.steps, [&](const Step& step) {
    const auto* find = std::get_if<step::FindProgram>(&step.action);
    return find != nullptr && std::ranges::find(find->candidates, script) != find->candidates.end();
  });
}

// A title in place of the arguments. The kernel reads on behind them if their last NUL is gone.
bool is_overwritten(const Plan& plan, const ProgramNow& now) {
  const std::string& text = *now.arguments;
  if (text.size() != now.room) return true;
  return now.room == size_of(plan.args) &&
         std::ranges::count(text, '\0') != static_cast<long>(plan.args.size());
}

using Variables = std::map<std::string_view, std::string_view>;

template <class List>
Variables variables_of(const List& entries) {
  Variables variables;
  for (const std::string_view entry : entries) {
    if (entry.empty()) continue;
    const std::size_t equals = std::min(entry.find('='), entry.size());
    variables[entry.substr(0, equals)] = entry.substr(std::min(equals + 1, entry.size()));
  }
  return variables;
}

// What is known only to the caller of create (LISTEN_*), or to the container's /etc/passwd (HOME).
bool is_set_by_create(const Plan& plan, std::string_view name) {
  if (name == "HOME") return last_step<step::FindHome>(plan) != no_step;
  return name == "LISTEN_FDS" || name == "LISTEN_PID" || name == "LISTEN_FDNAMES";
}

void compare_variables(const Plan& plan, std::string_view text, Found& found) {
  const Variables wanted = variables_of(plan.env);
  const Variables present = variables_of(strings_of(text));
  const auto shown_in = [](const Variables& variables, std::string_view name) {
    const auto variable = variables.find(name);
    return variable == variables.end() ? "not set" : '"' + shortened(variable->second) + '"';
  };
  Variables all = wanted;
  all.insert(present.begin(), present.end());
  for (const auto& [name, value] : all) {
    if (!wanted.contains(name) && is_set_by_create(plan, name)) continue;
    if (wanted.contains(name) && present.contains(name) && wanted.at(name) == present.at(name)) {
      continue;
    }
    found.differs("/process/env", "environment variable " + shortened(name), shown_in(wanted, name),
                  shown_in(present, name));
  }
}

}  // namespace

void compare_program(const Plan& plan, const ProgramNow& now, Found& found) {
  if (now.is_blocked) {
    found.differs("/process/args", "arguments", shortened(join(plan.args, " ")),
                  "unknown (reading the memory of the process takes over 5 s)");
  }
  if (!now.arguments || now.room == 0 || plan.args.empty()) return;
  const auto arguments = strings_of(*now.arguments);
  if (!are_the_arguments(plan.args, arguments) && !is_script(plan, arguments)) {
    if (!now.is_configured || is_overwritten(plan, now)) return;
    const std::string list = join(Strings(arguments.begin(), arguments.end()), " ");
    return found.differs("/process/args", "arguments", shortened(join(plan.args, " ")),
                         shortened(list));
  }
  if (now.environment) compare_variables(plan, *now.environment, found);
}

}  // namespace tare::runtime

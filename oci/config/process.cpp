// SPDX-License-Identifier: Apache-2.0
#include "oci/config/process.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// config.md, "Process": a command is required.
void arguments(const Process& process, const Place& place, Problems& problems) {
  const Place args(place, "args");
  if (process.args.empty()) return problems.add(args, "must have at least one entry");
  if (process.args[0].empty()) problems.add(Place(args, 0), "must not be empty");
}

// config.md, "Process": cwd is absolute.
void working_directory(const Process& process, const Place& place, Problems& problems) {
  if (process.cwd.starts_with('/')) return;
  problems.add(Place(place, "cwd"), "must be an absolute path, is " + quote(process.cwd));
}

// The name of an entry without its value, which may be a secret.
std::string name_in(std::string_view entry) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  const std::string_view name = entry.substr(0, entry.find_first_not_of(letters));
  return quote(name) + (name == entry ? "" : "...");
}

// environ(7): NAME=value, with a non-empty name.
void environment(const Process& process, const Place& place, Problems& problems) {
  const Place env(place, "env");
  for (std::size_t i = 0; i < process.env.size(); ++i) {
    const std::size_t equals = process.env[i].find('=');
    if (equals == std::string::npos) {
      problems.add(Place(env, i), name_in(process.env[i]) + " has no '=', must be NAME=value");
    } else if (equals == 0) {
      problems.add(Place(env, i), "must be NAME=value, has no name");
    }
  }
}

// winsize in ioctl_tty(2) has 16 bits. config.md: ignored without a terminal.
void console_size(const Process& process, const Place& place, Problems& problems) {
  if (!process.terminal || !process.consoleSize) return;
  const Place size(place, "consoleSize");
  for (const auto& [name, value] : {std::pair{"height", process.consoleSize->height},
                                    std::pair{"width", process.consoleSize->width}}) {
    if (value <= 0xFFFF) continue;
    problems.add(Place(size, name), "must not be above 65535, is " + std::to_string(value));
  }
}

// ---- user --------------------------------------------------------------------------------------

constexpr std::uint32_t no_id = 0xFFFFFFFF;

// setresuid(2): 2^32 - 1 means "no change", which would be the runtime's own user.
void user_ids(const Process& process, const Place& place, Problems& problems) {
  const Place user(place, "user");
  constexpr const char* words = "4294967295 is not an id";
  if (process.user.uid == no_id) problems.add(Place(user, "uid"), words);
  if (process.user.gid == no_id) problems.add(Place(user, "gid"), words);
  const Place groups(user, "additionalGids");
  for (std::size_t i = 0; i < process.user.additionalGids.size(); ++i) {
    if (process.user.additionalGids[i] == no_id) problems.add(Place(groups, i), words);
  }
}

// setgroups(2): at most NGROUPS_MAX.
void group_count(const Process& process, const Place& place, Problems& problems) {
  constexpr std::size_t most = 65536;
  const std::size_t count = process.user.additionalGids.size();
  if (count <= most) return;
  const Place user(place, "user");
  problems.add(Place(user, "additionalGids"),
               "has " + std::to_string(count) + " entries, the kernel accepts 65536");
}

// umask(2): permission bits only.
void umask(const Process& process, const Place& place, Problems& problems) {
  if (process.user.umask.value_or(0) <= 0777) return;
  const Place user(place, "user");
  problems.add(Place(user, "umask"),
               "must not be above 511 (0777), is " + std::to_string(*process.user.umask));
}

// ---- limits and priorities ---------------------------------------------------------------------

constexpr std::string_view rlimit_names[] = {
    // getrlimit(2)
    "RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
    "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
    "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
};

// config.md, "POSIX process": every type is one of the kernel's, and occurs once.
void rlimit_types(const Process& process, const Place& place, Problems& problems) {
  const Place rlimits(place, "rlimits");
  std::array<bool, std::size(rlimit_names)> seen{};
  for (std::size_t i = 0; i < process.rlimits.size(); ++i) {
    const std::string& type = process.rlimits[i].type;
    const auto* name = std::find(std::begin(rlimit_names), std::end(rlimit_names), type);
    const Place at(rlimits, i);
    if (name == std::end(rlimit_names)) {
      problems.add(Place(at, "type"), "unknown limit " + quote(type));
    } else if (std::exchange(seen[static_cast<std::size_t>(name - rlimit_names)], true)) {
      problems.add(Place(at, "type"), quote(type) + " occurs twice");
    }
  }
}

// setrlimit(2): the soft limit is not above the hard limit.
void rlimit_values(const Process& process, const Place& place, Problems& problems) {
  const Place rlimits(place, "rlimits");
  for (std::size_t i = 0; i < process.rlimits.size(); ++i) {
    const Rlimit& limit = process.rlimits[i];
    if (limit.soft <= limit.hard) continue;
    problems.add(Place(rlimits, i), "soft limit " + std::to_string(limit.soft) +
                                        " is above hard limit " + std::to_string(limit.hard));
  }
}

// proc(5), /proc/pid/oom_score_adj.
void oom_score(const Process& process, const Place& place, Problems& problems) {
  const std::int64_t score = process.oomScoreAdj.value_or(0);
  if (score >= -1000 && score <= 1000) return;
  problems.add(Place(place, "oomScoreAdj"),
               "must be from -1000 to 1000, is " + std::to_string(score));
}

// ioprio_set(2): 8 levels.
void io_priority(const Process& process, const Place& place, Problems& problems) {
  if (!process.ioPriority) return;
  const std::int32_t priority = process.ioPriority->priority;
  if (priority >= 0 && priority <= 7) return;
  const Place at(place, "ioPriority");
  problems.add(Place(at, "priority"), "must be from 0 to 7, is " + std::to_string(priority));
}

void scheduler(const Process& process, const Place& place, Problems& problems) {
  if (process.scheduler) check(*process.scheduler, Place(place, "scheduler"), problems);
}

// config.md, "Linux Process": lists of CPUs.
void exec_affinity(const Process& process, const Place& place, Problems& problems) {
  if (!process.execCPUAffinity) return;
  const Place at(place, "execCPUAffinity");
  for (const auto& [name, list] : {std::pair{"initial", &process.execCPUAffinity->initial},
                                   std::pair{"final", &process.execCPUAffinity->final}}) {
    check_number_list(*list, "CPUs", highest_cpu, Place(at, name), problems);
  }
}

}  // namespace

void check(const Process& process, const Place& place, Problems& problems) {
  static constexpr Rule<Process> rules[] = {
      console_size, user_ids,          group_count,   umask,         arguments,
      environment,  working_directory, rlimit_types,  rlimit_values, oom_score,
      scheduler,    io_priority,       exec_affinity,
  };
  check_rules<Process>(rules, process, place, problems);
}

}  // namespace tare::oci

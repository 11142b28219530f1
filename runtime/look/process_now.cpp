// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/process_now.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/kernel_abi.h"
#include "base/process.h"
#include "base/text.h"
#include "runtime/host/user_namespace.h"

namespace tare::runtime {

namespace {

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view part : split(text, '\t')) {
    for (const std::string_view word : split(part, ' ')) {
      if (!word.empty()) words.push_back(word);
    }
  }
  return words;
}

std::vector<std::uint32_t> ids_of(std::string_view text) {
  std::vector<std::uint32_t> ids;
  for (const std::string_view word : words_of(text)) {
    ids.push_back(parse_number<std::uint32_t>(word).value_or(~0U));
  }
  return ids;
}

template <class Number>
Number number_of(std::string_view status, std::string_view name, int base) {
  return parse_number<Number>(status_field(status, name), base).value_or(0);
}

}  // namespace

StatusNow parse_status(std::string_view text) {
  const auto set = [&](std::string_view name) { return number_of<std::uint64_t>(text, name, 16); };
  StatusNow now;
  now.uids = ids_of(status_field(text, "Uid"));
  now.gids = ids_of(status_field(text, "Gid"));
  now.groups = ids_of(status_field(text, "Groups"));
  now.umask = number_of<unsigned>(text, "Umask", 8);
  now.no_new_privileges = status_field(text, "NoNewPrivs") == "1";
  now.seccomp_mode = number_of<int>(text, "Seccomp", 10);
  now.seccomp_filters = number_of<int>(text, "Seccomp_filters", 10);
  now.capabilities = {set("CapInh"), set("CapPrm"), set("CapEff"), set("CapBnd"), set("CapAmb")};
  now.cpus = status_field(text, "Cpus_allowed_list");
  return now;
}

namespace {

// In the order of the resource numbers of getrlimit(2): lnames in fs/proc/base.c.
constexpr std::string_view limit_names[] = {
    "Max cpu time",       "Max file size",     "Max data size",         "Max stack size",
    "Max core file size", "Max resident set",  "Max processes",         "Max open files",
    "Max locked memory",  "Max address space", "Max file locks",        "Max pending signals",
    "Max msgqueue size",  "Max nice priority", "Max realtime priority", "Max realtime timeout",
};
constexpr std::size_t name_width = 25;

std::uint64_t limit_of(std::string_view word) {
  return parse_number<std::uint64_t>(word).value_or(RLIM_INFINITY);  // "unlimited"
}

}  // namespace

std::map<int, RlimitNow> parse_limits(std::string_view text) {
  std::map<int, RlimitNow> limits;
  for (const std::string_view line : split(text, '\n')) {
    if (line.size() <= name_width) continue;
    const auto values = words_of(line.substr(name_width));
    int resource = 0;
    for (const std::string_view name : limit_names) {
      const bool same = line.starts_with(name) && line[name.size()] == ' ';
      if (same && values.size() >= 2) limits[resource] = {limit_of(values[0]), limit_of(values[1])};
      ++resource;
    }
  }
  return limits;
}

namespace {

std::optional<unsigned long> personality_of(pid_t pid) {
  const Call<std::string> text = read_proc(pid, "personality");
  if (!text.ok()) return std::nullopt;
  return parse_number<unsigned long>(without_newline(*text), 16);
}

// struct sched_attr is defined here, because its header conflicts with <sched.h>.
std::optional<SchedulerNow> scheduler_of(pid_t pid) {
  struct {
    std::uint32_t size, policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime, deadline, period;
  } attributes{};
  constexpr unsigned size = sizeof attributes;
  if (::syscall(SYS_sched_getattr, pid, &attributes, size, 0) != 0) return std::nullopt;
  return SchedulerNow{attributes.policy, attributes.nice, attributes.priority};
}

std::optional<int> io_priority_of(pid_t pid) {
  const long value = ::syscall(SYS_ioprio_get, kernel::ioprio_who_process, pid);
  if (value < 0) return std::nullopt;
  return static_cast<int>(value);
}

// Without a security module, the file is empty or the read fails with EINVAL.
std::string label_of(pid_t pid) {
  std::string label = read_proc(pid, "attr/current").value_or("");
  while (!label.empty() && (label.back() == '\0' || label.back() == '\n')) label.pop_back();
  return label;
}

}  // namespace

Result<ProcessNow> look_at_process(pid_t pid) {
  ProcessNow now;
  const std::string status = TRY(read_proc(pid, "status").because("read the process's status"));
  const std::string limits = TRY(read_proc(pid, "limits").because("read the process's limits"));
  const std::string score =
      TRY(read_proc(pid, "oom_score_adj").because("read the process's oom_score_adj"));
  now.status = parse_status(status);
  now.limits = parse_limits(limits);
  now.oom_score_adj = parse_number<int>(without_newline(score)).value_or(0);
  now.uid_map = TRY(read_id_map(pid, user_ids).because("read its user ids"));
  now.gid_map = TRY(read_id_map(pid, group_ids).because("read its group ids"));
  now.label = label_of(pid);
  now.time_offsets = read_proc(pid, "timens_offsets").value_or("");
  now.personality = personality_of(pid);
  now.scheduler = scheduler_of(pid);
  now.io_priority = io_priority_of(pid);
  return now;
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/differences.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/text.h"
#include "runtime/look/devices_now.h"
#include "runtime/look/found.h"
#include "runtime/look/memory_policy.h"
#include "runtime/look/mount_differences.h"
#include "runtime/look/program_now.h"
#include "runtime/look/same_value.h"
#include "runtime/plan/capabilities.h"
#include "runtime/steps/namespace_kinds.h"
#include "runtime/steps/words.h"

namespace tare::runtime {

CapabilitySets after_execve(CapabilitySets sets, bool is_root, bool no_new_privileges) {
  const std::uint64_t held = sets.permitted;
  sets.permitted = is_root ? sets.inheritable | sets.bounding : 0;
  if (no_new_privileges) sets.permitted &= held;
  sets.permitted |= sets.ambient;
  sets.effective = is_root ? sets.permitted : sets.ambient;
  return sets;
}

namespace {

std::string in_words(const std::vector<std::uint32_t>& ids) {
  std::vector<std::string> words;
  words.reserve(ids.size());
  for (const std::uint32_t id : ids) words.push_back(std::to_string(id));
  return join(words, " ");
}

std::string shown_ids(std::vector<std::uint32_t> ids) {
  std::ranges::sort(ids);
  return ids.empty() ? "none" : in_words(ids);
}

std::string shown_limit(std::uint64_t soft, std::uint64_t hard) {
  const auto shown_one = [](std::uint64_t value) {
    return value == RLIM_INFINITY ? std::string("unlimited") : std::to_string(value);
  };
  return shown_one(soft) + " (hard " + shown_one(hard) + ")";
}

std::string shown_map(const std::vector<oci::IDMapping>& map) {
  std::vector<std::string> ranges;
  ranges.reserve(map.size());
  for (const oci::IDMapping& range : map) {
    ranges.push_back(std::to_string(range.containerID) + " " + std::to_string(range.hostID) + " " +
                     std::to_string(range.size));
  }
  return join(ranges, ", ");
}

// The id in the container. An id that is not mapped there stays as the reader sees it.
std::uint32_t id_inside(const std::vector<oci::IDMapping>& map, std::uint32_t id) {
  for (const oci::IDMapping& range : map) {
    if (id >= range.hostID && id - range.hostID < range.size) {
      return range.containerID + (id - range.hostID);
    }
  }
  return id;
}

std::vector<std::uint32_t> ids_inside(const std::vector<oci::IDMapping>& map,
                                      std::vector<std::uint32_t> ids) {
  for (std::uint32_t& id : ids) id = id_inside(map, id);
  return ids;
}

// "c 1:3, mode 0666, owner 0:0"
std::string shown_node(unsigned mode, unsigned major, unsigned minor, std::uint32_t uid,
                       std::uint32_t gid) {
  std::string type = "another file";
  if (S_ISFIFO(mode)) type = "fifo";
  if (S_ISCHR(mode) || S_ISBLK(mode)) {
    type = std::string(S_ISCHR(mode) ? "c " : "b ") + std::to_string(major) + ":" +
           std::to_string(minor);
  }
  return type + ", mode " + octal(mode & 07777) + ", owner " + std::to_string(uid) + ":" +
         std::to_string(gid);
}

std::string one_line(std::string_view text) {
  std::string line(without_newline(text));
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\t', ' ');
  return shortened(line);
}

class Comparer {
 public:
  Comparer(const oci::Config& config, const Plan& plan, const Now& now)
      : config_(config), plan_(plan), now_(now), status_(now.process.status) {}

  std::vector<oci::Difference> all() && {
    compare_namespaces();
    for (const Step& step : plan_.steps) {
      if (!now_.is_started && std::holds_alternative<step::AwaitStart>(step.action)) break;
      step_ = &step;
      std::visit([&](const auto& action) { compare(action); }, step.action);
    }
    compare_seccomp();
    compare_capabilities();
    compare_mounts(plan_, now_, has_own(oci::NamespaceType::mount), found_);
    return std::move(found_).list();
  }

 private:
  template <class Kind>
  void compare(const Kind&) {}  // its result is not checked here

  void expect(std::string property, std::string configured, std::string found) {
    found_.compare(step_->origin, std::move(property), std::move(configured), std::move(found));
  }

  // ---- namespaces ----

  [[nodiscard]] const oci::Namespace* entry_of(oci::NamespaceType type) const {
    return config_.linux_ ? oci::find_namespace(config_.linux_->namespaces, type) : nullptr;
  }
  [[nodiscard]] bool has_own(oci::NamespaceType type) const {
    const oci::Namespace* entry = entry_of(type);
    return entry != nullptr && entry->is_new();
  }

  void compare_namespaces() {
    for (const auto& [type, id] : now_.namespaces.container) {
      const oci::Namespace* entry = entry_of(type);
      const auto callers = now_.namespaces.caller.find(type);
      const bool is_callers = callers != now_.namespaces.caller.end() && callers->second == id;
      const std::string property = std::string(kind_of(type).word) + " namespace";
      const std::string found = is_callers ? "that of tare" : "another";
      if (entry == nullptr) {
        found_.compare("/linux/namespaces", property, "that of tare", found);
      } else if (entry->is_new()) {
        if (is_callers) found_.differs(pointer_of(*entry), property, "a new one", found);
      } else {
        compare_joined(*entry, property, id);
      }
    }
  }

  void compare_joined(const oci::Namespace& entry, const std::string& property, const FileId& id) {
    const auto there = now_.namespaces.at_path.find(entry.path);
    const bool is_gone = there == now_.namespaces.at_path.end();
    if (!is_gone && there->second == id) return;
    found_.differs(pointer_of(entry), property, printable(entry.path),
                   is_gone ? "unknown (the path is gone)" : "another");
  }

  [[nodiscard]] std::string pointer_of(const oci::Namespace& entry) const {
    const auto& list = config_.linux_->namespaces;
    return "/linux/namespaces/" + std::to_string(&entry - list.data());
  }

  void compare(const step::WriteMappings& step) {
    compare_map("user ID mapping", step.uid_map, now_.process.uid_map);
    compare_map("group ID mapping", step.gid_map, now_.process.gid_map);
  }

  void compare_map(const char* property, const std::string& lines,
                   const std::vector<oci::IDMapping>& map) {
    std::vector<std::string> ranges;
    for (const std::string_view line : split(without_newline(lines), '\n')) {
      ranges.emplace_back(line);
    }
    expect(property, join(ranges, ", "), shown_map(map));
  }

  void compare(const step::TimeOffsets& step) {
    for (const std::string_view line : split(without_newline(step.text), '\n')) {
      const std::string_view clock = line.substr(0, line.find(' '));
      for (const std::string_view found : split(now_.process.time_offsets, '\n')) {
        if (!found.starts_with(clock) || is_same_sysctl(line, found)) continue;
        found_.differs(step_->origin, "time offset", std::string(line), one_line(found));
      }
    }
  }

  void compare(const step::SetHostname& step) {
    compare_sysctl("hostname", "kernel/hostname", step.name);
  }
  void compare(const step::SetDomainname& step) {
    compare_sysctl("domainname", "kernel/domainname", step.name);
  }
  void compare(const step::WriteSysctl& step) {
    compare_sysctl("sysctl " + printable(step.key), step.path, step.value);
  }

  void compare_sysctl(std::string property, const std::string& path, const std::string& value) {
    const auto found = now_.sysctls.find(path);
    if (found == now_.sysctls.end()) {
      expect(std::move(property), printable(value), "unknown (it cannot be read)");
    } else if (!is_same_sysctl(value, found->second)) {
      expect(std::move(property), printable(value), one_line(found->second));
    }
  }

  // ---- identity ----

  void compare(const step::SetUser& step) {
    const auto& process = now_.process;
    const std::string user = std::to_string(step.uid);
    const std::string group = std::to_string(step.gid);
    const auto uids = ids_inside(process.uid_map, status_.uids);
    const auto gids = ids_inside(process.gid_map, status_.gids);
    const auto differs_from = [](std::uint32_t id) {
      return [id](std::uint32_t other) { return other != id; };
    };
    if (std::ranges::any_of(uids, differs_from(step.uid))) expect("user ID", user, shown_all(uids));
    if (std::ranges::any_of(gids, differs_from(step.gid))) {
      expect("group ID", group, shown_all(gids));
    }
    if (step.keep_groups) return;
    expect("additional group IDs", shown_ids(step.groups),
           shown_ids(ids_inside(process.gid_map, status_.groups)));
  }

  static std::string shown_all(const std::vector<std::uint32_t>& ids) {
    return in_words(ids) + " (real, effective, saved, file system)";
  }

  void compare(const step::DropBounding& step) { wanted_.bounding = step.keep; }

  void compare(const step::SetCapabilities& step) {
    wanted_.effective = step.effective;
    wanted_.permitted = step.permitted;
    wanted_.inheritable = step.inheritable;
    wanted_.ambient = step.ambient;
  }

  void compare(const step::NoNewPrivileges&) {
    no_new_privileges_ = true;
    expect("no_new_privs", "set", status_.no_new_privileges ? "set" : "not set");
  }

  void compare_capabilities() {
    CapabilitySets wanted = wanted_;
    const bool is_root = config_.process && config_.process->user.uid == 0;
    if (now_.is_started) wanted = after_execve(wanted, is_root, no_new_privileges_);
    const CapabilitySets& present = status_.capabilities;
    const auto expect_set = [&](const char* name, std::uint64_t one, std::uint64_t other) {
      if (one == other) return;
      found_.differs(std::string("/process/capabilities/") + name,
                     std::string(name) + " capabilities", capability_names(one),
                     capability_names(other));
    };
    expect_set("bounding", wanted.bounding, present.bounding);
    expect_set("effective", wanted.effective, present.effective);
    expect_set("permitted", wanted.permitted, present.permitted);
    expect_set("inheritable", wanted.inheritable, present.inheritable);
    expect_set("ambient", wanted.ambient, present.ambient);
  }

  void compare(const step::LoadSeccomp&) { has_filter_ = true; }

  // The container inherits the seccomp filters that apply to tare itself.
  void compare_seccomp() {
    constexpr int filters = 2;
    const bool is_filtered = status_.seccomp_mode == filters;
    const int wanted = now_.callers_filters + (has_filter_ ? 1 : 0);
    const int present = is_filtered ? std::max(status_.seccomp_filters, 1) : 0;
    if (wanted == present) return;
    found_.differs("/linux/seccomp", "seccomp filters", std::to_string(wanted),
                   std::to_string(present));
  }

  void compare(const step::SetLabel& step) {
    // AppArmor's exec attribute is "exec PROFILE", its current attribute is "PROFILE (enforce)".
    constexpr std::string_view prefix = "exec ";
    std::string_view wanted = step.text;
    if (wanted.starts_with(prefix)) wanted.remove_prefix(prefix.size());
    const std::string_view label = now_.process.label;
    const std::string_view rest = label.substr(std::min(wanted.size(), label.size()));
    if (label.starts_with(wanted) && (rest.empty() || rest.starts_with(" ("))) return;
    if (!now_.is_started) return;  // execve(2) will apply it
    found_.differs(step_->origin, step.module, printable(wanted), printable(label));
  }

  // ---- resources and settings ----

  void compare(const step::SetRlimit& step) {
    const auto found = now_.process.limits.find(step.resource);
    if (found == now_.process.limits.end()) return;  // a resource that this kernel does not have
    expect(step.type, shown_limit(step.soft, step.hard),
           shown_limit(found->second.soft, found->second.hard));
  }
  void compare(const step::OomScoreAdj& step) {
    expect("oom_score_adj", std::to_string(step.value), std::to_string(now_.process.oom_score_adj));
  }
  void compare(const step::SetUmask& step) {
    expect("umask", octal(step.mask), octal(status_.umask));
  }
  void compare(const step::SetPersonality& step) {
    if (!now_.process.personality) return;
    expect("personality", std::to_string(step.domain), std::to_string(*now_.process.personality));
  }
  void compare(const step::SetIoPriority& step) {
    if (!now_.process.io_priority) return;
    expect("I/O priority", std::to_string(step.value), std::to_string(*now_.process.io_priority));
  }
  void compare(const step::SetScheduler& step) {
    if (!now_.process.scheduler) return;
    const SchedulerNow& present = *now_.process.scheduler;
    const auto shown_policy = [](std::uint32_t policy, std::int32_t nice, std::uint32_t priority) {
      return "policy " + std::to_string(policy) + ", nice " + std::to_string(nice) + ", priority " +
             std::to_string(priority);
    };
    expect("scheduler", shown_policy(step.policy, step.nice, step.priority),
           shown_policy(present.policy, present.nice, present.priority));
  }
  // Without execCPUAffinity, which is for processes that join: all CPUs of the cpuset.
  void compare(const step::AllCpus&) {
    if (!now_.cgroup.cpus || is_same_list(*now_.cgroup.cpus, status_.cpus)) return;
    expect("CPU affinity", one_line(*now_.cgroup.cpus), one_line(status_.cpus));
  }
  void compare(const step::SetMemoryPolicy& step) {
    if (!now_.numa_maps || has_policy(*now_.numa_maps, step)) return;
    expect("memory policy", shown_policy(step), one_line(first_policy(*now_.numa_maps)));
  }
  void compare(const step::Execute&) { compare_program(plan_, now_.program, found_); }

  void compare(const step::EnterDirectory& step) {
    const auto wanted = now_.paths.find(step.path);
    if (!now_.working_directory) return;
    if (wanted != now_.paths.end() && wanted->second.file == *now_.working_directory) return;
    found_.differs(step_->origin, "working directory", shortened(step.path), "another");
  }

  // The kernel has chosen the number of a name like "eth%d".
  void compare(const step::MoveNetDevice& step) {
    if (!now_.net_devices) return;
    const std::size_t template_at = step.new_name.find("%d");
    const bool is_there = std::ranges::any_of(*now_.net_devices, [&](const std::string& name) {
      if (template_at == std::string::npos) return name == step.new_name;
      const std::string_view number =
          std::string_view(name).substr(std::min(template_at, name.size()));
      return name.starts_with(step.new_name.substr(0, template_at)) &&
             parse_number<unsigned>(number).has_value();
    });
    if (!is_there) expect("network device " + printable(step.new_name), "there", "missing");
  }

  void compare(const step::MakeDevice& step) {
    const std::string& path = step.path.shown;
    const auto found = now_.paths.find(path);
    const std::string wanted = shown_node(step.mode, step.major, step.minor, step.uid, step.gid);
    if (found == now_.paths.end()) {
      return expect("device node " + printable(path), wanted, "missing");
    }
    const PathNow& node = found->second;
    expect("device node " + printable(path), wanted,
           shown_node(node.mode, node.major, node.minor, node.uid, node.gid));
  }

  // ---- cgroup ----

  void compare(const step::RestrictDevices& step) {
    const bool is_scope = last_step<step::StartScope>(plan_) != no_step;
    compare_devices(step, now_.cgroup.devices, is_scope, found_);
  }

  void compare(const step::LimitCgroup& step) {
    for (const cgroups::Write& limit : step.limits) compare_limit(limit);
  }

  void compare_limit(const cgroups::Write& limit) {
    const auto at = [&](const std::string& file) {
      return now_.cgroup.files.find({limit.directory, file});
    };
    auto found = at(limit.file);
    std::string file = limit.file;
    std::string value = limit.value;
    if (found == now_.cgroup.files.end() && limit.fallback) {
      file = limit.fallback->file;
      value = limit.fallback->value;
      found = at(file);
    }
    if (found == now_.cgroup.files.end()) {
      if (limit.on_missing == cgroups::Write::OnMissing::ignore) return;
      return found_.differs(limit.origin, file, printable(value), "unknown (it cannot be read)");
    }
    if (is_same_value(file, value, found->second)) return;
    found_.differs(limit.origin, file, printable(value), one_line(found->second));
  }

  void compare(const step::EnterCgroup&) { compare_places(); }
  void compare(const step::CloneInit& step) {
    if (step.into_cgroup) compare_places();
  }

  void compare_places() {
    if (std::exchange(has_places_, true)) return;
    for (std::size_t i = 0; i < now_.cgroup.recorded.size(); ++i) {
      const std::string& wanted = now_.cgroup.recorded[i];
      const std::string& present = now_.cgroup.paths[i];
      // A container may create cgroups in its own and move its processes there.
      if (present == wanted || present.starts_with(wanted + "/")) continue;
      found_.differs("/linux/cgroupsPath", "cgroup in " + now_.cgroup.hierarchies[i],
                     shortened(wanted), present.empty() ? "not to be seen" : shortened(present));
    }
  }

  const oci::Config& config_;
  const Plan& plan_;
  const Now& now_;
  const StatusNow& status_;
  const Step* step_ = nullptr;
  Found found_;
  CapabilitySets wanted_;
  bool no_new_privileges_ = false;
  bool has_filter_ = false;
  bool has_places_ = false;
};

}  // namespace

std::vector<oci::Difference> differences(const oci::Config& config, const Plan& plan,
                                         const Now& now) {
  return Comparer(config, plan, now).all();
}

}  // namespace tare::runtime

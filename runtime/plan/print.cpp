// SPDX-License-Identifier: Apache-2.0
//
// A step in words: what it does to which object. The same words stand in `tare plan` and in errors.
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <string>

#include "base/text.h"
#include "runtime/plan/namespace_kinds.h"
#include "runtime/plan/plan.h"

namespace tare::runtime {

namespace {

std::string kinds_of(std::uint64_t flags) {
  std::string words;
  for (std::uint64_t bit = 1; bit != 0 && bit <= flags; bit <<= 1) {
    const NamespaceKind* kind = (flags & bit) != 0 ? kind_of_flag(bit) : nullptr;
    if (kind != nullptr) words += std::string(words.empty() ? "" : ", ") + kind->word;
  }
  return words;
}

std::string clone_words(std::uint64_t flags) {
  return flags == 0 ? "clone init" : "clone init into new namespaces: " + kinds_of(flags);
}

std::string propagation_words(unsigned long flags) {
  const std::string prefix = (flags & MS_REC) != 0 ? "r" : "";
  if ((flags & MS_SHARED) != 0) return prefix + "shared";
  if ((flags & MS_SLAVE) != 0) return prefix + "slave";
  if ((flags & MS_UNBINDABLE) != 0) return prefix + "unbindable";
  return prefix + "private";
}

std::string shown(const InsidePath& path) {
  return shortened(path.shown);
}

std::string octal(unsigned value) {
  std::string digits;
  for (; value != 0; value >>= 3)
    digits.insert(digits.begin(), static_cast<char>('0' + (value & 7)));
  return "0" + digits;
}

std::string numbers(unsigned major, unsigned minor) {
  return std::to_string(major) + ":" + std::to_string(minor);
}

struct Describe {
  std::string operator()(const step::OpenNamespace& s) const {
    return std::string("open ") + kind_of(s.type).word + " namespace " + shortened(s.path);
  }
  std::string operator()(const step::OpenTree& s) const {
    return "take the mount " + std::string(s.recursive ? "tree " : "") + shortened(s.path);
  }
  std::string operator()(const step::FindNetDevice& s) const {
    return "find network device " + shortened(s.name);
  }
  std::string operator()(const step::MoveNetDevice& s) const {
    return "move network device " + shortened(s.name) +
           (s.new_name == s.name ? "" : " as " + shortened(s.new_name));
  }
  std::string operator()(const step::EnterResctrl& s) const {
    return "enter resctrl group " + (s.group.empty() ? "/" : shortened(s.group));
  }
  std::string operator()(const step::JoinResctrl& s) const {
    return "join resctrl group " + (s.group.empty() ? "/" : shortened(s.group));
  }
  std::string operator()(const step::MapTree& s) const {
    return "map the owners of " + shortened(s.source);
  }
  std::string operator()(const step::MakeCgroup& s) const {
    return "make cgroup " + (s.directories.empty() ? "" : shortened(s.directories.front().path));
  }
  std::string operator()(const step::StartScope& s) const {
    return "start " + s.scope.unit + " in " + s.scope.slice +
           (s.scope.subgroup.empty() ? "" : " with the cgroup " + quote(s.scope.subgroup));
  }
  std::string operator()(const step::CloneInit& s) const { return clone_words(s.namespaces); }
  std::string operator()(const step::CloneStage&) const { return "clone the stage"; }
  std::string operator()(const step::JoinNamespace& s) const {
    return std::string("join ") + kind_of(s.type).word + " namespace " + shortened(s.path);
  }
  std::string operator()(const step::TimeOffsets&) const {
    return "set the clocks of a new time namespace";
  }
  std::string operator()(const step::WriteMappings& s) const {
    std::string words = "map user and group ids";
    if (s.uids == step::MapWriter::helper) words += ", newuidmap";
    if (s.gids == step::MapWriter::helper) words += ", newgidmap";
    return words + (s.deny_groups ? ", setgroups denied" : "");
  }
  std::string operator()(const step::OomScoreAdj& s) const {
    return "set oom_score_adj to " + std::to_string(s.value);
  }
  std::string operator()(const step::LimitCgroup& s) const {
    std::string words = "limit the cgroup:";
    for (const auto& write : s.limits) words += " " + write.file + "=" + printable(write.value);
    return words;
  }
  std::string operator()(const step::RestrictDevices&) const { return "restrict devices"; }
  std::string operator()(const step::DelegateCgroup& s) const {
    return "give the cgroup " + (s.below.empty() ? "" : quote(s.below) + " ") + "to uid " +
           std::to_string(s.uid);
  }
  std::string operator()(const step::DivideCgroup& s) const {
    return "move init to the cgroup " + quote(s.name) + " below its own";
  }
  std::string operator()(const step::SetRlimit& s) const {
    const auto limit = [](std::uint64_t value) {
      return value == RLIM_INFINITY ? std::string("unlimited") : std::to_string(value);
    };
    return "set " + s.type + " to " + limit(s.soft) + " (hard " + limit(s.hard) + ")";
  }
  std::string operator()(const step::RunHook& s) const {
    return "run " + s.kind + " hook " + shortened(s.path);
  }
  std::string operator()(const step::OpenCgroup& s) const {
    return "open cgroup " + (s.directories.empty() ? "" : shortened(s.directories.front().path));
  }
  std::string operator()(const step::InitialCpus&) const { return "set the initial CPUs"; }
  std::string operator()(const step::FinalCpus&) const { return "set the final CPUs"; }
  std::string operator()(const step::JoinContainer& s) const {
    return "join the container's namespaces: " + kinds_of(s.namespaces);
  }
  std::string operator()(const step::ControlTerminal&) const { return "take the terminal"; }
  std::string operator()(const step::EnterCgroup&) const { return "enter the cgroup"; }
  std::string operator()(const step::EnterFullCgroup&) const {
    return "enter the cgroup that counts processes";
  }
  std::string operator()(const step::NewCgroupNamespace&) const { return "new cgroup namespace"; }
  std::string operator()(const step::NewMountNamespace&) const { return "copy the host's mounts"; }
  std::string operator()(const step::OpenDescriptors&) const {
    return "keep the own descriptors at hand";
  }
  std::string operator()(const step::NewSession&) const { return "new session"; }
  std::string operator()(const step::SessionKeyring& s) const {
    return "join session keyring " + s.name;
  }
  std::string operator()(const step::OpenAttributes&) const {
    return "keep the security attributes at hand";
  }
  std::string operator()(const step::LoopbackUp&) const { return "bring lo up"; }
  std::string operator()(const step::SetHostname& s) const {
    return "set hostname " + quote(s.name);
  }
  std::string operator()(const step::SetDomainname& s) const {
    return "set domainname " + quote(s.name);
  }
  std::string operator()(const step::HostPropagation& s) const {
    return "make the host's mounts " + propagation_words(s.flags);
  }
  std::string operator()(const step::AttachRoot& s) const {
    return "mount rootfs " + shortened(s.path) + " on itself";
  }
  std::string operator()(const step::OpenRoot& s) const {
    return "open rootfs " + shortened(s.path);
  }
  std::string operator()(const step::AllCpus&) const { return "allow all CPUs"; }
  std::string operator()(const step::BecomeRoot&) const {
    return "become root of the user namespace";
  }
  std::string operator()(const step::MountFilesystem& s) const {
    return "mount " + shortened(s.type) + " on " + shown(s.destination);
  }
  std::string operator()(const step::MountTree& s) const {
    return "bind " + shortened(s.source) + " on " + shown(s.destination);
  }
  std::string operator()(const step::Remount& s) const { return "remount " + shown(s.destination); }
  std::string operator()(const step::SealMount& s) const {
    const char* extent = s.all_below ? ", and all that is mounted below" : "";
    return "make " + shown(s.destination) + " read-only" + extent;
  }
  std::string operator()(const step::FindMount& s) const {
    return "find the mount on " + shown(s.destination);
  }
  std::string operator()(const step::Unmount& s) const {
    return "unmount " + shown(s.mount.destination);
  }
  std::string operator()(const step::MakeDevice& s) const {
    const unsigned type = s.mode & S_IFMT;
    if (type == S_IFIFO) return "make fifo " + shown(s.path) + " " + octal(s.mode & 07777);
    return "make device " + shown(s.path) + " " + (type == S_IFBLK ? "b " : "c ") +
           numbers(s.major, s.minor) + " " + octal(s.mode & 07777);
  }
  std::string operator()(const step::BindDevice& s) const { return "bind device " + shown(s.path); }
  std::string operator()(const step::MakeSymlink& s) const {
    return "link " + shown(s.path) + " to " + s.target;
  }
  std::string operator()(const step::WriteSysctl& s) const {
    return "set sysctl " + shortened(s.key) + " to " + quote(shortened(s.value));
  }
  std::string operator()(const step::ReadonlyPath& s) const {
    return "make " + shown(s.path) + " read-only";
  }
  std::string operator()(const step::MaskPath& s) const {
    return "mask " + shown(s.path) +
           (s.label.second.empty() ? ""
                                   : " with " + s.label.first + "=" + shortened(s.label.second));
  }
  std::string operator()(const step::VerifyMounts&) const { return "verify the kernel's mounts"; }
  std::string operator()(const step::MakeDirectory& s) const {
    return "make directory " + shown(s.path);
  }
  std::string operator()(const step::MakeConsole& s) const {
    return "make the console" + (s.label.empty() ? "" : " with label " + shortened(s.label));
  }
  std::string operator()(const step::FindHome&) const { return "find HOME"; }
  std::string operator()(const step::EnterRoot& s) const {
    switch (s.how) {
      case step::RootChange::pivot:
        return "pivot into the root file system";
      case step::RootChange::move:
        return "move the root file system onto /";
      case step::RootChange::chroot:
        break;
    }
    return "chroot into the root file system";
  }
  std::string operator()(const step::RootPropagation& s) const {
    return "make / " + propagation_words(s.flags);
  }
  std::string operator()(const step::SetScheduler&) const { return "set the scheduling policy"; }
  std::string operator()(const step::SetIoPriority&) const { return "set the I/O priority"; }
  std::string operator()(const step::SetPersonality&) const { return "set the personality"; }
  std::string operator()(const step::SetMemoryPolicy&) const { return "set the memory policy"; }
  std::string operator()(const step::SetUmask& s) const { return "set umask " + octal(s.mask); }
  std::string operator()(const step::OwnStdio& s) const {
    return "give stdio to uid " + std::to_string(s.uid);
  }
  std::string operator()(const step::OwnPipes& s) const {
    return "give pipes of the host to uid " + std::to_string(s.uid);
  }
  std::string operator()(const step::TakeStreams&) const {
    return "take the hook's standard streams";
  }
  std::string operator()(const step::EnterStub&) const { return "become the stub"; }
  std::string operator()(const step::ForkIntoNamespaces&) const {
    return "fork into the namespaces";
  }
  std::string operator()(const step::EnterDirectory& s) const {
    return "change to directory " + shortened(s.path);
  }
  std::string operator()(const step::DropBounding&) const { return "drop bounding capabilities"; }
  std::string operator()(const step::SetUser& s) const {
    return "set user " + std::to_string(s.uid) + ":" + std::to_string(s.gid);
  }
  std::string operator()(const step::RetryDirectory& s) const {
    return "verify the working directory " + shortened(s.path);
  }
  std::string operator()(const step::FindProgram& s) const { return "find " + quote(s.name); }
  std::string operator()(const step::SetCapabilities&) const { return "set capabilities"; }
  std::string operator()(const step::SetLabel& s) const {
    return "set " + s.module + " " + quote(shortened(s.text));
  }
  std::string operator()(const step::NoNewPrivileges&) const { return "set no_new_privs"; }
  std::string operator()(const step::LoadSeccomp& s) const {
    return "load the seccomp filter, " + std::to_string(s.program.size()) + " instructions";
  }
  std::string operator()(const step::TakeListener&) const { return "take the seccomp listener"; }
  std::string operator()(const step::SendListener& s) const {
    return "send the seccomp listener to " + shortened(s.path);
  }
  std::string operator()(const step::CloseListener&) const { return "close the seccomp listener"; }
  std::string operator()(const step::Ready&) const { return "ready"; }
  std::string operator()(const step::AwaitStart&) const { return "wait to be started"; }
  std::string operator()(const step::Execute& s) const { return "execute " + quote(s.name); }
};

void pad(std::string& line, std::size_t column) {
  line.append(line.size() < column ? column - line.size() : 1, ' ');
}

}  // namespace

std::string describe(const Action& action) {
  return std::visit(Describe{}, action);
}

const char* calls(const Action& action) {
  return std::visit([](const auto& s) { return s.calls; }, action);
}

const char* name(Actor actor) {
  constexpr const char* names[] = {"host", "stage", "init", "stub"};
  return names[static_cast<std::size_t>(actor)];
}

std::string print_plan(const Plan& plan) {
  std::string table = "step  actor  after  what\n";
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    std::string line = std::to_string(i);
    pad(line, 6);
    line += name(step.actor);
    pad(line, 13);
    line += step.after == no_step ? "-" : std::to_string(step.after);
    pad(line, 20);
    line += describe(step.action);
    pad(line, 76);
    line += std::string("[") + calls(step.action) + "]";
    if (!step.origin.empty()) line += "  " + step.origin;
    table += line + "\n";
  }
  return table;
}

}  // namespace tare::runtime

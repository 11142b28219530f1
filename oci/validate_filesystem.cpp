// SPDX-License-Identifier: Apache-2.0
//
// Rules about root, mounts, masked and read-only paths, and hooks.
#include <algorithm>

#include "base/text.h"
#include "oci/normal_form.h"
#include "oci/rules.h"

namespace tare::oci {

namespace {

// config.md, "Root": required on Linux; the host's own root is never meant.
void root(const Config& config, const Place& document, Problems& problems) {
  const Place place(document, "root");
  if (!config.root) return problems.add(place, "is required");
  const Place path(place, "path");
  if (config.root->path.empty()) return problems.add(path, "must not be empty");
  if (config.root->path.starts_with('/') && lexically_clean(config.root->path) == "/") {
    problems.add(path, "is the root of the host");
  }
}

// ---- mounts ------------------------------------------------------------------------------------

template <class Check>
void for_each_mount(const Config& config, const Place& document, const Check& check) {
  const Place mounts(document, "mounts");
  for (std::size_t i = 0; i < config.mounts.size(); ++i) check(config.mounts[i], Place(mounts, i));
}

// config.md, "Mounts": required.
void destinations(const Config& config, const Place& document, Problems& problems) {
  for_each_mount(config, document, [&](const Mount& mount, const Place& place) {
    if (!mount.destination.empty()) return;
    problems.add(Place(place, "destination"), "must not be empty");
  });
}

// config.md, "Mounts": either option makes a bind mount, whatever the type says.
bool is_bind(const Mount& mount) {
  return mount.type == "bind" ||
         std::any_of(mount.options.begin(), mount.options.end(), [](const std::string& option) {
           return option == "bind" || option == "rbind";
         });
}

// Files of /proc that lxcfs and its like replace; everything else below it is the kernel's word, on
// which the isolation of the container rests (CVE-2023-27561, CVE-2025-52881).
constexpr std::string_view replaceable[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/slabinfo",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/crypto/fips_enabled",
};

// A bind mount on / takes the place of the root file system. In the host's mount namespace it would
// hide what is unmounted at the end.
void mounts_on_root(const Config& config, const Place& document, Problems& problems) {
  for_each_mount(config, document, [&](const Mount& mount, const Place& place) {
    if (mount.destination != "/") return;
    const Place destination(place, "destination");
    if (!is_bind(mount) || contains(mount.options, "remount")) {
      problems.add(destination, "only a bind mount goes on /; root.readonly makes it read-only");
    } else if (find_namespace(config, NamespaceType::mount) == nullptr) {
      problems.add(destination, "a mount on / needs a mount namespace");
    }
  });
}

bool is_replaceable(std::string_view file) {
  return std::find(std::begin(replaceable), std::end(replaceable), file) != std::end(replaceable);
}

// On /proc goes a procfs or a bind (whose source is verified when it is mounted), below it only
// what may be replaced.
void mounts_on_proc(const Config& config, const Place& document, Problems& problems) {
  for_each_mount(config, document, [&](const Mount& mount, const Place& place) {
    const std::string& place_inside = mount.destination;
    if (place_inside == "/proc" && mount.type != "proc" && !is_bind(mount)) {
      problems.add(place, "only a proc or a bind mount goes on /proc, not " + quote(mount.type));
    }
    if (!place_inside.starts_with("/proc/") || is_replaceable(place_inside)) return;
    problems.add(place, "nothing may be mounted on " + printable(place_inside));
  });
}

// mount(2): options are one page of text.
void option_length(const Config& config, const Place& document, Problems& problems) {
  constexpr std::size_t longest = 4095;  // bytes
  for_each_mount(config, document, [&](const Mount& mount, const Place& place) {
    std::size_t length = mount.options.empty() ? 0 : mount.options.size() - 1;
    for (const std::string& option : mount.options) length += option.size();
    if (length <= longest) return;
    problems.add(Place(place, "options"),
                 "must not be longer than 4095 bytes together, have " + std::to_string(length));
  });
}

// config.md, "Mounts": both kinds of mappings or neither, each as user_namespaces(7) allows.
void mount_mappings(const Config& config, const Place& document, Problems& problems) {
  for_each_mount(config, document, [&](const Mount& mount, const Place& place) {
    if (mount.uidMappings.empty() != mount.gidMappings.empty()) {
      problems.add(place, "must have both uidMappings and gidMappings, or neither");
    }
    check_mappings(mount.uidMappings, Place(place, "uidMappings"), problems);
    check_mappings(mount.gidMappings, Place(place, "gidMappings"), problems);
  });
}

// ---- paths that are hidden or made read-only ----------------------------------------------------

void check_paths(const Config& config, const std::vector<std::string>& paths, const Place& place,
                 Problems& problems) {
  if (paths.empty()) return;
  if (find_namespace(config, NamespaceType::mount) == nullptr) {
    problems.add(place, "needs a mount namespace");
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].starts_with('/')) continue;
    problems.add(Place(place, i), "must be an absolute path, is " + quote(paths[i]));
  }
}

// config-linux.md, "Masked Paths": absolute; without a mount namespace they would be the host's.
void masked_paths(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  const Place place(linux_part, "maskedPaths");
  check_paths(config, config.linux_->maskedPaths, place, problems);
  for (std::size_t i = 0; i < config.linux_->maskedPaths.size(); ++i) {
    if (config.linux_->maskedPaths[i] != "/") continue;
    problems.add(Place(place, i), "is the root of the container itself");
  }
}

// config-linux.md, "Readonly Paths": likewise.
void readonly_paths(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  check_paths(config, config.linux_->readonlyPaths, Place(linux_part, "readonlyPaths"), problems);
}

// ---- hooks -------------------------------------------------------------------------------------

struct HookKind {
  const char* name;
  std::vector<Hook> Hooks::*list;
};
constexpr HookKind hook_kinds[] = {
    {"prestart", &Hooks::prestart},
    {"createRuntime", &Hooks::createRuntime},
    {"createContainer", &Hooks::createContainer},
    {"startContainer", &Hooks::startContainer},
    {"poststart", &Hooks::poststart},
    {"poststop", &Hooks::poststop},
};

template <class Check>
void for_each_hook(const Hooks& hooks, const Place& place, const Check& check) {
  for (const HookKind& kind : hook_kinds) {
    const Place list(place, kind.name);
    for (std::size_t i = 0; i < (hooks.*kind.list).size(); ++i) {
      check((hooks.*kind.list)[i], Place(list, i));
    }
  }
}

// config.md, "POSIX-platform Hooks": the path is absolute.
void hook_paths(const Hooks& hooks, const Place& place, Problems& problems) {
  for_each_hook(hooks, place, [&](const Hook& hook, const Place& at) {
    if (hook.path.starts_with('/')) return;
    problems.add(Place(at, "path"), "must be an absolute path, is " + quote(hook.path));
  });
}

// config.md, "POSIX-platform Hooks": a timeout is above zero.
void hook_timeouts(const Hooks& hooks, const Place& place, Problems& problems) {
  for_each_hook(hooks, place, [&](const Hook& hook, const Place& at) {
    if (hook.timeout.value_or(1) > 0) return;
    problems.add(Place(at, "timeout"),
                 "must be above 0 seconds, is " + std::to_string(*hook.timeout));
  });
}

}  // namespace

std::span<const Rule<Config>> filesystem_rules() {
  static constexpr Rule<Config> rules[] = {
      root,          destinations,   mounts_on_root, mounts_on_proc,
      option_length, mount_mappings, masked_paths,   readonly_paths,
  };
  return rules;
}

std::span<const Rule<Config>> mount_rules() {
  static constexpr Rule<Config> rules[] = {destinations, mounts_on_proc, option_length,
                                           mount_mappings};
  return rules;
}

std::span<const Rule<Hooks>> hook_rules() {
  static constexpr Rule<Hooks> rules[] = {hook_paths, hook_timeouts};
  return rules;
}

}  // namespace tare::oci

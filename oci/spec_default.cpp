// SPDX-License-Identifier: Apache-2.0
#include "oci/spec_default.h"

#include <initializer_list>
#include <utility>

#include "oci/version.h"

namespace tare::oci {

namespace {

Process default_process() {
  Process process;
  process.terminal = true;
  process.args = {"sh"};
  process.env = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"};
  process.cwd = "/";
  Capabilities& capabilities = process.capabilities.emplace();
  capabilities.bounding = {"CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"};
  capabilities.effective = capabilities.permitted = capabilities.bounding;
  process.rlimits = {{"RLIMIT_NOFILE", 1024, 1024}};
  process.noNewPrivileges = true;
  return process;
}

Mount mount(const char* destination, const char* type, const char* source,
            std::vector<std::string> options) {
  return {destination, type, source, std::move(options), {}, {}};
}

// Mounting sysfs requires ownership of the network namespace, and with a single mapped group there
// is no group 5 (tty).
std::vector<Mount> default_mounts(bool rootless) {
  std::vector<std::string> terminals = {"nosuid",        "noexec",    "newinstance",
                                        "ptmxmode=0666", "mode=0620", "gid=5"};
  if (rootless) terminals.pop_back();
  Mount sys = mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"});
  if (rootless) sys = mount("/sys", "none", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"});
  return {
      mount("/proc", "proc", "proc", {}),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}),
      mount("/dev/pts", "devpts", "devpts", std::move(terminals)),
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
      mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
      std::move(sys),
      mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}),
  };
}

std::vector<Namespace> namespaces_of(std::initializer_list<NamespaceType> types) {
  std::vector<Namespace> namespaces;
  for (const NamespaceType type : types) namespaces.push_back({type, {}});
  return namespaces;
}

// Files that show or change the host's hardware, keys and memory.
void hide_host(Linux& linux_part) {
  linux_part.maskedPaths = {"/proc/acpi",        "/proc/asound",        "/proc/kcore",
                            "/proc/keys",        "/proc/latency_stats", "/proc/timer_list",
                            "/proc/timer_stats", "/proc/sched_debug",   "/sys/firmware",
                            "/proc/scsi"};
  linux_part.readonlyPaths = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                              "/proc/sysrq-trigger"};
}

Linux default_linux() {
  using enum NamespaceType;
  Linux linux_part;
  linux_part.resources.emplace().devices = {{false, "", {}, {}, "rwm"}};
  linux_part.namespaces = namespaces_of({pid, network, ipc, uts, mount, cgroup});
  hide_host(linux_part);
  return linux_part;
}

Linux rootless_linux(std::uint32_t uid, std::uint32_t gid) {
  using enum NamespaceType;
  Linux linux_part;
  linux_part.uidMappings = {{0, uid, 1}};
  linux_part.gidMappings = {{0, gid, 1}};
  linux_part.namespaces = namespaces_of({pid, ipc, uts, mount, cgroup, user});
  hide_host(linux_part);
  return linux_part;
}

}  // namespace

Config default_config(bool rootless, std::uint32_t uid, std::uint32_t gid) {
  Config config;
  config.ociVersion = newest_spec_version;
  config.process = default_process();
  config.root = Root{"rootfs", true};
  config.hostname = "tare";
  config.mounts = default_mounts(rootless);
  config.linux_ = rootless ? rootless_linux(uid, gid) : default_linux();
  return config;
}

}  // namespace tare::oci

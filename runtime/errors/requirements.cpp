// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/requirements.h"

#include "runtime/plan/visible.h"

namespace tare::runtime {

namespace {

// The first row that fits is taken: a row with an errno stands before one without.
constexpr Requirement requirements[] = {
    // ---- mounts ----
    {"fsopen", "ENODEV", "", "The kernel must have the file system type, built in or as a module.",
     "cat /proc/filesystems", "Load the module with modprobe(8), or use another type."},
    {"fsconfig", "EINVAL", "",
     "The file system must know each parameter in options, and accept its value.", "dmesg | tail",
     "Correct options. Each file system documents its parameters, for example tmpfs(5)."},
    {"fsconfig", "EPERM", "",
     "Some file systems can be mounted only from the initial user namespace, and proc and sysfs "
     "only where one that nothing covers is already visible (user_namespaces(7)).",
     "cat /proc/self/uid_map; grep -E ' (proc|sysfs) ' /proc/self/mountinfo",
     "Use a bind mount of the host's, or run as root of the host."},
    {"fsmount", "EPERM", "",
     "A new proc or sysfs needs one in the mount namespace that nothing covers "
     "(mount_too_revealing() in the kernel).",
     "grep -E ' (proc|sysfs) ' /proc/self/mountinfo",
     "Run tare where /proc and /sys are not masked, or bind the host's."},
    {"open_tree", "ENOENT", "/mounts", "The source of a bind mount must exist on the host.", "",
     "Create the source, or correct source."},
    {"open_tree", "EACCES", "/mounts",
     "tare must be allowed to search each directory on the way to the source.", "",
     "Change the permissions of the directory, or choose a source that tare can reach."},
    {"open_tree", "EINVAL", "/mounts",
     "A mount can be bound only if it is not unbindable, and what covers something in a less "
     "privileged mount namespace is bound only with all that is below it "
     "(mount_namespaces(7)).",
     "findmnt -o TARGET,PROPAGATION", "Use rbind, or another source."},
    {"move_mount", "EINVAL", "",
     "A directory can be mounted only on a directory, and a file only on a file.", "",
     "Make source and destination of one kind, or remove what the image has at destination."},
    {"mount_setattr", "EPERM", "",
     "Flags that a more privileged mount namespace has set are locked, and cannot be cleared "
     "(mount_namespaces(7)).",
     "findmnt -o TARGET,OPTIONS", "Remove the option that clears the flag, such as rw or exec."},
    {"mount_setattr", "EINVAL", "",
     "The file system must support ID-mapped mounts, and the mount must not have a mapping yet.",
     "tare info", "Remove uidMappings, gidMappings or idmap from the mount."},
    {"", "ENOSPC", "/mounts",
     "A mount namespace holds at most fs.mount-max mounts; a file system needs free space for the "
     "destination.",
     "sysctl fs.mount-max; wc -l < /proc/self/mountinfo; df .",
     "Remove mounts, or raise fs.mount-max."},
    {"pivot_root", "EINVAL", "",
     "The root file system must be a mount, and the parent of the current root must not be shared "
     "or a ramdisk (pivot_root(2)).",
     "findmnt -o TARGET,FSTYPE,PROPAGATION /", "Use --no-pivot on a ramdisk."},
    {"openat2", "ELOOP", "",
     "A path in the container must not use links that the kernel makes, as in /proc/PID/fd "
     "(RESOLVE_NO_MAGICLINKS in openat2(2)).",
     "", "Choose a destination without such a link."},
    {"openat2", "EXDEV", "", "A path in the container must stay beneath its root.", "",
     "Choose a destination that does not lead out of the root file system."},
    // ---- devices ----
    {"mknodat", "EPERM", "",
     "Making a device needs CAP_MKNOD in the initial user namespace (mknod(2)), and a device "
     "cgroup that allows it.",
     "grep CapEff /proc/self/status; cat /proc/self/uid_map",
     "Remove the device from linux.devices, or bind it in mounts."},
    // ---- namespaces ----
    {"clone3", "ENOSPC", "",
     "The number of namespaces is limited for each user by user.max_*_namespaces, and user and pid "
     "namespaces nest at most 32 deep (namespaces(7)).",
     "sysctl -a | grep '^user.max_'", "Raise the limit, or remove namespaces that are not used."},
    {"clone3", "EAGAIN", "",
     "A new process must fit into pids.max of each cgroup above it, RLIMIT_NPROC of the user, and "
     "kernel.threads-max.",
     "cat /proc/self/cgroup; ulimit -u; sysctl kernel.threads-max kernel.pid_max",
     "End processes, or raise the limit that is reached."},
    {"clone3", "EPERM", "",
     "New namespaces need CAP_SYS_ADMIN, or a new user namespace that the system permits "
     "(user_namespaces(7)).",
     "grep -E 'CapEff|Seccomp:' /proc/self/status; sysctl kernel.unprivileged_userns_clone",
     "Run as root, or add a user namespace with mappings to linux.namespaces."},
    {"clone3", "EINVAL", "", "The kernel must have each kind of namespace in linux.namespaces.",
     "ls /proc/self/ns", "Remove the namespace from linux.namespaces."},
    {"setns", "EPERM", "",
     "Joining a namespace needs CAP_SYS_ADMIN in the user namespace that owns it; a mount "
     "namespace also needs CAP_SYS_CHROOT (setns(2)).",
     "tare ns list", "Join the user namespace that owns it too."},
    {"setns", "EINVAL", "",
     "The file must be a namespace of the kind that type says, and of another user namespace than "
     "one's own only a descendant can be joined (setns(2)).",
     "readlink PATH; tare ns list", "Correct type or path in linux.namespaces."},
    {"sethostname", "EPERM", "",
     "Setting the hostname needs CAP_SYS_ADMIN in the owner of the uts namespace.", "tare ns list",
     "Add a uts namespace to linux.namespaces."},
    // ---- the process ----
    {"prlimit64", "EPERM", "", "Raising a hard limit needs CAP_SYS_RESOURCE (getrlimit(2)).",
     "grep -E 'Max|Cap' /proc/self/limits /proc/self/status",
     "Set hard in process.rlimits no higher than the limit of the process that calls tare."},
    {"sched_setattr", "EPERM", "",
     "A real-time policy or a lower nice value needs CAP_SYS_NICE or a limit that allows it, and a "
     "real-time budget of the cgroup (sched(7)).",
     "ulimit -r -e; sysctl kernel.sched_rt_runtime_us", "Change process.scheduler."},
    {"setresuid", "EINVAL", "", "The user must be mapped in the container's user namespace.", "",
     "Correct process.user.uid, or extend linux.uidMappings."},
    {"setresgid", "EINVAL", "", "The group must be mapped in the container's user namespace.", "",
     "Correct process.user.gid, or extend linux.gidMappings."},
    {"setgroups", "", "",
     "Additional groups must be mapped, and a user namespace of an unprivileged user denies "
     "setgroups(2) (user_namespaces(7)).",
     "cat /proc/self/setgroups /proc/self/gid_map", "Remove process.user.additionalGids."},
    {"capset", "EPERM", "", "A process can keep only capabilities that it has (capabilities(7)).",
     "grep Cap /proc/self/status", "Remove what tare does not hold from process.capabilities."},
    {"seccomp", "EACCES", "",
     "Loading a filter needs no_new_privs or CAP_SYS_ADMIN in the user namespace (seccomp(2)).", "",
     "Set process.noNewPrivileges."},
    {"keyctl", "EDQUOT", "", "The number of keys of each user is limited (keyrings(7)).",
     "cat /proc/key-users; sysctl kernel.keys.maxkeys kernel.keys.maxbytes",
     "Raise the limit, or use --no-new-keyring."},
    {"execve", "", "",
     "The program must be in the container's root file system: in $PATH of process.env, or at its "
     "path if it has a slash. process.user must be allowed to execute it, its mount must not be "
     "noexec, and it must be built for this processor or start with #! and an interpreter.",
     "tare check BUNDLE", "Correct process.args, PATH in process.env, or the file in the image."},
    // ---- files that tare writes ----
    {"", "EINVAL", "/linux/resources", "The controller must accept the value.",
     "tare cgroup show ID",
     "Correct the value. The kernel's documentation has the ranges: "
     "Documentation/admin-guide/cgroup-v2.rst."},
    {"", "ERANGE", "/linux/resources", "The controller must accept the value.",
     "tare cgroup show ID",
     "Correct the value: CPUs and memory nodes, for example, must be ones that the host has."},
    {"", "EBUSY", "/linux/resources",
     "A limit cannot be set below what is in use, and a cgroup of v2 with processes in it has no "
     "controllers for its children (cgroups(7)).",
     "cat /proc/self/cgroup", "Raise the limit, or choose another linux.cgroupsPath."},
    {"", "ENOENT", "/linux/resources",
     "The controller must be mounted, and on v2 enabled in cgroup.subtree_control of each cgroup "
     "above.",
     "cat /proc/cgroups /sys/fs/cgroup/cgroup.controllers",
     "Enable the controller, or remove its limits."},
    {"", "EACCES", "/linux/cgroupsPath",
     "An unprivileged user needs a cgroup that was delegated to them (cgroups(7)).",
     "cat /proc/self/cgroup", "Use --systemd-cgroup, or --cgroup-manager=disabled."},
    {"", "ENOENT", "/linux/sysctl",
     "The kernel must have the parameter, and the container the namespace that it belongs to.", "",
     "Correct the key in linux.sysctl."},
    {"", "EINVAL", "/linux/sysctl", "The kernel must accept the value.", "",
     "Correct the value in linux.sysctl."},
    {"", "", "/hooks", "A hook must exit with status 0 before its timeout.", "",
     "Run the program of the hook by itself, with the output of tare state on standard input."},
    // ---- anywhere ----
    {"", "ENOSYS", "", "The kernel must have the system call, and no seccomp filter may deny it.",
     "uname -r; grep Seccomp: /proc/self/status", "Use a newer kernel, or change the filter."},
    {"", "EMFILE", "", "A process opens at most RLIMIT_NOFILE files.", "ulimit -n",
     "Raise the limit of the process that calls tare."},
    {"", "ENFILE", "", "The system opens at most fs.file-max files.", "sysctl fs.file-nr",
     "Raise fs.file-max."},
    {"", "ENOSPC", "", "The file system needs free space and free inodes.", "df -h; df -i",
     "Remove files."},
    {"", "EROFS", "", "The file system must be mounted read-write.", "findmnt -o TARGET,OPTIONS",
     "Mount it read-write, or choose another place."},
    {"", "ENOMEM", "", "There must be free memory, also in the cgroup that tare runs in.",
     "free -m; cat /proc/self/cgroup", "End processes, or raise the limit."},
    {"", "EDQUOT", "", "The user's quota must not be used up.", "quota", "Raise the quota."},
};

constexpr Requirement nothing_known = {};

bool fits(std::string_view wanted, std::string_view found) {
  return wanted.empty() || wanted == found;
}

struct Section {
  std::string_view origin;
  std::string_view file;
  std::string_view title;
};
// The longest beginning stands first.
constexpr Section sections[] = {
    {"/ociVersion", "config.md", "Specification version"},
    {"/root", "config.md", "Root"},
    {"/mounts", "config.md", "Mounts"},
    {"/process/user", "config.md", "POSIX-platform User"},
    {"/process", "config.md", "Process"},
    {"/hostname", "config.md", "Hostname"},
    {"/domainname", "config.md", "Domainname"},
    {"/hooks", "config.md", "POSIX-platform Hooks"},
    {"/annotations", "config.md", "Annotations"},
    {"/linux/namespaces", "config-linux.md", "Namespaces"},
    {"/linux/uidMappings", "config-linux.md", "User namespace mappings"},
    {"/linux/gidMappings", "config-linux.md", "User namespace mappings"},
    {"/linux/timeOffsets", "config-linux.md", "Offset for Time Namespace"},
    {"/linux/devices", "config-linux.md", "Devices"},
    {"/linux/netDevices", "config-linux.md", "Network Devices"},
    {"/linux/cgroupsPath", "config-linux.md", "Cgroups Path"},
    {"/linux/resources/devices", "config-linux.md", "Allowed Device list"},
    {"/linux/resources/memory", "config-linux.md", "Memory"},
    {"/linux/resources/cpu", "config-linux.md", "CPU"},
    {"/linux/resources/blockIO", "config-linux.md", "Block IO"},
    {"/linux/resources/hugepageLimits", "config-linux.md", "Huge page limits"},
    {"/linux/resources/network", "config-linux.md", "Network"},
    {"/linux/resources/pids", "config-linux.md", "PIDs"},
    {"/linux/resources/rdma", "config-linux.md", "RDMA"},
    {"/linux/resources/unified", "config-linux.md", "Unified"},
    {"/linux/resources", "config-linux.md", "Control groups"},
    {"/linux/intelRdt", "config-linux.md", "IntelRdt"},
    {"/linux/memoryPolicy", "config-linux.md", "Memory policy"},
    {"/linux/sysctl", "config-linux.md", "Sysctl"},
    {"/linux/seccomp", "config-linux.md", "Seccomp"},
    {"/linux/rootfsPropagation", "config-linux.md", "Rootfs Mount Propagation"},
    {"/linux/maskedPaths", "config-linux.md", "Masked Paths"},
    {"/linux/readonlyPaths", "config-linux.md", "Readonly Paths"},
    {"/linux/mountLabel", "config-linux.md", "Mount Label"},
    {"/linux/personality", "config-linux.md", "Personality"},
};

}  // namespace

const Requirement& requirement_of(std::string_view call, std::string_view errno_name,
                                  std::string_view origin) {
  for (const Requirement& row : requirements) {
    const bool here = row.origin.empty() || is_at_or_below(origin, row.origin);
    if (here && fits(row.call, call) && fits(row.errno_name, errno_name)) return row;
  }
  return nothing_known;
}

std::string section_of(std::string_view origin) {
  for (const Section& row : sections) {
    if (!is_at_or_below(origin, row.origin)) continue;
    return std::string(row.file) + ", \"" + std::string(row.title) + "\"";
  }
  return "";
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// The steps a plan is made of: plain data, one type per kind of effect. The planner of a topic
// (runtime/plan/*.cpp) decides every value; runtime/do/*.cpp performs a step and decides nothing.
//
// Each type says in `calls` which system calls it makes; describe() (print.cpp) says in words what
// it does to which object: the same words stand in `tare plan` and in front of an errno.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cgroups/place.h"
#include "cgroups/systemd_properties.h"
#include "cgroups/writes.h"
#include "oci/config.h"

namespace tare::runtime {

// A path as the container sees it. It is resolved by runtime/do/inside.h, beneath the container's
// root, and by nothing else: it has no conversion to a string that a system call would take.
struct InsidePath {
  explicit InsidePath(std::string path = {}) : shown(std::move(path)) {}
  std::string shown;
};

// Descriptors that the host takes before the container exists, by number: every process of the
// launch has its own copy of the table.
using Slot = int;

// Flags of mount_setattr(2) to set and to clear.
struct AttributeChange {
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
  [[nodiscard]] bool empty() const { return (set | clear) == 0; }
};

struct MountAttributes {
  AttributeChange top;   // of the mount itself
  AttributeChange tree;  // of it and all beneath ("rro")
};

namespace step {

// ---- host, before the container exists ---------------------------------------------------------

struct OpenNamespace {
  static constexpr const char* calls = "openat ioctl(NS_GET_NSTYPE)";
  oci::NamespaceType type;
  std::string path;
  Slot slot;
  bool not_the_hosts = false;  // something will be changed in it
};

// What a bind mount takes if its source is a symbolic link: what the link leads to, the link itself
// as a mount, or its text, for a link in the container.
enum class SourceLink : std::uint8_t { follow, mount, copy };

// How the host makes a device that it has not got itself. The ids are the host's, or those of a
// user namespace that is joined.
struct NodeToMake {
  unsigned mode = 0;  // permission bits
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  Slot joined_users = -1;
};

// A detached copy of a mount tree of the host: the root file system, a bind mount's source, a
// device.
struct OpenTree {
  static constexpr const char* calls = "open_tree mount_setattr";
  std::string path;
  bool recursive = false;
  unsigned long propagation =
      0;  // MS_SLAVE, MS_PRIVATE, MS_SHARED: how it hears of the host's mounts
  Slot slot;
  int device_type = 0;  // S_IFCHR or S_IFBLK with the numbers below; 0: no device is expected
  unsigned device_major = 0;
  unsigned device_minor = 0;
  std::optional<NodeToMake> node;  // if there is no such device at `path`
  SourceLink link = SourceLink::follow;
};

// A network device of the host that will be moved: it must be there before anything is done.
struct FindNetDevice {
  static constexpr const char* calls = "sendto(RTM_GETLINK)";
  std::string name;
  Slot slot;
};

// Translates the owners of files on a detached tree (mount_setattr(2), MOUNT_ATTR_IDMAP).
struct MapTree {
  static constexpr const char* calls = "clone3 write mount_setattr";
  Slot tree;
  std::string source;  // for the words
  bool recursive = false;
  std::string uid_map;  // lines as /proc/PID/uid_map takes them
  std::string gid_map;
  Slot joined_users = -1;  // the user namespace that has the maps, if they are not given
};

struct MakeCgroup {
  static constexpr const char* calls = "mkdirat openat";
  std::vector<cgroups::Directory> directories;
  std::vector<cgroups::Write> limits;  // what LimitCgroup will write: which controllers it needs
  bool may_fail = false;               // rootless: without limits it goes without a cgroup
};

// Clones init; with a stage, the stage does it.
struct CloneInit {
  static constexpr const char* calls = "clone3";
  std::uint64_t namespaces = 0;  // CLONE_NEW*
  bool from_stage = false;
  bool into_cgroup = false;  // v2: born in the container's cgroup
};

struct CloneStage {
  static constexpr const char* calls = "clone3";
  std::uint64_t namespaces = 0;  // CLONE_NEWUSER: without privilege nothing else can be done first
};

// The cgroup of a container that is there already, for a process that joins it.
struct OpenCgroup {
  static constexpr const char* calls = "openat2";
  std::vector<cgroups::Directory> directories;
  bool counts_last = false;  // the hierarchy of `pids` is entered by EnterFullCgroup
};

// Where a joining process runs until it is in the cgroup (config.md, execCPUAffinity): set on tare
// itself, inherited by what it clones.
struct InitialCpus {
  static constexpr const char* calls = "sched_setaffinity";
  std::vector<unsigned long> cpus;  // a bit each
};

// ---- stage or init: namespaces -----------------------------------------------------------------

struct JoinNamespace {
  static constexpr const char* calls = "setns";
  oci::NamespaceType type;
  std::string path;
  Slot slot;
};

struct TimeOffsets {
  static constexpr const char* calls = "unshare write";
  std::string text;  // lines for /proc/self/timens_offsets
};

// ---- host, while init works ---------------------------------------------------------------------

// Without CAP_SETUID and CAP_SETGID the kernel takes a caller's single own id; newuidmap(1) and
// newgidmap(1) write the ranges that subuid(5) and subgid(5) give the caller.
enum class MapWriter { self, helper };

struct WriteMappings {
  static constexpr const char* calls = "openat write";
  std::string uid_map;  // lines as /proc/PID/uid_map takes them
  std::string gid_map;
  MapWriter uids = MapWriter::self;
  MapWriter gids = MapWriter::self;
  bool deny_groups = false;  // setgroups(2) in the namespace: user_namespaces(7) wants that first
};

// Systemd makes the container's cgroup, around init that is there already.
struct StartScope {
  static constexpr const char* calls = "sendmsg(StartTransientUnit) openat";
  cgroups::Scope scope;
  std::vector<cgroups::Property> properties;
  std::vector<cgroups::Directory> directories;
  std::vector<cgroups::Write> limits;  // as of MakeCgroup
};

struct OomScoreAdj {
  static constexpr const char* calls = "openat write";
  std::int64_t value = 0;
};

struct LimitCgroup {
  static constexpr const char* calls = "openat write";
  std::vector<cgroups::Write> limits;  // each with its own place in config.json
};

struct RestrictDevices {
  static constexpr const char* calls = "bpf or write";
  std::vector<oci::DeviceCgroup> rules;
  bool may_fail = false;  // in a user namespace the kernel already refuses device nodes
};

// A group of resctrl (kernel: Documentation/filesystems/resctrl.rst) that init is put into.
struct EnterResctrl {
  static constexpr const char* calls = "mkdirat write(schemata) write(tasks)";
  std::string group;        // a directory of resctrl; empty: its root
  bool must_exist = false;  // made beforehand, by somebody else
  bool keeps = false;       // stays when the container is deleted, whoever made it
  struct Line {
    std::string text;
    std::string origin;
    bool compared = false;  // a group that was there must have these values already
  };
  std::vector<Line> schemata;
  std::string monitor;  // a directory in the group's mon_groups, or empty
};

// The same group for a process that joins the container.
struct JoinResctrl {
  static constexpr const char* calls = "write(tasks)";
  std::string group;    // as of EnterResctrl
  std::string monitor;  // as of EnterResctrl
};

// Into the container's network namespace, with addresses, under its new name; and up.
struct MoveNetDevice {
  static constexpr const char* calls =
      "setns sendto(RTM_GETADDR) sendto(RTM_NEWLINK) sendto(RTM_NEWADDR)";
  std::string name;
  std::string new_name;  // may be a template, "eth%d"
  Slot device;           // that FindNetDevice found
  Slot joined = -1;      // the network namespace; -1: the one that init was born into
};

// The container's own to divide: its user may make cgroups beneath (config-linux.md, "Cgroup
// ownership").
struct DelegateCgroup {
  static constexpr const char* calls = "fchownat";
  std::uint32_t uid = 0;  // as the host knows it
  std::string below;      // the part of it that DivideCgroup made; empty: the whole
};

// Init into a cgroup without limits in the container's own, which has them.
struct DivideCgroup {
  static constexpr const char* calls = "mkdir write(cgroup.procs) write(cgroup.subtree_control)";
  std::string name;
};

struct SetRlimit {
  static constexpr const char* calls = "prlimit64";
  std::string type;
  int resource = 0;
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

// A hook of runtime.md's life cycle, run by the host or, in the container's namespaces, by init.
struct RunHook {
  static constexpr const char* calls = "clone3 execve pidfd_open poll";
  std::string kind;  // "createRuntime"
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string output;  // a file to append standard output to; empty: it is kept for the error
  std::string errors;  // the same for standard error
  bool inherits_env = false;
  std::int64_t timeout_seconds = 0;  // 0: none asked for
};

// ---- init ---------------------------------------------------------------------------------------

struct EnterCgroup {
  static constexpr const char* calls = "write(tasks)";
};

struct NewCgroupNamespace {
  static constexpr const char* calls = "unshare";
};

// CPUs that the caller was bound to are not the container's; its cpuset still is.
struct AllCpus {
  static constexpr const char* calls = "sched_setaffinity";
};

struct FinalCpus {
  static constexpr const char* calls = "sched_setaffinity";
  std::vector<unsigned long> cpus;  // a bit each
};

// All namespaces of a running container at once, by the pidfd of its init.
struct JoinContainer {
  static constexpr const char* calls = "setns";
  std::uint64_t namespaces = 0;  // CLONE_NEW*
};

// A copy of tare's own mounts, for a user who can take trees of no other.
struct NewMountNamespace {
  static constexpr const char* calls = "unshare";
};

// Keeps /proc/thread-self/fd for the steps that must know or name where a descriptor is.
struct OpenDescriptors {
  static constexpr const char* calls = "openat2 fstatfs";
};

struct NewSession {
  static constexpr const char* calls = "setsid";
};

struct SessionKeyring {
  static constexpr const char* calls = "keyctl";
  std::string name;
  std::string label;  // SELinux's, or empty
};

// Keeps /proc/thread-self/attr for the steps that write labels.
struct OpenAttributes {
  static constexpr const char* calls = "openat2 fstatfs";
};

struct LoopbackUp {
  static constexpr const char* calls = "socket ioctl(SIOCSIFFLAGS)";
};

struct SetHostname {
  static constexpr const char* calls = "sethostname";
  std::string name;
};

struct SetDomainname {
  static constexpr const char* calls = "setdomainname";
  std::string name;
};

// Propagation of every mount that the new mount namespace copied from the host.
struct HostPropagation {
  static constexpr const char* calls = "mount";
  unsigned long flags = 0;
};

// Puts the root file system's tree onto its own path, so that it is a mount.
struct AttachRoot {
  static constexpr const char* calls = "move_mount openat2";
  std::string path;  // host path
  Slot tree;
  bool isolate_parent =
      false;  // make the mount it stands on private first: pivot_root(2) wants that
};

// Without mounts and without a mount namespace the root file system is used where it is.
struct OpenRoot {
  static constexpr const char* calls = "openat";
  std::string path;  // host path
};

// Root of the new user namespace. From here on nobody but the host's root may look into init.
struct BecomeRoot {
  static constexpr const char* calls = "setgroups setresgid setresuid";
  bool groups = false;
};

// What the options of a tmpfs say about its root directory.
struct GivenForRoot {
  bool mode = false;
  bool uid = false;
  bool gid = false;
};

struct MountFilesystem {
  static constexpr const char* calls = "fsopen fsconfig fsmount openat2 move_mount";
  std::string type;
  std::string source;
  std::vector<std::pair<std::string, std::string>> data;  // key and value; a flag has no value
  std::vector<std::string> superblock_flags;              // "ro", "sync", ...
  MountAttributes attributes;
  InsidePath destination;
  std::string label;                // SELinux's for its root, where no option says it
  bool inherits_mode = false;       // tmpfs over a directory that was there takes its mode
  bool copies_up = false;           // the directory's contents, into the tmpfs
  GivenForRoot given;               // what the copy leaves as it is
  bool ordinary_directory = false;  // proc, sysfs: the target may be no symbolic link
  bool covers_procfs = false;       // the target may be in a procfs
  Slot pid_namespace = -1;          // a procfs of this one; -1: of init's
  bool kept = false;                // for protected paths and VerifyMounts
  std::vector<unsigned long> propagation;
  std::string fallback;  // the host's mount of this type, bound where the kernel makes no new one
  MountAttributes fallback_attributes;
};

struct MountTree {
  static constexpr const char* calls = "openat2 mount_setattr move_mount";
  std::string source;  // for the words; the tree is in the slot
  Slot tree;
  MountAttributes attributes;
  InsidePath destination;
  bool verify_procfs = false;  // a bind on /proc must be of a procfs
  bool onto_link = false;      // a symbolic link at the destination is covered, not followed
  bool covers_procfs = false;  // the target may be in a procfs
  bool kept = false;           // for protected paths and VerifyMounts
  bool is_root = false;        // all that follows is beneath it
  std::vector<unsigned long> propagation;
};

// `remount` of what is mounted at the destination.
struct Remount {
  static constexpr const char* calls = "openat2 fspick fsconfig mount_setattr";
  InsidePath destination;
  bool superblock = false;  // else only the mount's own flags
  std::vector<std::pair<std::string, std::string>> data;
  std::vector<std::string> superblock_flags;
  MountAttributes attributes;
  std::vector<unsigned long> propagation;
};

// Flags that must wait until everything beneath is in place: a read-only root, /dev, tmpfs.
struct SealMount {
  static constexpr const char* calls = "openat2 mount_setattr";
  InsidePath destination;
  bool all_below = false;  // and what is mounted below it
};

// Something that `mounts remove` will unmount: a mount point, and none that it must not touch.
struct FindMount {
  static constexpr const char* calls = "openat2 statx readlinkat";
  InsidePath destination;
  bool onto_link = false;      // as of MountTree
  bool covers_procfs = false;  // the place may be in /proc
};

struct Unmount {
  static constexpr const char* calls = "openat2 statx readlinkat umount2";
  FindMount mount;
  bool lazy = false;  // out of sight now, gone when nobody uses it any more
};

struct MakeDevice {
  static constexpr const char* calls = "openat2 mknodat fstatat";
  InsidePath path;
  unsigned mode = 0;  // type and permission bits
  unsigned major = 0;
  unsigned minor = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

// In a user namespace nodes cannot be made: the host's node is bound onto an empty file.
struct BindDevice {
  static constexpr const char* calls = "openat2 move_mount";
  InsidePath path;
  Slot tree;
};

struct MakeSymlink {
  static constexpr const char* calls = "openat2 symlinkat";
  InsidePath path;
  std::string target;
  bool replace = false;        // whatever is there goes
  std::string only_if_exists;  // a host path, or empty
};

struct WriteSysctl {
  static constexpr const char* calls = "openat2 write";
  std::string key;   // as the config has it
  std::string path;  // below /proc/sys
  std::string value;
};

// A path in a procfs or sysfs that the plan keeps is found by that mount's descriptor: whatever
// happens to the name "/proc" meanwhile, the file system itself is protected.
struct ProtectedPath {
  InsidePath path;
  std::string mount;  // destination of the mount, or empty
};

struct ReadonlyPath : ProtectedPath {
  static constexpr const char* calls = "openat2 open_tree mount_setattr move_mount";
};

struct MaskPath : ProtectedPath {
  static constexpr const char* calls = "openat2 move_mount";
  // linux.mountLabel as an option of the file system that masks directories, or two empty texts.
  std::pair<std::string, std::string> label;
};

// The mounts that were kept are still where they were mounted: nobody has moved the directory away.
struct VerifyMounts {
  static constexpr const char* calls = "openat2 statx";
  std::vector<InsidePath> destinations;
};

struct MakeDirectory {
  static constexpr const char* calls = "openat2 mkdirat";
  InsidePath path;
};

// The pseudo-terminal of the container's own devpts as stdio and controlling terminal.
struct MakeConsole {
  static constexpr const char* calls = "openat2 ioctl(TIOCGPTPEER) ioctl(TIOCSCTTY) dup3 sendmsg";
  bool device = false;       // bind it on /dev/console too
  bool makes_device = true;  // false: only if there is a /dev/console
  bool controlling = true;   // false: the stub takes it, in the session that it makes
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
  std::uint32_t owner = 0;
  std::string label;  // SELinux's for the terminal, or empty
};

// HOME from the container's /etc/passwd, if the process has none.
struct FindHome {
  static constexpr const char* calls = "openat2 read";
  std::uint32_t uid = 0;
};

enum class RootChange { pivot, move, chroot };

struct EnterRoot {
  static constexpr const char* calls = "pivot_root umount2 chroot chdir";
  RootChange how = RootChange::pivot;
};

// Propagation of the container's "/", which pivot_root(2) would have refused before.
struct RootPropagation {
  static constexpr const char* calls = "mount";
  unsigned long flags = 0;
};

struct SetScheduler {
  static constexpr const char* calls = "sched_setattr";
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime = 0;  // ns
  std::uint64_t deadline = 0;
  std::uint64_t period = 0;
};

struct SetIoPriority {
  static constexpr const char* calls = "ioprio_set";
  int value = 0;
};

struct SetPersonality {
  static constexpr const char* calls = "personality";
  unsigned long domain = 0;
};

struct SetMemoryPolicy {
  static constexpr const char* calls = "set_mempolicy";
  int mode = 0;                      // MPOL_*, with its flags
  std::vector<unsigned long> nodes;  // a bit mask; empty: none
};

struct SetUmask {
  static constexpr const char* calls = "umask";
  unsigned mask = 022;
};

struct OwnStdio {
  static constexpr const char* calls = "fstat fchown dup3";
  std::uint32_t uid = 0;
};

// The same for pipes that come from outside of the process's user namespace: their owner is not
// mapped there, so only the host can change it.
struct OwnPipes {
  static constexpr const char* calls = "read(uid_map) fchown";
  std::uint32_t uid = 0;      // in the user namespace
  bool of_container = false;  // which a process joins, else that of init
};

// The standard streams of a hook, in place of tare's own.
struct TakeStreams {
  static constexpr const char* calls = "dup3";
};

// Init becomes the stub: what follows is carried out by its instructions.
struct EnterStub {
  static constexpr const char* calls = "memfd_create fcntl(F_ADD_SEALS) execveat";
};

// ---- stub ---------------------------------------------------------------------------------------

// Into the pid namespace that the process has joined: its children are in it, it is not.
struct ForkIntoNamespaces {
  static constexpr const char* calls = "clone";
};

// Standard input, as the terminal of the new session.
struct ControlTerminal {
  static constexpr const char* calls = "ioctl(TIOCSCTTY)";
};

// Into the cgroup that counts processes, whose limit is reached: it lets nobody clone there, but
// who moves there may.
struct EnterFullCgroup {
  static constexpr const char* calls = "write(tasks) close";
};

struct EnterDirectory {
  static constexpr const char* calls = "chdir";
  std::string path;
};

struct DropBounding {
  static constexpr const char* calls = "prctl(PR_CAPBSET_DROP)";
  std::uint64_t keep = 0;  // bit per capability
};

struct SetUser {
  static constexpr const char* calls =
      "prctl(PR_SET_KEEPCAPS) setgroups setresgid setresuid capset";
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;
  bool keep_groups = false;     // setgroups(2) is denied or must not be called
  std::uint64_t effective = 0;  // capabilities in force while the program is looked up
  std::uint64_t held = 0;       // permitted ones, until SetCapabilities
};

struct RetryDirectory {
  static constexpr const char* calls = "chdir getcwd";
  std::string path;
};

struct FindProgram {
  static constexpr const char* calls = "statx faccessat2";
  std::string name;                     // args[0]
  std::vector<std::string> candidates;  // paths in the container
};

struct SetCapabilities {
  static constexpr const char* calls = "capset prctl(PR_CAP_AMBIENT)";
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
  std::uint64_t ambient = 0;
};

// What a security module shall confine the next program by.
struct SetLabel {
  static constexpr const char* calls = "openat2 write pread64";
  std::string module;  // "AppArmor profile"
  std::string file;    // below /proc/thread-self/attr
  std::string text;
  std::string read_back;  // how the file then begins; empty: anything
};

struct NoNewPrivileges {
  static constexpr const char* calls = "prctl(PR_SET_NO_NEW_PRIVS)";
};

struct LoadSeccomp {
  static constexpr const char* calls = "seccomp";
  std::vector<std::uint64_t> program;  // struct sock_filter, 8 bytes each
  unsigned flags = 0;
  std::uint64_t raise = 0;  // capabilities put in force for it: CAP_SYS_ADMIN without no_new_privs
  bool listens = false;     // the host takes its listener, whose number is told
};

// The host takes the listener of the filter from the process that has loaded it.
struct TakeListener {
  static constexpr const char* calls = "pidfd_getfd readlink";
};

// And gives it to the agent that answers for it (config-linux.md, "The Container Process State").
struct SendListener {
  static constexpr const char* calls = "connect sendmsg";
  std::string path;
  std::string metadata;
};

// The host has the listener; a process in the container must not get it from init.
struct CloseListener {
  static constexpr const char* calls = "read close";
};

// Everything is in place: the host may publish the container.
struct Ready {
  static constexpr const char* calls = "write read";
};

// The host has published it; init waits to be started.
struct AwaitStart {
  static constexpr const char* calls = "read";
};

struct Execute {
  static constexpr const char* calls = "close_range execve";
  std::string name;
};

}  // namespace step

using Action = std::variant<
    step::OpenNamespace, step::OpenTree, step::MapTree, step::MakeCgroup, step::CloneInit,
    step::CloneStage, step::JoinNamespace, step::TimeOffsets, step::WriteMappings,
    step::OomScoreAdj, step::LimitCgroup, step::RestrictDevices, step::DelegateCgroup,
    step::SetRlimit, step::RunHook, step::EnterCgroup, step::NewCgroupNamespace, step::NewSession,
    step::SessionKeyring, step::OpenAttributes, step::LoopbackUp, step::SetHostname,
    step::SetDomainname, step::HostPropagation, step::AttachRoot, step::OpenRoot, step::AllCpus,
    step::BecomeRoot, step::MountFilesystem, step::MountTree, step::Remount, step::SealMount,
    step::MakeDevice, step::BindDevice, step::MakeSymlink, step::WriteSysctl, step::ReadonlyPath,
    step::MaskPath, step::VerifyMounts, step::MakeDirectory, step::MakeConsole, step::FindHome,
    step::EnterRoot, step::RootPropagation, step::SetScheduler, step::SetIoPriority,
    step::SetPersonality, step::SetMemoryPolicy, step::SetUmask, step::OwnStdio, step::OwnPipes,
    step::TakeStreams, step::EnterStub, step::ForkIntoNamespaces, step::EnterFullCgroup,
    step::EnterDirectory, step::DropBounding, step::SetUser, step::RetryDirectory,
    step::FindProgram, step::SetCapabilities, step::SetLabel, step::NoNewPrivileges,
    step::LoadSeccomp, step::TakeListener, step::SendListener, step::CloseListener, step::Ready,
    step::AwaitStart, step::Execute, step::OpenCgroup, step::InitialCpus, step::FinalCpus,
    step::JoinContainer, step::ControlTerminal, step::StartScope, step::FindNetDevice,
    step::MoveNetDevice, step::EnterResctrl, step::JoinResctrl, step::DivideCgroup,
    step::NewMountNamespace, step::OpenDescriptors, step::FindMount, step::Unmount>;

}  // namespace tare::runtime

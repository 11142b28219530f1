// SPDX-License-Identifier: Apache-2.0
//
// The container configuration of runtime-spec 1.3 (config.md, config-linux.md), as types.
//
// Names are the spec's own, letter for letter (only `class` gets an underscore). What may be absent
// and means something else than its zero is a std::optional; an absent string or list is empty.
// Plain data: no pointers, no behaviour. Decoding and encoding follow the field tables of
// oci/fields.h, the rules that go over single values stand in oci/validate.h. Decoded documents are
// in the form of oci/normal_form.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace tare::oci {

using Annotations = std::map<std::string, std::string>;

// ---- process -----------------------------------------------------------------------------------

struct Box {
  std::uint64_t height = 0;  // rows
  std::uint64_t width = 0;   // columns
};

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::optional<std::uint32_t> umask;
  std::vector<std::uint32_t> additionalGids;
};

struct Capabilities {
  // Names as in capabilities(7), "CAP_CHOWN". Unknown ones are kept: the spec asks for a warning.
  std::vector<std::string> bounding;
  std::vector<std::string> effective;
  std::vector<std::string> inheritable;
  std::vector<std::string> permitted;
  std::vector<std::string> ambient;
};

struct Rlimit {
  std::string type;        // "RLIMIT_NOFILE"
  std::uint64_t soft = 0;  // RLIM_INFINITY is 2^64 - 1
  std::uint64_t hard = 0;
};

enum class SchedulerPolicy { OTHER, FIFO, RR, BATCH, ISO, IDLE, DEADLINE };
enum class SchedulerFlag {
  RESET_ON_FORK,
  RECLAIM,
  DL_OVERRUN,
  KEEP_POLICY,
  KEEP_PARAMS,
  UTIL_CLAMP_MIN,
  UTIL_CLAMP_MAX
};

struct Scheduler {
  SchedulerPolicy policy = SchedulerPolicy::OTHER;
  std::optional<std::int32_t> nice;
  std::optional<std::int32_t> priority;
  std::vector<SchedulerFlag> flags;
  std::optional<std::uint64_t> runtime;   // ns
  std::optional<std::uint64_t> deadline;  // ns
  std::optional<std::uint64_t> period;    // ns
};

enum class IOPriorityClass { RT, BE, IDLE };

struct IOPriority {
  IOPriorityClass class_ = IOPriorityClass::BE;
  std::int32_t priority = 0;
};

struct CPUAffinity {
  std::string initial;  // cpuset(7) list format
  std::string final;
};

struct Process {
  bool terminal = false;
  std::optional<Box> consoleSize;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::string cwd;
  std::optional<Capabilities> capabilities;
  std::vector<Rlimit> rlimits;
  bool noNewPrivileges = false;
  std::string apparmorProfile;
  std::optional<std::int64_t> oomScoreAdj;
  std::optional<Scheduler> scheduler;
  std::string selinuxLabel;
  std::optional<IOPriority> ioPriority;
  std::optional<CPUAffinity> execCPUAffinity;
};

// ---- root, mounts, hooks -----------------------------------------------------------------------

struct Root {
  std::string path;
  bool readonly = false;
};

struct IDMapping {
  std::uint32_t containerID = 0;
  std::uint32_t hostID = 0;
  std::uint32_t size = 0;
};

struct Mount {
  std::string destination;
  std::string type;
  std::string source;
  std::vector<std::string> options;
  std::vector<IDMapping> uidMappings;
  std::vector<IDMapping> gidMappings;
  bool was_relative = false;  // not of the document: how its destination was written
};

struct Hook {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;
  std::optional<std::int64_t> timeout;  // seconds
};

struct Hooks {
  std::vector<Hook> prestart;
  std::vector<Hook> createRuntime;
  std::vector<Hook> createContainer;
  std::vector<Hook> startContainer;
  std::vector<Hook> poststart;
  std::vector<Hook> poststop;
};

// ---- linux -------------------------------------------------------------------------------------

enum class NamespaceType { mount, pid, network, uts, ipc, user, cgroup, time };

struct Namespace {
  NamespaceType type = NamespaceType::mount;
  std::string path;  // empty: a new one

  [[nodiscard]] bool is_new() const { return path.empty(); }
};

// The one of this type, of which a document has at most one; null if there is none.
inline const Namespace* find_namespace(const std::vector<Namespace>& namespaces,
                                       NamespaceType type) {
  for (const Namespace& entry : namespaces) {
    if (entry.type == type) return &entry;
  }
  return nullptr;
}

struct TimeOffset {
  std::int64_t secs = 0;
  std::uint32_t nanosecs = 0;
};

struct Device {
  std::string path;
  std::string type;                   // "c", "b", "u" or "p"
  std::optional<std::int64_t> major;  // required unless it is a fifo
  std::optional<std::int64_t> minor;
  std::optional<std::uint32_t> fileMode;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
};

struct NetDevice {
  std::string name;  // empty: keeps its host name
};

struct DeviceCgroup {
  bool allow = false;
  std::string type;                   // "a", "c", "b"; empty means "a"
  std::optional<std::int64_t> major;  // absent: all
  std::optional<std::int64_t> minor;
  std::string access;  // of "rwm"
};

struct Memory {
  std::optional<std::int64_t> limit;        // bytes; -1: unlimited
  std::optional<std::int64_t> reservation;  // bytes
  std::optional<std::int64_t> swap;         // bytes, memory + swap
  std::optional<std::int64_t> kernel;
  std::optional<std::int64_t> kernelTCP;
  std::optional<std::uint64_t> swappiness;
  std::optional<bool> disableOOMKiller;
  std::optional<bool> useHierarchy;
  std::optional<bool> checkBeforeUpdate;
};

struct CPU {
  std::optional<std::uint64_t> shares;
  std::optional<std::int64_t> quota;    // us
  std::optional<std::uint64_t> burst;   // us
  std::optional<std::uint64_t> period;  // us
  std::optional<std::int64_t> realtimeRuntime;
  std::optional<std::uint64_t> realtimePeriod;
  std::string cpus;  // cpuset(7) list format
  std::string mems;
  std::optional<std::int64_t> idle;
};

struct Pids {
  std::optional<std::int64_t> limit;  // -1: unlimited
};

struct WeightDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leafWeight;
};

struct ThrottleDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint64_t rate = 0;  // bytes or operations per second
};

struct BlockIO {
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leafWeight;
  std::vector<WeightDevice> weightDevice;
  std::vector<ThrottleDevice> throttleReadBpsDevice;
  std::vector<ThrottleDevice> throttleWriteBpsDevice;
  std::vector<ThrottleDevice> throttleReadIOPSDevice;
  std::vector<ThrottleDevice> throttleWriteIOPSDevice;
};

struct HugepageLimit {
  std::string pageSize;  // "2MB"
  std::uint64_t limit = 0;
};

struct InterfacePriority {
  std::string name;
  std::uint32_t priority = 0;
};

struct Network {
  std::optional<std::uint32_t> classID;
  std::vector<InterfacePriority> priorities;
};

struct Rdma {
  std::optional<std::uint32_t> hcaHandles;
  std::optional<std::uint32_t> hcaObjects;
};

struct Resources {
  std::vector<DeviceCgroup> devices;
  std::optional<Memory> memory;
  std::optional<CPU> cpu;
  std::optional<Pids> pids;
  std::optional<BlockIO> blockIO;
  std::vector<HugepageLimit> hugepageLimits;
  std::optional<Network> network;
  std::map<std::string, Rdma> rdma;
  std::map<std::string, std::string> unified;
};

enum class SeccompAction {
  KILL,
  KILL_PROCESS,
  KILL_THREAD,
  TRAP,
  ERRNO,
  TRACE,
  ALLOW,
  LOG,
  NOTIFY
};
enum class SeccompOperator { NE, LT, LE, EQ, GE, GT, MASKED_EQ };
enum class SeccompFlag { TSYNC, LOG, SPEC_ALLOW, WAIT_KILLABLE_RECV };
enum class SeccompArch {
  X86,
  X86_64,
  X32,
  ARM,
  AARCH64,
  LOONGARCH64,
  M68K,
  MIPS,
  MIPS64,
  MIPS64N32,
  MIPSEL,
  MIPSEL64,
  MIPSEL64N32,
  PPC,
  PPC64,
  PPC64LE,
  S390,
  S390X,
  SH,
  SHEB,
  PARISC,
  PARISC64,
  RISCV64
};

struct SyscallArg {
  std::uint32_t index = 0;
  std::uint64_t value = 0;
  std::uint64_t valueTwo = 0;
  SeccompOperator op = SeccompOperator::EQ;
};

struct Syscall {
  std::vector<std::string> names;
  SeccompAction action = SeccompAction::ALLOW;
  std::optional<std::uint32_t> errnoRet;
  std::vector<SyscallArg> args;
};

struct Seccomp {
  SeccompAction defaultAction = SeccompAction::ERRNO;
  std::optional<std::uint32_t> defaultErrnoRet;
  std::vector<SeccompArch> architectures;
  std::optional<std::vector<SeccompFlag>> flags;  // absent and empty differ
  std::string listenerPath;
  std::string listenerMetadata;
  std::vector<Syscall> syscalls;
};

enum class MemoryPolicyMode {
  DEFAULT,
  BIND,
  INTERLEAVE,
  WEIGHTED_INTERLEAVE,
  PREFERRED,
  PREFERRED_MANY,
  LOCAL
};
enum class MemoryPolicyFlag { NUMA_BALANCING, RELATIVE_NODES, STATIC_NODES };

struct MemoryPolicy {
  MemoryPolicyMode mode = MemoryPolicyMode::DEFAULT;
  std::string nodes;
  std::vector<MemoryPolicyFlag> flags;
};

enum class PersonalityDomain { LINUX, LINUX32 };

struct Personality {
  PersonalityDomain domain = PersonalityDomain::LINUX;
  std::vector<std::string> flags;
};

struct IntelRdt {
  std::string closID;
  std::vector<std::string> schemata;
  std::string l3CacheSchema;
  std::string memBwSchema;
  bool enableMonitoring = false;
};

enum class RootfsPropagation { private_, shared, slave, unbindable };

struct Linux {
  std::vector<Namespace> namespaces;
  std::vector<IDMapping> uidMappings;
  std::vector<IDMapping> gidMappings;
  std::map<std::string, TimeOffset> timeOffsets;  // "monotonic", "boottime"
  std::vector<Device> devices;
  std::map<std::string, NetDevice> netDevices;  // key: name on the host
  std::string cgroupsPath;
  std::optional<Resources> resources;
  std::optional<IntelRdt> intelRdt;
  std::optional<MemoryPolicy> memoryPolicy;
  std::map<std::string, std::string> sysctl;
  std::optional<Seccomp> seccomp;
  std::optional<RootfsPropagation> rootfsPropagation;  // "rshared" and the like mean the same
  std::vector<std::string> maskedPaths;
  std::vector<std::string> readonlyPaths;
  std::string mountLabel;
  std::optional<Personality> personality;
};

struct Config {
  std::string ociVersion;
  std::optional<Process> process;
  std::optional<Root> root;
  std::string hostname;
  std::string domainname;
  std::vector<Mount> mounts;
  std::optional<Hooks> hooks;
  Annotations annotations;
  std::optional<Linux> linux_;  // GNU C++ defines `linux` as 1 outside strict mode
};

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// The field tables: for each struct of oci/config.h the JSON name of each member and whether it
// must be there, for each enum the JSON name of each value. Decoding, encoding, `tare features` and
// the tests that go over every field all read these tables; a new field of the spec is a member of
// the struct and one row here.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "oci/config.h"

namespace tare::oci {

enum class Presence : std::uint8_t {
  optional,     // may be absent; written only when it says something
  always,       // may be absent; always written
  required,     // refused when absent; always written
  unsupported,  // tare does not carry it out: refused by name when it says something
};

template <auto Member>
struct Field {
  static constexpr auto member = Member;
  std::string_view name;
  Presence presence = Presence::optional;
};

// Fields<T>::table is a std::tuple of Field, in the order in which the encoder writes.
template <class T>
struct Fields;

// A base of the table of what is never read: it needs no decoder.
struct OnlyWritten {};

template <class T, class = void>
inline constexpr bool has_fields = false;
template <class T>
inline constexpr bool has_fields<T, std::void_t<decltype(Fields<T>::table)>> = true;

// Whether tare carries out the property that is stored in `Member`.
template <class T, auto Member>
constexpr bool carried_out() {
  return std::apply(
      [](const auto&... fields) {
        const auto supports = [](const auto& field) {
          using Row = std::remove_cvref_t<decltype(field)>;
          return std::is_same_v<Row, Field<Member>> && field.presence != Presence::unsupported;
        };
        return (supports(fields) || ...);
      },
      Fields<T>::table);
}

template <class E>
struct EnumName {
  E value;
  std::string_view name;
};

// Names<E>::table is a std::array of EnumName. Where a value has several names, all are read and
// the first is written.
template <class E>
struct Names;

template <class E>
constexpr std::string_view name_of(E value) {
  for (const auto& entry : Names<E>::table) {
    if (entry.value == value) return entry.name;
  }
  return {};
}

// ---- enums -------------------------------------------------------------------------------------

template <>
struct Names<SchedulerPolicy> {
  using enum SchedulerPolicy;
  static constexpr std::array table = {
      EnumName<SchedulerPolicy>{OTHER, "SCHED_OTHER"},
      EnumName<SchedulerPolicy>{FIFO, "SCHED_FIFO"},
      EnumName<SchedulerPolicy>{RR, "SCHED_RR"},
      EnumName<SchedulerPolicy>{BATCH, "SCHED_BATCH"},
      EnumName<SchedulerPolicy>{ISO, "SCHED_ISO"},
      EnumName<SchedulerPolicy>{IDLE, "SCHED_IDLE"},
      EnumName<SchedulerPolicy>{DEADLINE, "SCHED_DEADLINE"},
  };
};

template <>
struct Names<SchedulerFlag> {
  using enum SchedulerFlag;
  static constexpr std::array table = {
      EnumName<SchedulerFlag>{RESET_ON_FORK, "SCHED_FLAG_RESET_ON_FORK"},
      EnumName<SchedulerFlag>{RECLAIM, "SCHED_FLAG_RECLAIM"},
      EnumName<SchedulerFlag>{DL_OVERRUN, "SCHED_FLAG_DL_OVERRUN"},
      EnumName<SchedulerFlag>{KEEP_POLICY, "SCHED_FLAG_KEEP_POLICY"},
      EnumName<SchedulerFlag>{KEEP_PARAMS, "SCHED_FLAG_KEEP_PARAMS"},
      EnumName<SchedulerFlag>{UTIL_CLAMP_MIN, "SCHED_FLAG_UTIL_CLAMP_MIN"},
      EnumName<SchedulerFlag>{UTIL_CLAMP_MAX, "SCHED_FLAG_UTIL_CLAMP_MAX"},
  };
};

template <>
struct Names<IOPriorityClass> {
  using enum IOPriorityClass;
  static constexpr std::array table = {
      EnumName<IOPriorityClass>{RT, "IOPRIO_CLASS_RT"},
      EnumName<IOPriorityClass>{BE, "IOPRIO_CLASS_BE"},
      EnumName<IOPriorityClass>{IDLE, "IOPRIO_CLASS_IDLE"},
  };
};

template <>
struct Names<NamespaceType> {
  static constexpr std::array table = {
      EnumName<NamespaceType>{NamespaceType::mount, "mount"},
      EnumName<NamespaceType>{NamespaceType::pid, "pid"},
      EnumName<NamespaceType>{NamespaceType::network, "network"},
      EnumName<NamespaceType>{NamespaceType::uts, "uts"},
      EnumName<NamespaceType>{NamespaceType::ipc, "ipc"},
      EnumName<NamespaceType>{NamespaceType::user, "user"},
      EnumName<NamespaceType>{NamespaceType::cgroup, "cgroup"},
      EnumName<NamespaceType>{NamespaceType::time, "time"},
  };
};

template <>
struct Names<SeccompAction> {
  using enum SeccompAction;
  static constexpr std::array table = {
      EnumName<SeccompAction>{KILL, "SCMP_ACT_KILL"},
      EnumName<SeccompAction>{KILL_PROCESS, "SCMP_ACT_KILL_PROCESS"},
      EnumName<SeccompAction>{KILL_THREAD, "SCMP_ACT_KILL_THREAD"},
      EnumName<SeccompAction>{TRAP, "SCMP_ACT_TRAP"},
      EnumName<SeccompAction>{ERRNO, "SCMP_ACT_ERRNO"},
      EnumName<SeccompAction>{TRACE, "SCMP_ACT_TRACE"},
      EnumName<SeccompAction>{ALLOW, "SCMP_ACT_ALLOW"},
      EnumName<SeccompAction>{LOG, "SCMP_ACT_LOG"},
      EnumName<SeccompAction>{NOTIFY, "SCMP_ACT_NOTIFY"},
  };
};

template <>
struct Names<SeccompOperator> {
  using enum SeccompOperator;
  static constexpr std::array table = {
      EnumName<SeccompOperator>{NE, "SCMP_CMP_NE"},
      EnumName<SeccompOperator>{LT, "SCMP_CMP_LT"},
      EnumName<SeccompOperator>{LE, "SCMP_CMP_LE"},
      EnumName<SeccompOperator>{EQ, "SCMP_CMP_EQ"},
      EnumName<SeccompOperator>{GE, "SCMP_CMP_GE"},
      EnumName<SeccompOperator>{GT, "SCMP_CMP_GT"},
      EnumName<SeccompOperator>{MASKED_EQ, "SCMP_CMP_MASKED_EQ"},
  };
};

template <>
struct Names<SeccompFlag> {
  using enum SeccompFlag;
  static constexpr std::array table = {
      EnumName<SeccompFlag>{TSYNC, "SECCOMP_FILTER_FLAG_TSYNC"},
      EnumName<SeccompFlag>{LOG, "SECCOMP_FILTER_FLAG_LOG"},
      EnumName<SeccompFlag>{SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW"},
      EnumName<SeccompFlag>{WAIT_KILLABLE_RECV, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"},
  };
};

template <>
struct Names<SeccompArch> {
  using enum SeccompArch;
  static constexpr std::array table = {
      EnumName<SeccompArch>{X86, "SCMP_ARCH_X86"},
      EnumName<SeccompArch>{X86_64, "SCMP_ARCH_X86_64"},
      EnumName<SeccompArch>{X32, "SCMP_ARCH_X32"},
      EnumName<SeccompArch>{ARM, "SCMP_ARCH_ARM"},
      EnumName<SeccompArch>{AARCH64, "SCMP_ARCH_AARCH64"},
      EnumName<SeccompArch>{LOONGARCH64, "SCMP_ARCH_LOONGARCH64"},
      EnumName<SeccompArch>{M68K, "SCMP_ARCH_M68K"},
      EnumName<SeccompArch>{MIPS, "SCMP_ARCH_MIPS"},
      EnumName<SeccompArch>{MIPS64, "SCMP_ARCH_MIPS64"},
      EnumName<SeccompArch>{MIPS64N32, "SCMP_ARCH_MIPS64N32"},
      EnumName<SeccompArch>{MIPSEL, "SCMP_ARCH_MIPSEL"},
      EnumName<SeccompArch>{MIPSEL64, "SCMP_ARCH_MIPSEL64"},
      EnumName<SeccompArch>{MIPSEL64N32, "SCMP_ARCH_MIPSEL64N32"},
      EnumName<SeccompArch>{PPC, "SCMP_ARCH_PPC"},
      EnumName<SeccompArch>{PPC64, "SCMP_ARCH_PPC64"},
      EnumName<SeccompArch>{PPC64LE, "SCMP_ARCH_PPC64LE"},
      EnumName<SeccompArch>{S390, "SCMP_ARCH_S390"},
      EnumName<SeccompArch>{S390X, "SCMP_ARCH_S390X"},
      EnumName<SeccompArch>{SH, "SCMP_ARCH_SH"},
      EnumName<SeccompArch>{SHEB, "SCMP_ARCH_SHEB"},
      EnumName<SeccompArch>{PARISC, "SCMP_ARCH_PARISC"},
      EnumName<SeccompArch>{PARISC64, "SCMP_ARCH_PARISC64"},
      EnumName<SeccompArch>{RISCV64, "SCMP_ARCH_RISCV64"},
  };
};

template <>
struct Names<MemoryPolicyMode> {
  using enum MemoryPolicyMode;
  static constexpr std::array table = {
      EnumName<MemoryPolicyMode>{DEFAULT, "MPOL_DEFAULT"},
      EnumName<MemoryPolicyMode>{BIND, "MPOL_BIND"},
      EnumName<MemoryPolicyMode>{INTERLEAVE, "MPOL_INTERLEAVE"},
      EnumName<MemoryPolicyMode>{WEIGHTED_INTERLEAVE, "MPOL_WEIGHTED_INTERLEAVE"},
      EnumName<MemoryPolicyMode>{PREFERRED, "MPOL_PREFERRED"},
      EnumName<MemoryPolicyMode>{PREFERRED_MANY, "MPOL_PREFERRED_MANY"},
      EnumName<MemoryPolicyMode>{LOCAL, "MPOL_LOCAL"},
  };
};

template <>
struct Names<MemoryPolicyFlag> {
  using enum MemoryPolicyFlag;
  static constexpr std::array table = {
      EnumName<MemoryPolicyFlag>{NUMA_BALANCING, "MPOL_F_NUMA_BALANCING"},
      EnumName<MemoryPolicyFlag>{RELATIVE_NODES, "MPOL_F_RELATIVE_NODES"},
      EnumName<MemoryPolicyFlag>{STATIC_NODES, "MPOL_F_STATIC_NODES"},
  };
};

template <>
struct Names<PersonalityDomain> {
  using enum PersonalityDomain;
  static constexpr std::array table = {
      EnumName<PersonalityDomain>{LINUX, "LINUX"},
      EnumName<PersonalityDomain>{LINUX32, "LINUX32"},
  };
};

// Engines write the recursive names; the spec has the plain ones. A propagation of the root file
// system always means the whole tree.
template <>
struct Names<RootfsPropagation> {
  using enum RootfsPropagation;
  static constexpr std::array table = {
      EnumName<RootfsPropagation>{private_, "private"},
      EnumName<RootfsPropagation>{private_, "rprivate"},
      EnumName<RootfsPropagation>{shared, "shared"},
      EnumName<RootfsPropagation>{shared, "rshared"},
      EnumName<RootfsPropagation>{slave, "slave"},
      EnumName<RootfsPropagation>{slave, "rslave"},
      EnumName<RootfsPropagation>{unbindable, "unbindable"},
      EnumName<RootfsPropagation>{unbindable, "runbindable"},
  };
};

// ---- process -----------------------------------------------------------------------------------

template <>
struct Fields<Box> {
  static constexpr std::tuple table{
      Field<&Box::height>{"height", Presence::required},
      Field<&Box::width>{"width", Presence::required},
  };
};

// The text calls uid and gid required, the schema does not; engines leave out the whole of `user`.
template <>
struct Fields<User> {
  static constexpr std::tuple table{
      Field<&User::uid>{"uid", Presence::always},
      Field<&User::gid>{"gid", Presence::always},
      Field<&User::umask>{"umask"},
      Field<&User::additionalGids>{"additionalGids"},
  };
};

template <>
struct Fields<Capabilities> {
  static constexpr std::tuple table{
      Field<&Capabilities::bounding>{"bounding"},
      Field<&Capabilities::effective>{"effective"},
      Field<&Capabilities::inheritable>{"inheritable"},
      Field<&Capabilities::permitted>{"permitted"},
      Field<&Capabilities::ambient>{"ambient"},
  };
};

template <>
struct Fields<Rlimit> {
  static constexpr std::tuple table{
      Field<&Rlimit::type>{"type", Presence::required},
      Field<&Rlimit::hard>{"hard", Presence::required},
      Field<&Rlimit::soft>{"soft", Presence::required},
  };
};

template <>
struct Fields<Scheduler> {
  static constexpr std::tuple table{
      Field<&Scheduler::policy>{"policy", Presence::required},
      Field<&Scheduler::nice>{"nice"},
      Field<&Scheduler::priority>{"priority"},
      Field<&Scheduler::flags>{"flags"},
      Field<&Scheduler::runtime>{"runtime"},
      Field<&Scheduler::deadline>{"deadline"},
      Field<&Scheduler::period>{"period"},
  };
};

template <>
struct Fields<IOPriority> {
  static constexpr std::tuple table{
      Field<&IOPriority::class_>{"class", Presence::required},
      Field<&IOPriority::priority>{"priority", Presence::always},
  };
};

template <>
struct Fields<CPUAffinity> {
  static constexpr std::tuple table{
      Field<&CPUAffinity::initial>{"initial"},
      Field<&CPUAffinity::final>{"final"},
  };
};

template <>
struct Fields<Process> {
  static constexpr std::tuple table{
      Field<&Process::terminal>{"terminal"},
      Field<&Process::consoleSize>{"consoleSize"},
      Field<&Process::user>{"user", Presence::always},
      Field<&Process::args>{"args"},
      Field<&Process::env>{"env"},
      Field<&Process::cwd>{"cwd", Presence::required},
      Field<&Process::capabilities>{"capabilities"},
      Field<&Process::rlimits>{"rlimits"},
      Field<&Process::noNewPrivileges>{"noNewPrivileges"},
      Field<&Process::apparmorProfile>{"apparmorProfile"},
      Field<&Process::oomScoreAdj>{"oomScoreAdj"},
      Field<&Process::scheduler>{"scheduler"},
      Field<&Process::selinuxLabel>{"selinuxLabel"},
      Field<&Process::ioPriority>{"ioPriority"},
      Field<&Process::execCPUAffinity>{"execCPUAffinity"},
  };
};

// ---- root, mounts, hooks -----------------------------------------------------------------------

template <>
struct Fields<Root> {
  static constexpr std::tuple table{
      Field<&Root::path>{"path", Presence::required},
      Field<&Root::readonly>{"readonly"},
  };
};

template <>
struct Fields<IDMapping> {
  static constexpr std::tuple table{
      Field<&IDMapping::containerID>{"containerID", Presence::required},
      Field<&IDMapping::hostID>{"hostID", Presence::required},
      Field<&IDMapping::size>{"size", Presence::required},
  };
};

template <>
struct Fields<Mount> {
  static constexpr std::tuple table{
      Field<&Mount::destination>{"destination", Presence::required},
      Field<&Mount::type>{"type"},
      Field<&Mount::source>{"source"},
      Field<&Mount::options>{"options"},
      Field<&Mount::uidMappings>{"uidMappings"},
      Field<&Mount::gidMappings>{"gidMappings"},
  };
};

template <>
struct Fields<Hook> {
  static constexpr std::tuple table{
      Field<&Hook::path>{"path", Presence::required},
      Field<&Hook::args>{"args"},
      Field<&Hook::env>{"env"},
      Field<&Hook::timeout>{"timeout"},
  };
};

template <>
struct Fields<Hooks> {
  static constexpr std::tuple table{
      Field<&Hooks::prestart>{"prestart"},
      Field<&Hooks::createRuntime>{"createRuntime"},
      Field<&Hooks::createContainer>{"createContainer"},
      Field<&Hooks::startContainer>{"startContainer"},
      Field<&Hooks::poststart>{"poststart"},
      Field<&Hooks::poststop>{"poststop"},
  };
};

// ---- linux -------------------------------------------------------------------------------------

template <>
struct Fields<Namespace> {
  static constexpr std::tuple table{
      Field<&Namespace::type>{"type", Presence::required},
      Field<&Namespace::path>{"path"},
  };
};

template <>
struct Fields<TimeOffset> {
  static constexpr std::tuple table{
      Field<&TimeOffset::secs>{"secs"},
      Field<&TimeOffset::nanosecs>{"nanosecs"},
  };
};

template <>
struct Fields<Device> {
  static constexpr std::tuple table{
      Field<&Device::path>{"path", Presence::required},
      Field<&Device::type>{"type", Presence::required},
      Field<&Device::major>{"major"},
      Field<&Device::minor>{"minor"},
      Field<&Device::fileMode>{"fileMode"},
      Field<&Device::uid>{"uid"},
      Field<&Device::gid>{"gid"},
  };
};

template <>
struct Fields<NetDevice> {
  static constexpr std::tuple table{
      Field<&NetDevice::name>{"name"},
  };
};

template <>
struct Fields<DeviceCgroup> {
  static constexpr std::tuple table{
      Field<&DeviceCgroup::allow>{"allow", Presence::required},
      Field<&DeviceCgroup::type>{"type"},
      Field<&DeviceCgroup::major>{"major"},
      Field<&DeviceCgroup::minor>{"minor"},
      Field<&DeviceCgroup::access>{"access"},
  };
};

template <>
struct Fields<Memory> {
  static constexpr std::tuple table{
      Field<&Memory::limit>{"limit"},
      Field<&Memory::reservation>{"reservation"},
      Field<&Memory::swap>{"swap"},
      Field<&Memory::kernel>{"kernel"},
      Field<&Memory::kernelTCP>{"kernelTCP"},
      Field<&Memory::swappiness>{"swappiness"},
      Field<&Memory::disableOOMKiller>{"disableOOMKiller"},
      Field<&Memory::useHierarchy>{"useHierarchy"},
      Field<&Memory::checkBeforeUpdate>{"checkBeforeUpdate"},
  };
};

template <>
struct Fields<CPU> {
  static constexpr std::tuple table{
      Field<&CPU::shares>{"shares"},
      Field<&CPU::quota>{"quota"},
      Field<&CPU::burst>{"burst"},
      Field<&CPU::period>{"period"},
      Field<&CPU::realtimeRuntime>{"realtimeRuntime"},
      Field<&CPU::realtimePeriod>{"realtimePeriod"},
      Field<&CPU::cpus>{"cpus"},
      Field<&CPU::mems>{"mems"},
      Field<&CPU::idle>{"idle"},
  };
};

// The schema requires `limit`, the spec's text and its Go types no longer do.
template <>
struct Fields<Pids> {
  static constexpr std::tuple table{
      Field<&Pids::limit>{"limit"},
  };
};

template <>
struct Fields<WeightDevice> {
  static constexpr std::tuple table{
      Field<&WeightDevice::major>{"major", Presence::required},
      Field<&WeightDevice::minor>{"minor", Presence::required},
      Field<&WeightDevice::weight>{"weight"},
      Field<&WeightDevice::leafWeight>{"leafWeight"},
  };
};

template <>
struct Fields<ThrottleDevice> {
  static constexpr std::tuple table{
      Field<&ThrottleDevice::major>{"major", Presence::required},
      Field<&ThrottleDevice::minor>{"minor", Presence::required},
      Field<&ThrottleDevice::rate>{"rate", Presence::required},
  };
};

template <>
struct Fields<BlockIO> {
  static constexpr std::tuple table{
      Field<&BlockIO::weight>{"weight"},
      Field<&BlockIO::leafWeight>{"leafWeight"},
      Field<&BlockIO::weightDevice>{"weightDevice"},
      Field<&BlockIO::throttleReadBpsDevice>{"throttleReadBpsDevice"},
      Field<&BlockIO::throttleWriteBpsDevice>{"throttleWriteBpsDevice"},
      Field<&BlockIO::throttleReadIOPSDevice>{"throttleReadIOPSDevice"},
      Field<&BlockIO::throttleWriteIOPSDevice>{"throttleWriteIOPSDevice"},
  };
};

template <>
struct Fields<HugepageLimit> {
  static constexpr std::tuple table{
      Field<&HugepageLimit::pageSize>{"pageSize", Presence::required},
      Field<&HugepageLimit::limit>{"limit", Presence::required},
  };
};

template <>
struct Fields<InterfacePriority> {
  static constexpr std::tuple table{
      Field<&InterfacePriority::name>{"name", Presence::required},
      Field<&InterfacePriority::priority>{"priority", Presence::required},
  };
};

template <>
struct Fields<Network> {
  static constexpr std::tuple table{
      Field<&Network::classID>{"classID"},
      Field<&Network::priorities>{"priorities"},
  };
};

template <>
struct Fields<Rdma> {
  static constexpr std::tuple table{
      Field<&Rdma::hcaHandles>{"hcaHandles"},
      Field<&Rdma::hcaObjects>{"hcaObjects"},
  };
};

template <>
struct Fields<Resources> {
  static constexpr std::tuple table{
      Field<&Resources::devices>{"devices"}, Field<&Resources::memory>{"memory"},
      Field<&Resources::cpu>{"cpu"},         Field<&Resources::pids>{"pids"},
      Field<&Resources::blockIO>{"blockIO"}, Field<&Resources::hugepageLimits>{"hugepageLimits"},
      Field<&Resources::network>{"network"}, Field<&Resources::rdma>{"rdma"},
      Field<&Resources::unified>{"unified"},
  };
};

template <>
struct Fields<SyscallArg> {
  static constexpr std::tuple table{
      Field<&SyscallArg::index>{"index", Presence::required},
      Field<&SyscallArg::value>{"value", Presence::required},
      Field<&SyscallArg::valueTwo>{"valueTwo"},
      Field<&SyscallArg::op>{"op", Presence::required},
  };
};

template <>
struct Fields<Syscall> {
  static constexpr std::tuple table{
      Field<&Syscall::names>{"names", Presence::required},
      Field<&Syscall::action>{"action", Presence::required},
      Field<&Syscall::errnoRet>{"errnoRet"},
      Field<&Syscall::args>{"args"},
  };
};

template <>
struct Fields<Seccomp> {
  static constexpr std::tuple table{
      Field<&Seccomp::defaultAction>{"defaultAction", Presence::required},
      Field<&Seccomp::defaultErrnoRet>{"defaultErrnoRet"},
      Field<&Seccomp::architectures>{"architectures"},
      Field<&Seccomp::flags>{"flags"},
      Field<&Seccomp::listenerPath>{"listenerPath"},
      Field<&Seccomp::listenerMetadata>{"listenerMetadata"},
      Field<&Seccomp::syscalls>{"syscalls"},
  };
};

template <>
struct Fields<MemoryPolicy> {
  static constexpr std::tuple table{
      Field<&MemoryPolicy::mode>{"mode", Presence::required},
      Field<&MemoryPolicy::nodes>{"nodes"},
      Field<&MemoryPolicy::flags>{"flags"},
  };
};

template <>
struct Fields<Personality> {
  static constexpr std::tuple table{
      Field<&Personality::domain>{"domain", Presence::required},
      Field<&Personality::flags>{"flags"},
  };
};

template <>
struct Fields<IntelRdt> {
  static constexpr std::tuple table{
      Field<&IntelRdt::closID>{"closID"},
      Field<&IntelRdt::schemata>{"schemata"},
      Field<&IntelRdt::l3CacheSchema>{"l3CacheSchema"},
      Field<&IntelRdt::memBwSchema>{"memBwSchema"},
      Field<&IntelRdt::enableMonitoring>{"enableMonitoring"},
  };
};

template <>
struct Fields<Linux> {
  static constexpr std::tuple table{
      Field<&Linux::uidMappings>{"uidMappings"},
      Field<&Linux::gidMappings>{"gidMappings"},
      Field<&Linux::sysctl>{"sysctl"},
      Field<&Linux::resources>{"resources"},
      Field<&Linux::cgroupsPath>{"cgroupsPath"},
      Field<&Linux::namespaces>{"namespaces"},
      Field<&Linux::devices>{"devices"},
      Field<&Linux::netDevices>{"netDevices"},
      Field<&Linux::seccomp>{"seccomp"},
      Field<&Linux::rootfsPropagation>{"rootfsPropagation"},
      Field<&Linux::maskedPaths>{"maskedPaths"},
      Field<&Linux::readonlyPaths>{"readonlyPaths"},
      Field<&Linux::mountLabel>{"mountLabel"},
      Field<&Linux::intelRdt>{"intelRdt"},
      Field<&Linux::memoryPolicy>{"memoryPolicy"},
      Field<&Linux::personality>{"personality"},
      Field<&Linux::timeOffsets>{"timeOffsets"},
  };
};

template <>
struct Fields<Config> {
  static constexpr std::tuple table{
      Field<&Config::ociVersion>{"ociVersion", Presence::required},
      Field<&Config::process>{"process"},
      Field<&Config::root>{"root"},
      Field<&Config::hostname>{"hostname"},
      Field<&Config::domainname>{"domainname"},
      Field<&Config::mounts>{"mounts"},
      Field<&Config::hooks>{"hooks"},
      Field<&Config::annotations>{"annotations"},
      Field<&Config::linux_>{"linux"},
  };
};

}  // namespace tare::oci

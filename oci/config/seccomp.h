// SPDX-License-Identifier: Apache-2.0
//
// linux.seccomp (config-linux.md, "Seccomp").
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

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

enum class SeccompOperator { NE, LT, LE, EQ, GE, GT, MASKED_EQ };

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

enum class SeccompFlag { TSYNC, LOG, SPEC_ALLOW, WAIT_KILLABLE_RECV };

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

struct SyscallArg {
  std::uint32_t index = 0;
  std::uint64_t value = 0;
  std::uint64_t valueTwo = 0;
  SeccompOperator op = SeccompOperator::EQ;
};

constexpr auto fields(Of<SyscallArg>) {
  return Table{
      Field<&SyscallArg::index>{"index", Presence::required},
      Field<&SyscallArg::value>{"value", Presence::required},
      Field<&SyscallArg::valueTwo>{"valueTwo"},
      Field<&SyscallArg::op>{"op", Presence::required},
  };
}

struct Syscall {
  std::vector<std::string> names;
  SeccompAction action = SeccompAction::ALLOW;
  std::optional<std::uint32_t> errnoRet;
  std::vector<SyscallArg> args;
};

constexpr auto fields(Of<Syscall>) {
  return Table{
      Field<&Syscall::names>{"names", Presence::required},
      Field<&Syscall::action>{"action", Presence::required},
      Field<&Syscall::errnoRet>{"errnoRet"},
      Field<&Syscall::args>{"args"},
  };
}

struct Seccomp {
  SeccompAction defaultAction = SeccompAction::ERRNO;
  std::optional<std::uint32_t> defaultErrnoRet;
  std::vector<SeccompArch> architectures;
  std::optional<std::vector<SeccompFlag>> flags;  // absent and empty differ
  std::string listenerPath;
  std::string listenerMetadata;
  std::vector<Syscall> syscalls;
};

constexpr auto fields(Of<Seccomp>) {
  return Table{
      Field<&Seccomp::defaultAction>{"defaultAction", Presence::required},
      Field<&Seccomp::defaultErrnoRet>{"defaultErrnoRet"},
      Field<&Seccomp::architectures>{"architectures"},
      Field<&Seccomp::flags>{"flags"},
      Field<&Seccomp::listenerPath>{"listenerPath"},
      Field<&Seccomp::listenerMetadata>{"listenerMetadata"},
      Field<&Seccomp::syscalls>{"syscalls"},
  };
}

}  // namespace tare::oci

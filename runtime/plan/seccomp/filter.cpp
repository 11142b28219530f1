// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/seccomp/filter.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <deque>
#include <optional>
#include <string>

#include "base/kernel_abi.h"
#include "base/text.h"
#include "runtime/plan/seccomp/program.h"

namespace tare::runtime {

namespace {

using oci::SeccompAction;
using oci::SeccompArch;
using seccomp::Action;
using seccomp::Branch;
using seccomp::Condition;
using seccomp::Range;

// ---- Actions

struct ActionInfo {
  SeccompAction action;
  Action value;
  bool takes_errno;
};
constexpr ActionInfo action_table[] = {
    {SeccompAction::KILL, SECCOMP_RET_KILL_THREAD, false},
    {SeccompAction::KILL_PROCESS, SECCOMP_RET_KILL_PROCESS, false},
    {SeccompAction::KILL_THREAD, SECCOMP_RET_KILL_THREAD, false},
    {SeccompAction::TRAP, SECCOMP_RET_TRAP, false},
    {SeccompAction::ERRNO, SECCOMP_RET_ERRNO, true},
    {SeccompAction::TRACE, SECCOMP_RET_TRACE, true},
    {SeccompAction::ALLOW, SECCOMP_RET_ALLOW, false},
    {SeccompAction::LOG, SECCOMP_RET_LOG, false},
    {SeccompAction::NOTIFY, SECCOMP_RET_USER_NOTIF, false},
};

const ActionInfo& info(SeccompAction action) {
  return *std::find_if(std::begin(action_table), std::end(action_table),
                       [&](const ActionInfo& row) { return row.action == action; });
}

Result<Action> action_value(SeccompAction action, std::optional<std::uint32_t> errno_value,
                            const std::string& pointer) {
  const ActionInfo& row = info(action);
  if (!row.takes_errno) {
    if (!errno_value) return row.value;
    return Error::config(pointer,
                         "errno value specified for action " + quote(oci::name_of(action)));
  }
  const std::uint32_t data = errno_value.value_or(EPERM);
  if (data > SECCOMP_RET_DATA) {
    return Error::config(pointer, std::to_string(data) + " does not fit into 16 bits");
  }
  return row.value | data;
}

// The kernel's precedence if filters disagree: killing the process, a negative number, is first.
bool is_stricter(Action one, Action other) {
  return static_cast<std::int32_t>(one & SECCOMP_RET_ACTION_FULL) <
         static_cast<std::int32_t>(other & SECCOMP_RET_ACTION_FULL);
}

// tare assumes that a tracer knows new calls, because it sees them.
bool refuses(Action action) {
  return is_stricter(action, SECCOMP_RET_TRACE) && action != (SECCOMP_RET_ERRNO | ENOSYS);
}

// ---- Architectures

constexpr std::uint32_t x32_bit = 0x40000000;

struct ArchitectureInfo {
  SeccompArch architecture;
  std::uint32_t token;  // libseccomp's; 0: not known to it
  bool wide;            // system calls have 64-bit arguments
};
constexpr ArchitectureInfo architecture_table[] = {
    {SeccompArch::X86, SCMP_ARCH_X86, false},
    {SeccompArch::X86_64, SCMP_ARCH_X86_64, true},
    {SeccompArch::X32, SCMP_ARCH_X32, false},
    {SeccompArch::ARM, SCMP_ARCH_ARM, false},
    {SeccompArch::AARCH64, SCMP_ARCH_AARCH64, true},
#ifdef SCMP_ARCH_LOONGARCH64
    {SeccompArch::LOONGARCH64, SCMP_ARCH_LOONGARCH64, true},
#else
    {SeccompArch::LOONGARCH64, 0, true},
#endif
#ifdef SCMP_ARCH_M68K
    {SeccompArch::M68K, SCMP_ARCH_M68K, false},
#else
    {SeccompArch::M68K, 0, false},
#endif
    {SeccompArch::MIPS, SCMP_ARCH_MIPS, false},
    {SeccompArch::MIPS64, SCMP_ARCH_MIPS64, true},
    {SeccompArch::MIPS64N32, SCMP_ARCH_MIPS64N32, false},
    {SeccompArch::MIPSEL, SCMP_ARCH_MIPSEL, false},
    {SeccompArch::MIPSEL64, SCMP_ARCH_MIPSEL64, true},
    {SeccompArch::MIPSEL64N32, SCMP_ARCH_MIPSEL64N32, false},
    {SeccompArch::PPC, SCMP_ARCH_PPC, false},
    {SeccompArch::PPC64, SCMP_ARCH_PPC64, true},
    {SeccompArch::PPC64LE, SCMP_ARCH_PPC64LE, true},
    {SeccompArch::S390, SCMP_ARCH_S390, false},
    {SeccompArch::S390X, SCMP_ARCH_S390X, true},
#ifdef SCMP_ARCH_SH
    {SeccompArch::SH, SCMP_ARCH_SH, false},
    {SeccompArch::SHEB, SCMP_ARCH_SHEB, false},
#else
    {SeccompArch::SH, 0, false},
    {SeccompArch::SHEB, 0, false},
#endif
    {SeccompArch::PARISC, SCMP_ARCH_PARISC, false},
    {SeccompArch::PARISC64, SCMP_ARCH_PARISC64, true},
    {SeccompArch::RISCV64, SCMP_ARCH_RISCV64, true},
};

using Architectures = std::vector<const ArchitectureInfo*>;

// The native architecture first, each one once.
Result<Architectures> architectures_of(const oci::Seccomp& document, std::string_view pointer) {
  Architectures list;
  const auto add = [&](const ArchitectureInfo* row) {
    if (std::find(list.begin(), list.end(), row) == list.end()) list.push_back(row);
  };
  const auto row_of = [](const auto& matches) {
    return std::find_if(std::begin(architecture_table), std::end(architecture_table), matches);
  };
  add(row_of([native = seccomp_arch_native()](const auto& row) { return row.token == native; }));
  for (std::size_t i = 0; i < document.architectures.size(); ++i) {
    const auto* row =
        row_of([&](const auto& entry) { return entry.architecture == document.architectures[i]; });
    if (row->token == 0) {
      return Error::unsupported(std::string(pointer) + "/architectures/" + std::to_string(i),
                                "this build of tare does not know the calls of " +
                                    std::string(oci::name_of(row->architecture)));
    }
    add(row);
  }
  return list;
}

// ---- Names to numbers

// Recent calls that profiles may name and libseccomp may not know. Since Linux 5.1 a new call has
// the same number on every architecture, relative to the start of its table.
struct NewCall {
  std::string_view name;
  int number;
};
constexpr NewCall new_calls[] = {
    {"cachestat", 451},         {"fchmodat2", 452},        {"map_shadow_stack", 453},
    {"futex_wake", 454},        {"futex_wait", 455},       {"futex_requeue", 456},
    {"statmount", 457},         {"listmount", 458},        {"lsm_get_self_attr", 459},
    {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},       {"listxattrat", 465},
    {"removexattrat", 466},     {"open_tree_attr", 467},   {"file_getattr", 468},
    {"file_setattr", 469},
};

// The pseudo numbers of libseccomp for calls through socketcall(2), -100 and down, and through
// ipc(2), -200 and down; the absolute value minus that base is the first argument there. The same
// call may also have a number of its own, since Linux 4.3 and 5.1.
struct Multiplexed {
  int stand_in;
  int x86;
  int s390;
  int ppc;
  int mips;
};
constexpr Multiplexed multiplexed_calls[] = {
    {-101, 359, 359, 326, 4183},  // socket
    {-102, 361, 361, 327, 4169},  // bind
    {-103, 362, 362, 328, 4170},  // connect
    {-104, 363, 363, 329, 4174},  // listen
    {-105, -1, -1, 330, 4168},    // accept
    {-106, 367, 367, 331, 4172},  // getsockname
    {-107, 368, 368, 332, 4171},  // getpeername
    {-108, 360, 360, 333, 4184},  // socketpair
    {-109, -1, -1, 334, 4178},    // send
    {-110, -1, -1, 336, 4175},    // recv
    {-111, 369, 369, 335, 4180},  // sendto
    {-112, 371, 371, 337, 4176},  // recvfrom
    {-113, 373, 373, 338, 4182},  // shutdown
    {-114, 366, 366, 339, 4181},  // setsockopt
    {-115, 365, 365, 340, 4173},  // getsockopt
    {-116, 370, 370, 341, 4179},  // sendmsg
    {-117, 372, 372, 342, 4177},  // recvmsg
    {-118, 364, 364, 344, 4334},  // accept4
    {-119, 337, 357, 343, 4335},  // recvmmsg
    {-120, 345, 358, 349, 4343},  // sendmmsg
    {-201, -1, -1, -1, -1},       // semop
    {-202, 393, 393, 393, 4393},  // semget
    {-203, 394, 394, 394, 4394},  // semctl
    {-204, -1, 392, 392, -1},     // semtimedop, on the 64-bit ones
    {-211, 400, 400, 400, 4400},  // msgsnd
    {-212, 401, 401, 401, 4401},  // msgrcv
    {-213, 399, 399, 399, 4399},  // msgget
    {-214, 402, 402, 402, 4402},  // msgctl
    {-221, 397, 397, 397, 4397},  // shmat
    {-222, 398, 398, 398, 4398},  // shmdt
    {-223, 395, 395, 395, 4395},  // shmget
    {-224, 396, 396, 396, 4396},  // shmctl
};

int own_number(const Multiplexed& call, const ArchitectureInfo& architecture) {
  const bool is_semtimedop = call.stand_in == -204;
  if (is_semtimedop && !architecture.wide) return -1;
  switch (architecture.architecture) {
    case SeccompArch::X86:
      return call.x86;
    case SeccompArch::S390:
    case SeccompArch::S390X:
      return call.s390;
    case SeccompArch::PPC:
    case SeccompArch::PPC64:
    case SeccompArch::PPC64LE:
      return call.ppc;
    case SeccompArch::MIPS:
    case SeccompArch::MIPSEL:
      return call.mips;
    default:
      return -1;
  }
}

int resolve(const ArchitectureInfo& architecture, const char* name) {
  const int number = seccomp_syscall_resolve_name_arch(architecture.token, name);
  if (number != __NR_SCMP_ERROR) return number;
  for (const NewCall& call : new_calls) {
    if (call.name != name) continue;
    const int last_known = seccomp_syscall_resolve_name_arch(architecture.token, "openat2");
    constexpr int openat2_number = 437;
    return last_known < 0 ? last_known : last_known - openat2_number + call.number;
  }
  return number;
}

// ---- Rules

struct Rule {
  const std::vector<std::string>* names;
  Branch branch;
  bool is_default;  // same action as the default: only its names matter
};

// Two conditions on one argument can only be alternatives, so each condition becomes a rule of its
// own, as in every runtime.
std::vector<Branch> branches_of(const oci::Syscall& entry, Action action) {
  unsigned indices = 0;  // a bit for each
  for (const Condition& condition : entry.args) indices |= 1U << condition.index;
  const bool all_differ = static_cast<std::size_t>(std::popcount(indices)) == entry.args.size();
  if (all_differ) return {{entry.args, action}};
  std::vector<Branch> branches;
  for (const Condition& condition : entry.args) branches.push_back({{condition}, action});
  return branches;
}

Result<void> check_arguments(const oci::Syscall& entry, const std::string& pointer) {
  constexpr std::uint32_t last_argument = 5;
  for (std::size_t i = 0; i < entry.args.size(); ++i) {
    if (entry.args[i].index <= last_argument) continue;
    return Error::config(
        pointer + "/args/" + std::to_string(i) + "/index",
        "system calls have arguments 0 to 5, not " + std::to_string(entry.args[i].index));
  }
  return {};
}

Result<std::vector<Rule>> rules_of(const oci::Seccomp& document, Action default_action,
                                   std::string_view pointer) {
  std::vector<Rule> rules;
  for (std::size_t i = 0; i < document.syscalls.size(); ++i) {
    const oci::Syscall& entry = document.syscalls[i];
    const std::string at = std::string(pointer) + "/syscalls/" + std::to_string(i);
    if (entry.names.empty()) return Error::config(at + "/names", "names no system call");
    TRY(check_arguments(entry, at));
    const Action action = TRY(action_value(entry.action, entry.errnoRet, at + "/errnoRet"));
    for (Branch& branch : branches_of(entry, action)) {
      rules.push_back({&entry.names, std::move(branch), action == default_action});
    }
  }
  return rules;
}

// ---- Ranges of numbers

// The rules for one call number.
struct Call {
  std::uint32_t number = 0;
  const Branch* branch = nullptr;
};

// The calls of one architecture. The rules must outlive it.
class Calls {
 public:
  Calls(const ArchitectureInfo& architecture, Action default_action)
      : architecture_(architecture), default_action_(default_action) {}

  void add(const Rule& rule) {
    for (const std::string& name : *rule.names) {
      const int number = resolve(architecture_, name.c_str());
      if (number >= 0) {
        add(number, rule);
      } else if (number <= -101 && number >= -224) {
        add_multiplexed(number, rule);
      }
    }
  }

  [[nodiscard]] std::optional<std::uint32_t> newest() const { return newest_; }
  // Sorted by number, then in the order of the rules.
  [[nodiscard]] const std::vector<Call>& sorted() {
    std::stable_sort(calls_.begin(), calls_.end(),
                     [](const Call& a, const Call& b) { return a.number < b.number; });
    return calls_;
  }

 private:
  // 32-bit ARM has a few private calls with very high numbers, which do not show how new a profile
  // is.
  void see(std::uint32_t number) {
    constexpr std::uint32_t arm_private = 0xF0000;
    if (architecture_.architecture == SeccompArch::ARM && number >= arm_private) return;
    newest_ = std::max(newest_.value_or(0), number);
  }

  void add(int number, const Rule& rule) {
    see(static_cast<std::uint32_t>(number));
    if (!rule.is_default) calls_.push_back({static_cast<std::uint32_t>(number), &rule.branch});
  }

  void add_multiplexed(int stand_in, const Rule& rule) {
    const auto* call =
        std::find_if(std::begin(multiplexed_calls), std::end(multiplexed_calls),
                     [&](const Multiplexed& row) { return row.stand_in == stand_in; });
    if (call == std::end(multiplexed_calls)) return;
    if (const int own = own_number(*call, architecture_); own >= 0) add(own, rule);
    const bool is_blind = !rule.branch.conditions.empty();
    if (is_blind && !is_stricter(rule.branch.action, default_action_)) return;
    const bool is_ipc = stand_in <= -200;
    const int gate = resolve(architecture_, is_ipc ? "ipc" : "socketcall");
    if (gate < 0) return;  // this architecture does not multiplex
    const auto selector = static_cast<std::uint64_t>(-stand_in % 100);
    const Condition condition =
        is_ipc ? Condition{0, ipc_without_version, selector, oci::SeccompOperator::MASKED_EQ}
               : Condition{0, selector, 0, oci::SeccompOperator::EQ};
    add(gate,
        gated_.emplace_back(Rule{rule.names, {{condition}, rule.branch.action}, rule.is_default}));
  }

  // The upper half of the first argument of ipc(2) is a version.
  static constexpr std::uint64_t ipc_without_version = 0xFFFF;

  const ArchitectureInfo& architecture_;
  Action default_action_;
  std::optional<std::uint32_t> newest_;
  std::vector<Call> calls_;
  std::deque<Rule> gated_;  // rules created here; calls_ points to them
};

// The rules for one number. A rule without conditions decides alone.
Range range_of(std::vector<Call>::const_iterator begin, std::vector<Call>::const_iterator end,
               Action default_action, bool wide) {
  Range range{begin->number, {}, default_action, wide};
  const auto plain =
      std::find_if(begin, end, [](const Call& call) { return call.branch->conditions.empty(); });
  if (plain != end) {
    range.otherwise = plain->branch->action;
    return range;
  }
  for (auto call = begin; call != end; ++call) range.branches.push_back(*call->branch);
  return range;
}

// A later range with the same start replaces the previous one. Adjacent ranges that decide alike
// are merged.
void append(std::vector<Range>& ranges, Range range) {
  if (!ranges.empty() && ranges.back().first == range.first) ranges.pop_back();
  const bool is_alike = !ranges.empty() && ranges.back().branches.empty() &&
                        range.branches.empty() && ranges.back().otherwise == range.otherwise;
  if (is_alike) return;
  ranges.push_back(std::move(range));
}

struct Actions {
  Action by_default;
  Action unknown;  // for calls newer than the profile
};

// Appends the architecture's calls, starting at `first`.
void add_ranges(std::vector<Range>& ranges, std::uint32_t first, Calls& calls, bool wide,
                const Actions& actions) {
  const std::optional<std::uint32_t> newest = calls.newest();
  const auto is_unknown = [&](std::uint32_t number) { return newest && number > *newest; };
  const auto unnamed = [&](std::uint32_t number) {
    return Range{number, {}, is_unknown(number) ? actions.unknown : actions.by_default, wide};
  };
  const std::vector<Call>& list = calls.sorted();
  append(ranges, unnamed(first));
  bool newest_passed = !newest;
  for (auto begin = list.cbegin(); begin != list.cend();) {
    const auto end = std::find_if(begin, list.cend(),
                                  [&](const Call& call) { return call.number != begin->number; });
    if (!newest_passed && is_unknown(begin->number)) append(ranges, unnamed(*newest + 1));
    newest_passed |= is_unknown(begin->number);
    append(ranges, range_of(begin, end, actions.by_default, wide));
    append(ranges, unnamed(begin->number + 1));
    begin = end;
  }
  if (!newest_passed) append(ranges, unnamed(*newest + 1));
}

// The action for architectures that are not listed, where the numbers mean other calls.
constexpr Action foreign_action = SECCOMP_RET_KILL_THREAD;

class Compiler {
 public:
  Compiler(const std::vector<Rule>& rules, Action default_action)
      : rules_(rules), actions_{default_action, default_action} {
    if (refuses(default_action)) actions_.unknown = SECCOMP_RET_ERRNO | ENOSYS;
  }

  [[nodiscard]] std::vector<seccomp::Architecture> compile(const Architectures& list) const {
    std::vector<seccomp::Architecture> compiled;
    const auto find = [&](std::uint32_t token) {
      const auto found = std::find_if(list.begin(), list.end(),
                                      [&](const auto* row) { return row->token == token; });
      return found != list.end() ? *found : nullptr;
    };
    for (const ArchitectureInfo* row : list) {
      if (row->token == SCMP_ARCH_X32) continue;  // together with x86-64, which has the same number
      seccomp::Architecture architecture{row->token, {}};
      add(architecture.ranges, 0, *row);
      if (row->token == SCMP_ARCH_X86_64) add_x32(architecture.ranges, find(SCMP_ARCH_X32));
      compiled.push_back(std::move(architecture));
    }
    return compiled;
  }

 private:
  void add(std::vector<Range>& ranges, std::uint32_t first, const ArchitectureInfo& row) const {
    Calls calls(row, actions_.by_default);
    for (const Rule& rule : rules_) calls.add(rule);
    add_ranges(ranges, first, calls, row.wide, actions_);
  }

  // A tracer sets call number -1 to skip a call; it belongs to neither.
  void add_x32(std::vector<Range>& ranges, const ArchitectureInfo* x32) const {
    if (x32 != nullptr) {
      add(ranges, x32_bit, *x32);
    } else {
      append(ranges, {x32_bit, {}, foreign_action});
    }
    append(ranges, {0xFFFFFFFF, {}, actions_.unknown});
  }

  const std::vector<Rule>& rules_;
  Actions actions_;
};

}  // namespace

Result<std::vector<std::uint64_t>> compile_seccomp(const oci::Seccomp& document,
                                                   std::string_view pointer) {
  const std::string at(pointer);
  const Action default_action =
      TRY(action_value(document.defaultAction, document.defaultErrnoRet, at + "/defaultErrnoRet"));
  const Architectures architectures = TRY(architectures_of(document, pointer));
  const std::vector<Rule> rules = TRY(rules_of(document, default_action, pointer));
  const Compiler compiler(rules, default_action);
  std::vector<std::uint64_t> program =
      seccomp::assemble(compiler.compile(architectures), foreign_action);
  if (program.size() > BPF_MAXINSNS) {
    return Error::unsupported(at, "the filter takes " + std::to_string(program.size()) +
                                      " instructions, the kernel's limit is " +
                                      std::to_string(BPF_MAXINSNS));
  }
  return program;
}

namespace {

struct FlagInfo {
  oci::SeccompFlag flag;
  unsigned value;
};
constexpr FlagInfo flag_table[] = {
    {oci::SeccompFlag::TSYNC, SECCOMP_FILTER_FLAG_TSYNC},
    {oci::SeccompFlag::LOG, SECCOMP_FILTER_FLAG_LOG},
    {oci::SeccompFlag::SPEC_ALLOW, SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {oci::SeccompFlag::WAIT_KILLABLE_RECV, kernel::seccomp_filter_flag_wait_killable_recv},
};

}  // namespace

bool notifies(const oci::Seccomp& document) {
  return std::any_of(
      document.syscalls.begin(), document.syscalls.end(),
      [](const oci::Syscall& entry) { return entry.action == SeccompAction::NOTIFY; });
}

Result<void> check_names(const oci::Seccomp& document, std::string_view pointer) {
  const Architectures architectures = TRY(architectures_of(document, pointer));
  for (std::size_t i = 0; i < document.syscalls.size(); ++i) {
    const auto& names = document.syscalls[i].names;
    for (std::size_t j = 0; j < names.size(); ++j) {
      // A call of other architectures only is not unknown: its number is below -1.
      if (resolve(*architectures.front(), names[j].c_str()) != __NR_SCMP_ERROR) continue;
      return Error::config(
          std::string(pointer) + "/syscalls/" + std::to_string(i) + "/names/" + std::to_string(j),
          "unknown system call " + quote(shortened(names[j])));
    }
  }
  return {};
}

Result<unsigned> seccomp_flags(const oci::Seccomp& document) {
  return seccomp_flags(document, notifies(document));
}

unsigned seccomp_flags(const oci::Seccomp& document, bool listens) {
  unsigned flags = document.flags ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
  for (const FlagInfo& row : flag_table) {
    if (!document.flags) break;
    const auto& list = *document.flags;
    if (std::find(list.begin(), list.end(), row.flag) != list.end()) flags |= row.value;
  }
  if (!listens) return flags & ~unsigned{kernel::seccomp_filter_flag_wait_killable_recv};
  flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
  // With this flag a failed synchronization returns an errno. Otherwise it returns a thread id,
  // which could be mistaken for the listener.
  if ((flags & SECCOMP_FILTER_FLAG_TSYNC) != 0) flags |= SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
  return flags;
}

}  // namespace tare::runtime

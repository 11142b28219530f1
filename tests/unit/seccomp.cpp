// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/seccomp/filter.h"

#include <doctest/doctest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <random>

#include "base/kernel_abi.h"
#include "runtime/plan/seccomp/native_architecture.h"
#include "tests/unit/emulation.h"

namespace tare::runtime {

namespace {

using oci::Seccomp;
using oci::SeccompAction;
using oci::SeccompArch;
using oci::SeccompOperator;
using oci::Syscall;
using oci::SyscallArg;
using Program = std::vector<std::uint64_t>;

constexpr std::uint32_t allow = SECCOMP_RET_ALLOW;
constexpr std::uint32_t kill_thread = SECCOMP_RET_KILL_THREAD;
constexpr std::uint32_t fails_with(int error) {
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

seccomp_data call(std::uint32_t arch, std::uint32_t number,
                  const std::vector<std::uint64_t>& arguments = {}) {
  seccomp_data data{};
  data.arch = arch;
  data.nr = static_cast<int>(number);
  for (std::size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
  return data;
}

// The kernel's interpreter of classic BPF, as far as filters use it; what it would not load, or
// would read beyond its data, is a failure.
std::uint32_t run(const Program& program, const seccomp_data& data) {
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0;;) {
    REQUIRE(at < program.size());
    const auto i = std::bit_cast<sock_filter>(program[at++]);
    const auto branch = [&](bool taken) { at += taken ? i.jt : i.jf; };
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        REQUIRE(i.k % 4 == 0);
        REQUIRE(i.k < sizeof data);
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + i.k, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= i.k;
        break;
      case BPF_JMP | BPF_JA:
        at += i.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        branch(accumulator == i.k);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        branch(accumulator > i.k);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        branch(accumulator >= i.k);
        break;
      case BPF_RET | BPF_K:
        return i.k;
      default:
        FAIL("unknown instruction ", int{i.code});
    }
  }
}

Program compile(const Seccomp& document) {
  auto program = compile_seccomp(document, "/linux/seccomp");
  REQUIRE_MESSAGE(program.ok(), program.error().message());
  return std::move(program).value();
}

Error error_of(const Seccomp& document) {
  auto program = compile_seccomp(document, "/linux/seccomp");
  REQUIRE_FALSE(program.ok());
  return std::move(program).error();
}

Syscall rule(std::vector<std::string> names, SeccompAction action,
             std::vector<SyscallArg> arguments = {}, std::optional<std::uint32_t> value = {}) {
  return {std::move(names), action, value, std::move(arguments)};
}

Seccomp refusing(std::vector<Syscall> rules, std::vector<SeccompArch> architectures = {}) {
  Seccomp document;
  document.defaultAction = SeccompAction::ERRNO;
  document.architectures = std::move(architectures);
  document.syscalls = std::move(rules);
  return document;
}

bool holds(const SyscallArg& condition, std::uint64_t value) {
  switch (condition.op) {
    case SeccompOperator::NE:
      return value != condition.value;
    case SeccompOperator::LT:
      return value < condition.value;
    case SeccompOperator::LE:
      return value <= condition.value;
    case SeccompOperator::EQ:
      return value == condition.value;
    case SeccompOperator::GE:
      return value >= condition.value;
    case SeccompOperator::GT:
      return value > condition.value;
    case SeccompOperator::MASKED_EQ:
      return (value & condition.value) == (condition.valueTwo & condition.value);
  }
  return false;
}

}  // namespace

namespace {

std::uint32_t native(const Program& program, std::uint32_t number,
                     const std::vector<std::uint64_t>& arguments = {}) {
  return run(program, call(native_architecture, number, arguments));
}
std::uint32_t x86_64(const Program& program, std::uint32_t number,
                     const std::vector<std::uint64_t>& arguments = {}) {
  return run(program, call(AUDIT_ARCH_X86_64, number, arguments));
}
std::uint32_t i386(const Program& program, std::uint32_t number,
                   const std::vector<std::uint64_t>& arguments = {}) {
  return run(program, call(AUDIT_ARCH_I386, number, arguments));
}

// Not every architecture has open(2) and stat(2); those that are named by number are x86-64's.
constexpr std::uint32_t x32_bit = 0x40000000;

constexpr SeccompArch native_name = native_architecture == AUDIT_ARCH_X86_64 ? SeccompArch::X86_64
                                    : native_architecture == AUDIT_ARCH_AARCH64
                                        ? SeccompArch::AARCH64
                                        : SeccompArch::RISCV64;

}  // namespace

TEST_CASE("a call that a rule names gets its action, another the default action") {
  const Program program = compile(refusing({rule({"read", "write"}, SeccompAction::ALLOW),
                                            rule({"openat2"}, SeccompAction::KILL_PROCESS)}));
  CHECK(native(program, SYS_read) == allow);
  CHECK(native(program, SYS_write) == allow);
  CHECK(native(program, SYS_openat2) == SECCOMP_RET_KILL_PROCESS);
  CHECK(native(program, SYS_openat) == fails_with(EPERM));
}

TEST_CASE("actions carry the errno of the rule, the default's, or EPERM") {
  Seccomp document = refusing(
      {rule({"read"}, SeccompAction::ERRNO, {}, 7), rule({"write"}, SeccompAction::TRACE, {}, 9),
       rule({"openat"}, SeccompAction::ERRNO), rule({"close"}, SeccompAction::TRAP),
       rule({"statx"}, SeccompAction::LOG), rule({"openat2"}, SeccompAction::KILL)});
  document.defaultErrnoRet = 99;
  const Program program = compile(document);
  CHECK(native(program, SYS_read) == fails_with(7));
  CHECK(native(program, SYS_write) == (SECCOMP_RET_TRACE | 9));
  CHECK(native(program, SYS_openat) == fails_with(EPERM));
  CHECK(native(program, SYS_close) == SECCOMP_RET_TRAP);
  CHECK(native(program, SYS_statx) == SECCOMP_RET_LOG);
  CHECK(native(program, SYS_openat2) == kill_thread);
  CHECK(native(program, SYS_fstat) == fails_with(99));
}

TEST_CASE("an errno for an action that takes none is an error") {
  const Error of_rule = error_of(refusing({rule({"read"}, SeccompAction::ALLOW, {}, 1)}));
  CHECK(of_rule.kind == Error::Kind::config);
  CHECK(of_rule.at == "/linux/seccomp/syscalls/0/errnoRet");
  Seccomp document;
  document.defaultAction = SeccompAction::KILL;
  document.defaultErrnoRet = 1;
  CHECK(error_of(document).at == "/linux/seccomp/defaultErrnoRet");
  CHECK(error_of(refusing({rule({"read"}, SeccompAction::ERRNO, {}, 65536)})).at ==
        "/linux/seccomp/syscalls/0/errnoRet");
}

TEST_CASE("SCMP_ACT_NOTIFY asks the listener") {
  const Seccomp document = refusing({rule({"mount"}, SeccompAction::NOTIFY)});
  CHECK(notifies(document));
  CHECK_FALSE(notifies(refusing({rule({"mount"}, SeccompAction::ALLOW)})));
  CHECK(native(compile(document), SYS_mount) == SECCOMP_RET_USER_NOTIF);
}

TEST_CASE("names that no kernel knows are ignored; a rule without any name is an error") {
  const Program program = compile(refusing({rule({"no_such_call", "read"}, SeccompAction::ALLOW)}));
  CHECK(native(program, SYS_read) == allow);
  CHECK(error_of(refusing({rule({}, SeccompAction::ALLOW)})).at ==
        "/linux/seccomp/syscalls/0/names");
}

TEST_CASE(
    "calls of architectures that are not listed are killed, the native one is always listed") {
  for (const auto& list : {std::vector<SeccompArch>{}, {native_name}}) {
    const Program program = compile(refusing({rule({"read"}, SeccompAction::ALLOW)}, list));
    CHECK(native(program, SYS_read) == allow);
    CHECK(i386(program, 3) == kill_thread);
    CHECK(run(program, call(AUDIT_ARCH_S390X, 3)) == kill_thread);
  }
  const Program only_x86 =
      compile(refusing({rule({"read"}, SeccompAction::ALLOW)}, {SeccompArch::X86}));
  CHECK(native(only_x86, SYS_read) == allow);
  CHECK(i386(only_x86, 3) == allow);
  const Program without_x32 =
      compile(refusing({rule({"read"}, SeccompAction::ALLOW)}, {SeccompArch::X86_64}));
  CHECK(x86_64(without_x32, 0) == allow);
  CHECK(x86_64(without_x32, x32_bit) == kill_thread);
}

TEST_CASE("each architecture has its own numbers") {
  const Program program = compile(refusing({rule({"read", "openat2"}, SeccompAction::ALLOW)},
                                           {SeccompArch::X86_64, SeccompArch::X86, SeccompArch::X32,
                                            SeccompArch::AARCH64, SeccompArch::S390X}));
  CHECK(native(program, SYS_read) == allow);
  CHECK(x86_64(program, 0) == allow);
  CHECK(x86_64(program, 3) == fails_with(EPERM));
  CHECK(x86_64(program, x32_bit + 0) == allow);
  CHECK(x86_64(program, x32_bit + 3) == fails_with(EPERM));
  CHECK(i386(program, 3) == allow);
  CHECK(i386(program, 0) == fails_with(EPERM));
  CHECK(run(program, call(AUDIT_ARCH_AARCH64, 63)) == allow);
  CHECK(run(program, call(AUDIT_ARCH_S390X, 3)) == allow);
}

TEST_CASE("an architecture that this build does not know is an error") {
  const auto program =
      compile_seccomp(refusing({}, {SeccompArch::X86, SeccompArch::M68K}), "/linux/seccomp");
  if (program.ok()) return;  // a newer libseccomp knows it
  CHECK(program.error().kind == Error::Kind::unsupported);
  CHECK(program.error().at == "/linux/seccomp/architectures/1");
}

TEST_CASE("conditions compare all 64 bits of an argument") {
  const std::uint64_t values[] = {
      0,           1,           2,           0xFFFFFFFF,         0x100000000,
      0x100000001, 0x1FFFFFFFF, 0x200000000, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF};
  for (int op = 0; op < 7; ++op) {
    for (const std::uint64_t value : values) {
      for (const std::uint64_t datum : values) {
        const SyscallArg condition{2, value, datum, static_cast<SeccompOperator>(op)};
        const Program program =
            compile(refusing({rule({"read"}, SeccompAction::ALLOW, {condition})}));
        for (const std::uint64_t argument : values) {
          const std::uint32_t expected = holds(condition, argument) ? allow : fails_with(EPERM);
          REQUIRE(native(program, SYS_read, {7, 7, argument}) == expected);
        }
      }
    }
  }
}

TEST_CASE("where arguments have 32 bits, conditions look at no more") {
  const Program program =
      compile(refusing({rule({"personality"}, SeccompAction::ALLOW,
                             {{0, 0xFFFFFFFFFFFFFFFF, 0, SeccompOperator::EQ}})},
                       {SeccompArch::X86_64, SeccompArch::X86, SeccompArch::X32}));
  constexpr std::uint32_t personality_i386 = 136;
  constexpr std::uint32_t personality_x86_64 = 135;
  CHECK(i386(program, personality_i386, {0xFFFFFFFF}) == allow);
  CHECK(i386(program, personality_i386, {0xFFFFFFFE}) == fails_with(EPERM));
  CHECK(native(program, SYS_personality, {0xFFFFFFFF}) == fails_with(EPERM));
  CHECK(x86_64(program, x32_bit + personality_x86_64, {0x5FFFFFFFF}) == allow);
}

TEST_CASE("conditions on different arguments must all hold, on one argument any") {
  const SyscallArg first{0, 1, 0, SeccompOperator::EQ};
  const SyscallArg second{1, 2, 0, SeccompOperator::EQ};
  const SyscallArg other_first{0, 3, 0, SeccompOperator::EQ};
  const Program both = compile(refusing({rule({"read"}, SeccompAction::ALLOW, {first, second})}));
  CHECK(native(both, SYS_read, {1, 2}) == allow);
  CHECK(native(both, SYS_read, {1, 3}) == fails_with(EPERM));
  CHECK(native(both, SYS_read, {3, 2}) == fails_with(EPERM));
  const Program any =
      compile(refusing({rule({"read"}, SeccompAction::ALLOW, {first, other_first})}));
  CHECK(native(any, SYS_read, {1}) == allow);
  CHECK(native(any, SYS_read, {3}) == allow);
  CHECK(native(any, SYS_read, {2}) == fails_with(EPERM));
}

TEST_CASE("arguments are 0 to 5") {
  const Error error =
      error_of(refusing({rule({"read"}, SeccompAction::ALLOW, {{6, 0, 0, SeccompOperator::EQ}})}));
  CHECK(error.kind == Error::Kind::config);
  CHECK(error.at == "/linux/seccomp/syscalls/0/args/0/index");
  const Program program =
      compile(refusing({rule({"mmap"}, SeccompAction::ALLOW, {{5, 9, 0, SeccompOperator::EQ}})}));
  CHECK(native(program, SYS_mmap, {0, 0, 0, 0, 0, 9}) == allow);
}

TEST_CASE("a rule without conditions decides, whatever the order; else the first that holds") {
  const Syscall narrow = rule({"read"}, SeccompAction::ALLOW, {{0, 1, 0, SeccompOperator::EQ}});
  const Syscall plain = rule({"read"}, SeccompAction::KILL_PROCESS);
  for (const auto& rules : {std::vector{narrow, plain}, std::vector{plain, narrow}}) {
    CHECK(native(compile(refusing(rules)), SYS_read, {1}) == SECCOMP_RET_KILL_PROCESS);
  }
  const Syscall wide = rule({"read"}, SeccompAction::LOG, {{0, 9, 0, SeccompOperator::LT}});
  CHECK(native(compile(refusing({narrow, wide})), SYS_read, {1}) == allow);
  CHECK(native(compile(refusing({wide, narrow})), SYS_read, {1}) == SECCOMP_RET_LOG);
}

TEST_CASE("a rule that says what the default says has no say") {
  const Program program = compile(
      refusing({rule({"read"}, SeccompAction::ERRNO), rule({"read"}, SeccompAction::ALLOW)}));
  CHECK(native(program, SYS_read) == allow);
}

TEST_CASE("calls newer than the newest that the profile names do not exist") {
  const Program program = compile(
      refusing({rule({"read"}, SeccompAction::ALLOW), rule({"openat2"}, SeccompAction::ERRNO)},
               {SeccompArch::X86_64, SeccompArch::X86, SeccompArch::X32}));
  CHECK(native(program, SYS_openat2) == fails_with(EPERM));
  CHECK(native(program, SYS_openat2 + 1) == fails_with(ENOSYS));
  CHECK(native(program, SYS_openat2 - 1) == fails_with(EPERM));
  CHECK(native(program, 0x3FFFFFFF) == fails_with(ENOSYS));
  CHECK(x86_64(program, x32_bit + 438) == fails_with(ENOSYS));
  CHECK(native(program, 0xFFFFFFFF) == fails_with(ENOSYS));
  CHECK(i386(program, 438) == fails_with(ENOSYS));
}

TEST_CASE("new calls get ENOSYS only from profiles that would refuse them") {
  const auto newest = [](SeccompAction action) {
    Seccomp document = refusing({rule({"openat2"}, SeccompAction::KILL_PROCESS)});
    document.defaultAction = action;
    return native(compile(document), SYS_openat2 + 1);
  };
  CHECK(newest(SeccompAction::ERRNO) == fails_with(ENOSYS));
  CHECK(newest(SeccompAction::KILL) == fails_with(ENOSYS));
  CHECK(newest(SeccompAction::TRAP) == fails_with(ENOSYS));
  CHECK(newest(SeccompAction::TRACE) == (SECCOMP_RET_TRACE | EPERM));
  CHECK(newest(SeccompAction::LOG) == SECCOMP_RET_LOG);
  CHECK(newest(SeccompAction::ALLOW) == allow);
}

TEST_CASE("a profile that names no call leaves none unknown") {
  CHECK(native(compile(refusing({})), 9999) == fails_with(EPERM));
}

TEST_CASE("calls newer than libseccomp are known, on every architecture") {
  const Program program = compile(
      refusing({rule({"file_setattr"}, SeccompAction::ALLOW)},
               {SeccompArch::X86_64, SeccompArch::X86, SeccompArch::X32, SeccompArch::MIPS64}));
  CHECK(native(program, 469) == allow);
  CHECK(x86_64(program, 469) == allow);
  CHECK(x86_64(program, x32_bit + 469) == allow);
  CHECK(i386(program, 469) == allow);
  CHECK(run(program, call(AUDIT_ARCH_MIPS64, 5469)) == allow);
}

TEST_CASE("socketcall and ipc of 32-bit x86 are the calls that go through them") {
  constexpr std::uint32_t socketcall = 102;
  constexpr std::uint32_t ipc = 117;
  constexpr std::uint32_t socket_itself = 359;
  Seccomp document =
      refusing({rule({"socket", "shmat"}, SeccompAction::ERRNO, {}, EACCES)}, {SeccompArch::X86});
  document.defaultAction = SeccompAction::ALLOW;
  const Program program = compile(document);
  CHECK(i386(program, socketcall, {1}) == fails_with(EACCES));
  CHECK(i386(program, socketcall, {2}) == allow);
  CHECK(i386(program, socket_itself) == fails_with(EACCES));
  CHECK(i386(program, ipc, {21}) == fails_with(EACCES));
  CHECK(i386(program, ipc, {0x10015}) == fails_with(EACCES));  // the same, version 1
  CHECK(i386(program, ipc, {22}) == allow);
  CHECK(native(program, SYS_socket) == fails_with(EACCES));
}

TEST_CASE("where a filter cannot see a condition's argument, it refuses rather than permits") {
  constexpr std::uint32_t socketcall = 102;
  const std::vector<SyscallArg> packets{{0, 17, 0, SeccompOperator::EQ}};
  const Program allowing =
      compile(refusing({rule({"socket"}, SeccompAction::ALLOW, packets)}, {SeccompArch::X86}));
  CHECK(i386(allowing, socketcall, {1}) == fails_with(EPERM));
  CHECK(i386(allowing, 359, {17}) == allow);
  Seccomp document =
      refusing({rule({"socket"}, SeccompAction::ERRNO, packets)}, {SeccompArch::X86});
  document.defaultAction = SeccompAction::ALLOW;
  const Program denying = compile(document);
  CHECK(i386(denying, socketcall, {1}) == fails_with(EPERM));
  CHECK(i386(denying, 359, {17}) == fails_with(EPERM));
  CHECK(i386(denying, 359, {16}) == allow);
}

TEST_CASE("random profiles decide as their rules do, read one by one") {
  std::mt19937 source{20261124};
  const auto below = [&](std::uint32_t limit) {
    return static_cast<std::uint32_t>(source()) % limit;
  };
  const std::map<std::string, std::uint32_t> numbers{
      {"read", SYS_read},   {"write", SYS_write},   {"openat", SYS_openat},
      {"ioctl", SYS_ioctl}, {"clone", SYS_clone},   {"socket", SYS_socket},
      {"mount", SYS_mount}, {"setns", SYS_setns},   {"openat2", SYS_openat2},
      {"bpf", SYS_bpf},     {"clone3", SYS_clone3}, {"personality", SYS_personality}};
  const std::uint64_t values[] = {0, 1, 2, 3, 0xFFFFFFFF, 0x100000001};
  for (int profile = 0; profile < 1500; ++profile) {
    std::vector<Syscall> rules;
    for (std::uint32_t count = below(20); count > 0; --count) {
      Syscall made = rule({std::next(numbers.begin(), below(12))->first}, SeccompAction::ERRNO, {},
                          2 + below(3));
      for (std::uint32_t index = 0; index < 3; ++index) {
        if (below(3) != 0) continue;
        made.args.push_back(
            {index, values[below(6)], values[below(6)], static_cast<SeccompOperator>(below(7))});
      }
      rules.push_back(std::move(made));
    }
    Seccomp document = refusing(rules);
    document.defaultAction = SeccompAction::ALLOW;
    const Program program = compile(document);
    for (int probe = 0; probe < 50; ++probe) {
      const auto& [name, number] = *std::next(numbers.begin(), below(12));
      const std::vector<std::uint64_t> arguments{values[below(6)], values[below(6)],
                                                 values[below(6)]};
      std::uint32_t expected = allow;
      for (auto made = rules.rbegin(); made != rules.rend(); ++made) {
        bool all = made->names[0] == name && !made->args.empty();
        for (const auto& condition : made->args) {
          all = all && holds(condition, arguments[condition.index]);
        }
        if (all) expected = fails_with(static_cast<int>(*made->errnoRet));
      }
      for (auto made = rules.rbegin(); made != rules.rend(); ++made) {
        const bool plain = made->names[0] == name && made->args.empty();
        if (plain) expected = fails_with(static_cast<int>(*made->errnoRet));
      }
      REQUIRE(native(program, number, arguments) == expected);
    }
  }
}

TEST_CASE("a program beyond the kernel's limit is an error that says so") {
  std::vector<Syscall> rules;
  for (std::uint64_t i = 0; i < 1500; ++i) {
    rules.push_back(rule({"ioctl"}, SeccompAction::ALLOW, {{1, i * 3, 0, SeccompOperator::EQ}}));
  }
  const Error error = error_of(refusing(rules));
  CHECK(error.kind == Error::Kind::unsupported);
  CHECK(error.at == "/linux/seccomp");
  CHECK(error.what.find("4096") != std::string::npos);
  rules.resize(700);
  const Program program = compile(refusing(rules));  // far jumps
  CHECK(native(program, SYS_ioctl, {0, 699 * 3}) == allow);
  CHECK(native(program, SYS_ioctl, {0, 700 * 3}) == fails_with(EPERM));
  CHECK(native(program, SYS_openat2) == fails_with(ENOSYS));
}

TEST_CASE("the kernel takes the program and does as it says" * doctest::skip(in_user_emulation())) {
  const Program program = compile(refusing({rule({"exit_group", "getppid"}, SeccompAction::ALLOW),
                                            rule({"getuid"}, SeccompAction::ERRNO, {}, 77),
                                            rule({"openat2"}, SeccompAction::ERRNO)}));
  // No call but those, so none of the C library's or a sanitizer's way out.
  const auto leave = [](long code) { ::syscall(SYS_exit_group, code); };
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    sock_fprog loaded{static_cast<unsigned short>(program.size()),
                      reinterpret_cast<sock_filter*>(const_cast<std::uint64_t*>(program.data()))};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) leave(1);
    if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) != 0) leave(2);
    if (::syscall(SYS_getppid) < 0) leave(3);
    if (::syscall(SYS_getuid) != -1 || errno != 77) leave(4);
    if (::syscall(SYS_getgid) != -1 || errno != EPERM) leave(5);
    if (::syscall(SYS_openat2 + 5) != -1 || errno != ENOSYS) leave(6);
    leave(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("no flags means SPEC_ALLOW, an empty list means none") {
  Seccomp document;
  CHECK(*seccomp_flags(document) == SECCOMP_FILTER_FLAG_SPEC_ALLOW);
  document.flags.emplace();
  CHECK(*seccomp_flags(document) == 0);
  document.flags = {oci::SeccompFlag::TSYNC, oci::SeccompFlag::LOG};
  CHECK(*seccomp_flags(document) == (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG));
}

TEST_CASE("the flag for listeners is dropped where there is none, as the kernel refuses it") {
  Seccomp document;
  document.flags = {oci::SeccompFlag::WAIT_KILLABLE_RECV};
  CHECK(*seccomp_flags(document) == 0);
}

TEST_CASE("notifications need a listener, whose number no failure of TSYNC may look like") {
  Seccomp document = refusing({rule({"mount"}, SeccompAction::NOTIFY)});
  CHECK(*seccomp_flags(document) ==
        (SECCOMP_FILTER_FLAG_SPEC_ALLOW | SECCOMP_FILTER_FLAG_NEW_LISTENER));
  document.flags = {oci::SeccompFlag::WAIT_KILLABLE_RECV, oci::SeccompFlag::TSYNC};
  CHECK(*seccomp_flags(document) ==
        (kernel::seccomp_filter_flag_wait_killable_recv | SECCOMP_FILTER_FLAG_TSYNC |
         SECCOMP_FILTER_FLAG_TSYNC_ESRCH | SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

TEST_CASE("who wants to know is told the first name that nobody knows") {
  oci::Seccomp document;
  document.syscalls.resize(2);
  // One of libseccomp's, one that is newer, one of another architecture.
  document.syscalls[0].names = {"getcwd", "mseal", "breakpoint"};
  document.syscalls[1].names = {"mkdir", "mkdri\n"};
  const auto checked = check_names(document, "/linux/seccomp");
  REQUIRE_FALSE(checked.ok());
  CHECK(checked.error().kind == Error::Kind::config);
  CHECK(checked.error().at == "/linux/seccomp/syscalls/1/names/1");
  CHECK(checked.error().what.find("mkdri") != std::string::npos);
  CHECK(checked.error().what.find('\n') == std::string::npos);
  document.syscalls[1].names.pop_back();
  CHECK(check_names(document, "/linux/seccomp").ok());
}

}  // namespace tare::runtime

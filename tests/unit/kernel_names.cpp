// SPDX-License-Identifier: Apache-2.0
//
// Names of the spec for numbers of the kernel: signals, rlimits, namespaces, capabilities.
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <signal.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "base/file.h"
#include "base/text.h"
#include "runtime/host/signals.h"
#include "runtime/plan/capabilities.h"
#include "runtime/plan/rlimits.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

namespace {

// signal(7), the numbers of x86 and ARM.
const std::map<std::string, int> signals = {
    {"HUP", 1},   {"INT", 2},   {"QUIT", 3},  {"ILL", 4},     {"TRAP", 5},    {"ABRT", 6},
    {"IOT", 6},   {"BUS", 7},   {"FPE", 8},   {"KILL", 9},    {"USR1", 10},   {"SEGV", 11},
    {"USR2", 12}, {"PIPE", 13}, {"ALRM", 14}, {"TERM", 15},   {"STKFLT", 16}, {"CHLD", 17},
    {"CLD", 17},  {"CONT", 18}, {"STOP", 19}, {"TSTP", 20},   {"TTIN", 21},   {"TTOU", 22},
    {"URG", 23},  {"XCPU", 24}, {"XFSZ", 25}, {"VTALRM", 26}, {"PROF", 27},   {"WINCH", 28},
    {"POLL", 29}, {"PWR", 30},  {"SYS", 31},
};

int number(const std::string& text) {
  const Result<int> signal = parse_signal(text);
  return signal.ok() ? *signal : -1;
}

}  // namespace

TEST_CASE("a signal is named with or without SIG, in any case") {
  for (const auto& [name, value] : signals) {
    const std::string shown = name;  // clang 14 captures no structured binding
    INFO(shown);
    CHECK(number(name) == value);
    CHECK(number("SIG" + name) == value);
    std::string lower = "sig" + name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    CHECK(number(lower) == value);
  }
}

// glibc abbreviates it as POLL.
TEST_CASE("SIGIO is a name of signal 29") {
  CHECK(number("SIGIO") == 29);
}

TEST_CASE("every number of a signal is taken, and 0 that only asks") {
  for (int value = 0; value <= 64; ++value) CHECK(number(std::to_string(value)) == value);
  CHECK(number("65") == -1);
  CHECK(number("-1") == -1);
}

TEST_CASE("real-time signals count from both ends") {
  CHECK(number("RTMIN") == SIGRTMIN);
  CHECK(number("SIGRTMIN+3") == SIGRTMIN + 3);
  CHECK(number("rtmax-1") == SIGRTMAX - 1);
  CHECK(number("RTMAX") == 64);
  for (const char* wrong : {"RTMIN-1", "RTMAX+1", "RTMIN+", "RTMIN+99", "RTMAX-99", "RTMIN+x"})
    CHECK_MESSAGE(number(wrong) == -1, wrong);
}

TEST_CASE("what is no signal is a usage error that names it") {
  for (const char* wrong : {"", "SIG", "NOPE", "9x", " 9", "0x9", "SIGSIGTERM", "TERM\n", "+9"}) {
    const Result<int> signal = parse_signal(wrong);
    INFO(wrong);
    REQUIRE_FALSE(signal.ok());
    CHECK(signal.error().kind == Error::Kind::usage);
    CHECK(signal.error().what.find(quote(wrong)) != std::string::npos);
  }
}

TEST_CASE("each rlimit of the spec has the kernel's number") {
  // <asm-generic/resource.h>
  const char* in_order[] = {"CPU",      "FSIZE",  "DATA",    "STACK", "CORE",  "RSS",
                            "NPROC",    "NOFILE", "MEMLOCK", "AS",    "LOCKS", "SIGPENDING",
                            "MSGQUEUE", "NICE",   "RTPRIO",  "RTTIME"};
  for (int i = 0; i < 16; ++i) CHECK(rlimit_resource(std::string("RLIMIT_") + in_order[i]) == i);
  for (const char* wrong : {"", "NOFILE", "RLIMIT_", "rlimit_nofile", "RLIMIT_NOPE"})
    CHECK_FALSE(rlimit_resource(wrong).has_value());
}

TEST_CASE("each kind of namespace has its flag and its file in /proc/PID/ns") {
  const std::map<std::string, std::pair<std::uint64_t, std::string>> kinds = {
      {"mount", {CLONE_NEWNS, "mnt"}},         {"pid", {CLONE_NEWPID, "pid"}},
      {"network", {CLONE_NEWNET, "net"}},      {"uts", {CLONE_NEWUTS, "uts"}},
      {"ipc", {CLONE_NEWIPC, "ipc"}},          {"user", {CLONE_NEWUSER, "user"}},
      {"cgroup", {CLONE_NEWCGROUP, "cgroup"}}, {"time", {CLONE_NEWTIME, "time"}}};
  for (const auto& [word, facts] : kinds) {
    const NamespaceKind* kind = kind_of_flag(facts.first);
    REQUIRE(kind != nullptr);
    CHECK(kind->word == word);
    CHECK(kind->proc_name == facts.second);
    CHECK(&kind_of(kind->type) == kind);
    CHECK(clone_flag(kind->type) == facts.first);
  }
  CHECK(kind_of_flag(CLONE_VM) == nullptr);
  CHECK(kind_of_flag(0) == nullptr);
}

TEST_CASE("capabilities are bits by the kernel's numbers, unknown names none") {
  CHECK(capability_set({}) == 0);
  CHECK(capability_set({"CAP_CHOWN"}) == 1);
  CHECK(capability_set({"CAP_SYS_ADMIN", "CAP_CHOWN", "CAP_SYS_ADMIN"}) ==
        (std::uint64_t{1} << CAP_SYS_ADMIN | 1));
  CHECK(capability_set({"CAP_NOPE", "", "CHOWNN", "CAP_"}) == 0);
}

TEST_CASE("the known capabilities are the bits from 0 on") {
  const auto names = known_capabilities();
  REQUIRE(names.size() > CAP_CHECKPOINT_RESTORE);
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(names[i].starts_with("CAP_"));
    CHECK(capability_set({names[i]}) == std::uint64_t{1} << i);
  }
}

TEST_CASE("own capabilities are the permitted ones that the kernel shows") {
  const auto status = read_kernel_file(AT_FDCWD, "/proc/self/status");
  REQUIRE(status.ok());
  const std::size_t line = status->find("CapPrm:\t");
  REQUIRE(line != std::string::npos);
  CHECK(own_capabilities() == parse_number<std::uint64_t>(status->substr(line + 8, 16), 16));
}

}  // namespace tare::runtime

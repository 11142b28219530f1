// SPDX-License-Identifier: Apache-2.0
#include "cgroups/devices/devices.h"

#include <doctest/doctest.h>

#include <random>

namespace tare::cgroups {

namespace {

using oci::DeviceCgroup;
using Type = DeviceRule::Type;

struct Access {
  Type type = Type::character;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  unsigned access = 0;
};

// What the specification means, as plainly as it can be said: each access on its own, in order.
bool is_allowed(const std::vector<DeviceRule>& rules, const Access& wanted) {
  for (const unsigned bit : {BPF_DEVCG_ACC_MKNOD, BPF_DEVCG_ACC_READ, BPF_DEVCG_ACC_WRITE}) {
    if ((wanted.access & bit) == 0) continue;
    bool allowed = false;
    for (const DeviceRule& rule : rules) {
      const bool matches = (rule.type == Type::any || rule.type == wanted.type) &&
                           rule.major.value_or(wanted.major) == wanted.major &&
                           rule.minor.value_or(wanted.minor) == wanted.minor &&
                           (rule.access & bit) != 0;
      if (matches) allowed = rule.allow;
    }
    if (!allowed) return false;
  }
  return true;
}

// An interpreter for the instructions that the compiler uses; anything else is a failure.
class Machine {
 public:
  explicit Machine(const Access& wanted)
      : context_{(wanted.access << 16) |
                     (wanted.type == Type::block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
                 wanted.major, wanted.minor} {}

  bool run(const std::vector<bpf_insn>& program) {
    for (std::size_t at = 0;;) {
      REQUIRE(at < program.size());
      const bpf_insn& i = program[at++];
      std::uint64_t& destination = registers_[i.dst_reg];
      if (i.dst_reg == BPF_REG_1) context_lost_ = true;
      const auto immediate = static_cast<std::uint64_t>(static_cast<std::int64_t>(i.imm));
      switch (i.code) {
        case BPF_LDX | BPF_MEM | BPF_W:
          destination = load(i);
          break;
        case BPF_ALU64 | BPF_MOV | BPF_X:
          destination = registers_[i.src_reg];
          break;
        case BPF_ALU64 | BPF_MOV | BPF_K:
          destination = immediate;
          break;
        case BPF_ALU | BPF_AND | BPF_K:
          destination = static_cast<std::uint32_t>(destination & immediate);
          break;
        case BPF_ALU | BPF_RSH | BPF_K:
          destination = static_cast<std::uint32_t>(destination) >> i.imm;
          break;
        case BPF_JMP | BPF_JNE | BPF_K:
          at += destination != immediate ? offset(i) : 0;
          break;
        case BPF_JMP | BPF_JEQ | BPF_K:
          at += destination == immediate ? offset(i) : 0;
          break;
        case BPF_JMP | BPF_EXIT:
          REQUIRE(registers_[0] <= 1);
          return registers_[0] == 1;
        default:
          FAIL("unknown instruction ", int{i.code});
      }
    }
  }

 private:
  static std::size_t offset(const bpf_insn& i) {
    REQUIRE(i.off >= 0);  // loops are not allowed
    return static_cast<std::size_t>(i.off);
  }
  std::uint64_t load(const bpf_insn& i) {
    REQUIRE(i.src_reg == 1);
    REQUIRE_FALSE(context_lost_);
    switch (i.off) {
      case 0:
        return context_.access_type;
      case 4:
        return context_.major;
      case 8:
        return context_.minor;
      default:
        FAIL("load beyond the context");
        return 0;
    }
  }

  bpf_cgroup_dev_ctx context_;
  bool context_lost_ = false;
  std::uint64_t registers_[11] = {};
};

bool runs_to(const std::vector<bpf_insn>& program, const Access& wanted) {
  return Machine(wanted).run(program);
}

// The kernel's v1 controller: a default and a list of exceptions, of which one must cover all of an
// access to allow it, and one touching it is enough to deny it.
bool v1_allows(const std::vector<DeviceWrite>& writes, const Access& wanted) {
  REQUIRE(writes.at(0).line == "a");
  const bool by_default = writes[0].allow;
  const std::string letters = std::string((wanted.access & BPF_DEVCG_ACC_READ) != 0 ? "r" : "") +
                              ((wanted.access & BPF_DEVCG_ACC_WRITE) != 0 ? "w" : "") +
                              ((wanted.access & BPF_DEVCG_ACC_MKNOD) != 0 ? "m" : "");
  for (std::size_t i = 1; i < writes.size(); ++i) {
    REQUIRE(writes[i].allow != by_default);
    const std::string& line = writes[i].line;
    const std::size_t colon = line.find(':');
    const std::size_t space = line.find(' ', colon);
    const auto meets = [](const std::string& pattern, std::uint32_t number) {
      return pattern == "*" || pattern == std::to_string(number);
    };
    if ((line[0] == 'b') != (wanted.type == Type::block) ||
        !meets(line.substr(2, colon - 2), wanted.major) ||
        !meets(line.substr(colon + 1, space - colon - 1), wanted.minor)) {
      continue;
    }
    const std::string named = line.substr(space + 1);
    const bool all = letters.find_first_not_of(named) == std::string::npos;
    const bool some = letters.find_first_of(named) != std::string::npos;
    if (by_default ? some : all) return !by_default;
  }
  return by_default;
}

DeviceCgroup rule(bool allow, const std::string& type, std::optional<std::int64_t> major,
                  std::optional<std::int64_t> minor, const std::string& access) {
  return {allow, type, major, minor, access};
}

std::vector<DeviceRule> complete(const std::vector<DeviceCgroup>& rules) {
  auto all = device_rules(rules);
  REQUIRE_MESSAGE(all.ok(), all.error().message());
  return *all;
}

class Random {
 public:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(source_()) % limit; }

  DeviceRule rule() {
    DeviceRule made;
    made.allow = below(2) == 0;
    made.type = static_cast<Type>(below(3));
    if (made.type != Type::any && below(3) != 0) made.major = below(3);
    if (made.type != Type::any && below(3) != 0) made.minor = below(3);
    made.access = 1 + below(7);
    return made;
  }
  Access access() {
    return {below(2) == 0 ? Type::block : Type::character, below(4), below(4), 1 + below(7)};
  }

 private:
  std::mt19937 source_{20261124};
};

}  // namespace

TEST_CASE("the device program decides as the rules do, read one by one") {
  Random random;
  for (int list = 0; list < 3000; ++list) {
    std::vector<DeviceRule> rules;
    for (auto count = random.below(12); count > 0; --count) rules.push_back(random.rule());
    const std::vector<bpf_insn> program = compile_device_filter(rules);
    for (int probe = 0; probe < 60; ++probe) {
      const Access wanted = random.access();
      REQUIRE(runs_to(program, wanted) == is_allowed(rules, wanted));
    }
  }
}

TEST_CASE("the v1 list decides as the rules do, wherever it can be made") {
  Random random;
  int made = 0;
  for (int list = 0; list < 6000; ++list) {
    std::vector<DeviceRule> rules;
    for (auto count = random.below(6); count > 0; --count) rules.push_back(random.rule());
    const auto writes = device_writes_v1(rules);
    if (!writes.ok()) {
      REQUIRE(writes.error().kind == Error::Kind::unsupported);
      continue;
    }
    ++made;
    for (int probe = 0; probe < 60; ++probe) {
      const Access wanted = random.access();
      const bool allowed = v1_allows(*writes, wanted);
      // Two exceptions that cross ("1:*" for reading, "*:2" for writing) are one access too many
      // for the kernel; it may refuse what the rules allow, never the other way.
      if (allowed) REQUIRE(is_allowed(rules, wanted));
      const bool single = (wanted.access & (wanted.access - 1)) == 0;
      if (single) REQUIRE(allowed == is_allowed(rules, wanted));
    }
  }
  CHECK(made > 1000);
}

TEST_CASE("a program refuses everything where no rule allows it") {
  const auto program = compile_device_filter({});
  CHECK_FALSE(runs_to(program, {Type::character, 1, 3, BPF_DEVCG_ACC_READ}));
}

TEST_CASE("without rules a container has the default devices and may make nodes, no more") {
  const std::vector<DeviceRule> rules = complete({});
  const auto program = compile_device_filter(rules);
  const auto writes = device_writes_v1(rules);
  REQUIRE(writes.ok());
  const auto check = [&](const Access& wanted, bool expected) {
    CHECK(is_allowed(rules, wanted) == expected);
    CHECK(runs_to(program, wanted) == expected);
    CHECK(v1_allows(*writes, wanted) == expected);
  };
  for (const std::uint32_t minor : {3U, 5U, 7U, 8U, 9U}) {
    check({Type::character, 1, minor, every_access}, true);
  }
  check({Type::character, 5, 0, every_access}, true);
  check({Type::character, 5, 2, every_access}, true);
  check({Type::character, 136, 77, every_access}, true);
  check({Type::character, 10, 200, every_access}, true);
  check({Type::block, 8, 0, BPF_DEVCG_ACC_MKNOD}, true);
  check({Type::block, 8, 0, BPF_DEVCG_ACC_READ}, false);
  check({Type::character, 1, 1, BPF_DEVCG_ACC_WRITE}, false);  // mem
  check({Type::character, 5, 1, BPF_DEVCG_ACC_READ}, false);   // console
  check({Type::block, 1, 3, BPF_DEVCG_ACC_READ}, false);
}

TEST_CASE("rules are applied in the listed order") {
  const DeviceCgroup allow = rule(true, "b", 8, 0, "r");
  const DeviceCgroup deny = rule(false, "b", 8, 0, "r");
  const Access read{Type::block, 8, 0, BPF_DEVCG_ACC_READ};
  CHECK(runs_to(compile_device_filter(complete({deny, allow})), read));
  CHECK_FALSE(runs_to(compile_device_filter(complete({allow, deny})), read));
}

TEST_CASE("type a, or none, means every device, whatever the numbers") {
  for (const char* type : {"", "a"}) {
    const auto rules = complete({rule(true, type, 8, 0, "r")});
    CHECK(runs_to(compile_device_filter(rules), {Type::block, 9, 9, BPF_DEVCG_ACC_READ}));
    CHECK_FALSE(runs_to(compile_device_filter(rules), {Type::block, 9, 9, BPF_DEVCG_ACC_WRITE}));
  }
}

TEST_CASE("a number that is absent means all") {
  const auto rules = complete({rule(true, "b", {}, 5, "w")});
  CHECK(runs_to(compile_device_filter(rules), {Type::block, 77, 5, BPF_DEVCG_ACC_WRITE}));
  CHECK_FALSE(runs_to(compile_device_filter(rules), {Type::block, 77, 6, BPF_DEVCG_ACC_WRITE}));
}

TEST_CASE("a container that may use every device needs no program") {
  CHECK(allow_everything(complete({rule(true, "a", {}, {}, "rwm")})));
  CHECK(allow_everything(complete({rule(true, "", {}, {}, "mrw"), rule(true, "b", 8, 0, "r")})));
  CHECK_FALSE(allow_everything(complete({})));
  CHECK_FALSE(allow_everything(complete({rule(true, "a", {}, {}, "rw")})));
  CHECK_FALSE(
      allow_everything(complete({rule(true, "a", {}, {}, "rwm"), rule(false, "b", 8, 0, "r")})));
  const auto writes = device_writes_v1(complete({rule(true, "a", {}, {}, "rwm")}));
  REQUIRE(writes->size() == 1);
  CHECK(writes->front().allow);
}

TEST_CASE("denying without an access denies all of them; allowing without one is an error") {
  const auto rules = complete({rule(true, "b", 8, 0, "rw"), rule(false, "b", 8, 0, "")});
  CHECK_FALSE(runs_to(compile_device_filter(rules), {Type::block, 8, 0, BPF_DEVCG_ACC_READ}));
  const auto allowed = device_rules({rule(false, "a", {}, {}, "rwm"), rule(true, "b", 8, 0, "")});
  REQUIRE_FALSE(allowed.ok());
  CHECK(allowed.error().at == "/linux/resources/devices/1/access");
}

TEST_CASE("device rules that mean nothing are errors where they stand") {
  const auto at = [](const DeviceCgroup& bad) {
    const auto rules = device_rules({bad});
    REQUIRE_FALSE(rules.ok());
    CHECK(rules.error().kind == Error::Kind::config);
    return rules.error().at;
  };
  CHECK(at(rule(true, "x", 1, 1, "r")) == "/linux/resources/devices/0/type");
  CHECK(at(rule(true, "c", 1, 1, "rx")) == "/linux/resources/devices/0/access");
  CHECK(at(rule(true, "c", -2, 1, "r")) == "/linux/resources/devices/0/major");
  CHECK(at(rule(true, "c", -1, 1, "r")) == "/linux/resources/devices/0/major");
  CHECK(at(rule(true, "c", 1, std::int64_t{1} << 31, "r")) == "/linux/resources/devices/0/minor");
}

TEST_CASE("cgroup v1 refuses a rule that takes back a part of an earlier one") {
  const auto writes =
      device_writes_v1(complete({rule(true, "c", 10, {}, "rw"), rule(false, "c", 10, 1, "w")}));
  REQUIRE_FALSE(writes.ok());
  CHECK(writes.error().kind == Error::Kind::unsupported);
  CHECK(writes.error().at == "/linux/resources/devices/1");
  CHECK(writes.error().what.find("c 10:* rw") != std::string::npos);
}

TEST_CASE("cgroup v1 can allow everything but some") {
  const auto writes =
      device_writes_v1(complete({rule(true, "a", {}, {}, "rwm"), rule(false, "b", 8, {}, "w")}));
  REQUIRE(writes.ok());
  REQUIRE(writes->size() == 2);
  CHECK((*writes)[0].allow);
  CHECK_FALSE((*writes)[1].allow);
  CHECK((*writes)[1].line == "b 8:* w");
}

}  // namespace tare::cgroups

// SPDX-License-Identifier: Apache-2.0
//
// Device rules as a program for the kernel: BPF_PROG_TYPE_CGROUP_DEVICE, bpf(2).
#include "cgroups/devices/devices.h"

namespace tare::cgroups {

namespace {

using Type = DeviceRule::Type;

// The registers during the check of the rules.
constexpr int verdict = BPF_REG_0;
constexpr int context = BPF_REG_1;  // struct bpf_cgroup_dev_ctx, until its fields are read
constexpr int scratch = BPF_REG_1;  // afterwards
constexpr int type = BPF_REG_2;
constexpr int undecided = BPF_REG_3;  // the accesses that no later rule has decided
constexpr int major = BPF_REG_4;
constexpr int minor = BPF_REG_5;

// Registers and operations are unsigned char and four bits in the kernel's structure.
bpf_insn instruction(int code, int destination, int source, int offset, int immediate) {
  bpf_insn made{};
  made.code = static_cast<__u8>(code);
  made.dst_reg = static_cast<unsigned char>(destination & 0xF);
  made.src_reg = static_cast<unsigned char>(source & 0xF);
  made.off = static_cast<__s16>(offset);
  made.imm = immediate;
  return made;
}

bpf_insn load(int destination, std::size_t offset) {
  return instruction(BPF_LDX | BPF_MEM | BPF_W, destination, context, static_cast<int>(offset), 0);
}
bpf_insn copy_register(int destination, int source) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_X, destination, source, 0, 0);
}
bpf_insn set_register(int destination, int value) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_K, destination, 0, 0, value);
}
bpf_insn keep_bits(int destination, int mask) {
  return instruction(BPF_ALU | BPF_AND | BPF_K, destination, 0, 0, mask);
}
bpf_insn shift_down(int destination, int bits) {
  return instruction(BPF_ALU | BPF_RSH | BPF_K, destination, 0, 0, bits);
}
// The target of a jump is filled in by Filter::close_rule.
bpf_insn skip_unless_equal(int tested, int value) {
  return instruction(BPF_JMP | BPF_JNE | BPF_K, tested, 0, 0, value);
}
bpf_insn skip_if_equal(int tested, int value) {
  return instruction(BPF_JMP | BPF_JEQ | BPF_K, tested, 0, 0, value);
}
bpf_insn leave() {
  return instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

bool is_jump(const bpf_insn& made) {
  return (made.code & 7) == BPF_JMP && (made.code & 0xF0) != BPF_EXIT;
}

class Filter {
 public:
  Filter() {
    program_ = {load(type, offsetof(bpf_cgroup_dev_ctx, access_type)),
                load(major, offsetof(bpf_cgroup_dev_ctx, major)),
                load(minor, offsetof(bpf_cgroup_dev_ctx, minor)),
                copy_register(undecided, type),
                keep_bits(type, 0xFFFF),
                shift_down(undecided, 16)};
  }

  void add(const DeviceRule& rule) {
    const std::size_t begin = program_.size();
    if (rule.type != Type::any) {
      program_.push_back(skip_unless_equal(
          type, rule.type == Type::block ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR));
    }
    if (rule.major) program_.push_back(skip_unless_equal(major, static_cast<int>(*rule.major)));
    if (rule.minor) program_.push_back(skip_unless_equal(minor, static_cast<int>(*rule.minor)));
    if (rule.access != every_access) decide_partly(rule);
    finish(rule.allow);
    close_rule(begin);
  }

  void finish(bool allow) {
    program_.push_back(set_register(verdict, allow ? 1 : 0));
    program_.push_back(leave());
  }

  [[nodiscard]] std::vector<bpf_insn> take() { return std::move(program_); }

 private:
  // A rule denies if one access matches. To allow, no access may remain undecided.
  void decide_partly(const DeviceRule& rule) {
    const int named = static_cast<int>(rule.access);
    if (rule.allow) {
      program_.push_back(keep_bits(undecided, static_cast<int>(every_access) & ~named));
      program_.push_back(skip_unless_equal(undecided, 0));
    } else {
      program_.push_back(copy_register(scratch, undecided));
      program_.push_back(keep_bits(scratch, named));
      program_.push_back(skip_if_equal(scratch, 0));
    }
  }

  // A rule jumps to the previous rule of the list, which is next in the program.
  void close_rule(std::size_t begin) {
    for (std::size_t i = begin; i < program_.size(); ++i) {
      if (is_jump(program_[i])) program_[i].off = static_cast<__s16>(program_.size() - i - 1);
    }
  }

  std::vector<bpf_insn> program_;
};

}  // namespace

// From the last rule to the first, so that the first match in the program decides.
std::vector<bpf_insn> compile_device_filter(const std::vector<DeviceRule>& rules) {
  Filter filter;
  for (auto rule = rules.rbegin(); rule != rules.rend(); ++rule) {
    if (rule->type == Type::any && rule->access == every_access) {
      filter.finish(rule->allow);
      return filter.take();  // the kernel refuses unreachable instructions
    }
    filter.add(*rule);
  }
  filter.finish(false);
  return filter.take();
}

}  // namespace tare::cgroups

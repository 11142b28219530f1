// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/seccomp/program.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <bit>
#include <cstddef>
#include <span>

namespace tare::runtime::seccomp {

namespace {

using Code = std::vector<sock_filter>;

constexpr std::size_t farthest_branch = 255;  // jt and jf have eight bits

sock_filter load(std::size_t offset) {
  return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset)};
}
sock_filter mask(std::uint32_t bits) {
  return {BPF_ALU | BPF_AND | BPF_K, 0, 0, bits};
}
sock_filter finish(Action action) {
  return {BPF_RET | BPF_K, 0, 0, action};
}
sock_filter skip(std::size_t count) {
  return {BPF_JMP | BPF_JA, 0, 0, static_cast<std::uint32_t>(count)};
}

enum class Test : std::uint16_t { equal = BPF_JEQ, greater = BPF_JGT, at_least = BPF_JGE };

// Where a comparison jumps: this many instructions ahead, or to the call's next branch.
struct Target {
  std::uint8_t skipped = 0;
};
constexpr Target next{0};
constexpr Target fail{0xFF};  // filled in when the branch is complete
constexpr Target over(std::uint8_t count) {
  return {count};
}

sock_filter compare(Test test, std::uint32_t value, Target yes, Target no) {
  const int code = BPF_JMP | BPF_K | static_cast<int>(test);
  return {static_cast<std::uint16_t>(code), yes.skipped, no.skipped, value};
}

void append(Code& code, const Code& more) {
  code.insert(code.end(), more.begin(), more.end());
}

// An argument's halves in struct seccomp_data.
std::size_t half(std::uint32_t index, bool upper) {
  const bool second = upper == (std::endian::native == std::endian::little);
  return offsetof(seccomp_data, args) + 8 * std::size_t{index} + (second ? 4 : 0);
}

std::uint32_t upper(std::uint64_t value) {
  return static_cast<std::uint32_t>(value >> 32);
}
std::uint32_t lower(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}

// Compares the lower half, after the upper halves were equal.
Code lower_half(const Condition& condition) {
  using enum oci::SeccompOperator;
  Code code{load(half(condition.index, false))};
  const std::uint32_t value = lower(condition.value);
  switch (condition.op) {
    case EQ:
      code.push_back(compare(Test::equal, value, next, fail));
      break;
    case NE:
      code.push_back(compare(Test::equal, value, fail, next));
      break;
    case GT:
      code.push_back(compare(Test::greater, value, next, fail));
      break;
    case GE:
      code.push_back(compare(Test::at_least, value, next, fail));
      break;
    case LT:
      code.push_back(compare(Test::at_least, value, fail, next));
      break;
    case LE:
      code.push_back(compare(Test::greater, value, fail, next));
      break;
    case MASKED_EQ:
      code.push_back(mask(value));
      code.push_back(compare(Test::equal, lower(condition.valueTwo) & value, next, fail));
      break;
  }
  return code;
}

// Jumps if the upper half alone decides, else falls through to the lower half, which takes `rest`
// instructions.
Code upper_half(const Condition& condition, std::uint8_t rest) {
  using enum oci::SeccompOperator;
  Code code{load(half(condition.index, true))};
  const std::uint32_t value = upper(condition.value);
  switch (condition.op) {
    case EQ:
      code.push_back(compare(Test::equal, value, next, fail));
      break;
    case NE:
      code.push_back(compare(Test::equal, value, next, over(rest)));
      break;
    case GT:
    case GE:
      code.push_back(
          compare(Test::greater, value, over(static_cast<std::uint8_t>(rest + 1)), next));
      code.push_back(compare(Test::equal, value, next, fail));
      break;
    case LT:
    case LE:
      code.push_back(compare(Test::greater, value, fail, next));
      code.push_back(compare(Test::equal, value, next, over(rest)));
      break;
    case MASKED_EQ:
      code.push_back(mask(value));
      code.push_back(compare(Test::equal, upper(condition.valueTwo) & value, next, fail));
      break;
  }
  return code;
}

// If the mask covers only the lower half, the upper half does not matter.
bool needs_upper_half(const Condition& condition, bool wide) {
  return wide && (condition.op != oci::SeccompOperator::MASKED_EQ || upper(condition.value) != 0);
}

Code branch(const Branch& made, bool wide) {
  Code code;
  for (const Condition& condition : made.conditions) {
    const Code rest = lower_half(condition);
    if (needs_upper_half(condition, wide)) {
      append(code, upper_half(condition, static_cast<std::uint8_t>(rest.size())));
    }
    append(code, rest);
  }
  code.push_back(finish(made.action));
  for (std::size_t i = 0; i < code.size(); ++i) {
    const auto to_end = static_cast<std::uint8_t>(code.size() - i - 1);
    if (BPF_CLASS(code[i].code) != BPF_JMP) continue;
    if (code[i].jt == fail.skipped) code[i].jt = to_end;
    if (code[i].jf == fail.skipped) code[i].jf = to_end;
  }
  return code;
}

Code decide(const Range& range) {
  Code code;
  for (const Branch& made : range.branches) append(code, branch(made, range.wide));
  code.push_back(finish(range.otherwise));
  return code;
}

// Expects the call's number in the accumulator.
Code search_tree(std::span<const Range> ranges) {
  if (ranges.size() == 1) return decide(ranges.front());
  const std::size_t middle = ranges.size() / 2;
  const Code low = search_tree(ranges.first(middle));
  const std::uint32_t split = ranges[middle].first;
  Code code;
  if (low.size() <= farthest_branch) {
    code = {compare(Test::at_least, split, over(static_cast<std::uint8_t>(low.size())), next)};
  } else {
    code = {compare(Test::at_least, split, next, over(1)), skip(low.size())};
  }
  append(code, low);
  append(code, search_tree(ranges.subspan(middle)));
  return code;
}

}  // namespace

std::vector<std::uint64_t> assemble(const std::vector<Architecture>& architectures,
                                    Action other_architectures) {
  Code code{load(offsetof(seccomp_data, arch))};
  for (const Architecture& architecture : architectures) {
    Code calls{load(offsetof(seccomp_data, nr))};
    append(calls, search_tree(architecture.ranges));
    code.push_back(compare(Test::equal, architecture.audit, over(1), next));
    code.push_back(skip(calls.size()));
    append(code, calls);
  }
  code.push_back(finish(other_architectures));

  std::vector<std::uint64_t> program;
  program.reserve(code.size());
  for (const sock_filter& instruction : code) {
    program.push_back(std::bit_cast<std::uint64_t>(instruction));
  }
  return program;
}

}  // namespace tare::runtime::seccomp

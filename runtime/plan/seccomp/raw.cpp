// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/seccomp/raw.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "runtime/plan/seccomp/native_architecture.h"

namespace tare::runtime {

namespace {

// RFC 4648, section 4. Line breaks are ignored; padding is optional.
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=') || text.ends_with('\n')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r') continue;
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xFF);
  }
  return bytes;
}

constexpr std::uint16_t arithmetic[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND,
                                        BPF_OR,  BPF_XOR, BPF_LSH, BPF_RSH};
constexpr std::uint16_t jumps[] = {BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET};

bool is_calculation(const sock_filter& instruction) {
  const std::uint16_t code = instruction.code;
  if (code == (BPF_ALU | BPF_NEG)) return true;
  const bool by_constant = (code & BPF_X) == 0;
  const bool known = std::ranges::any_of(arithmetic, [&](std::uint16_t operation) {
    return code == (BPF_ALU | operation | (code & BPF_X));
  });
  const std::uint16_t operation = BPF_OP(code);
  if (by_constant && operation == BPF_DIV && instruction.k == 0) return false;
  const bool shifts = operation == BPF_LSH || operation == BPF_RSH;
  return known && !(by_constant && shifts && instruction.k >= 32);
}

// `left` is the number of instructions that follow.
bool is_jump(const sock_filter& instruction, std::size_t left) {
  if (instruction.code == (BPF_JMP | BPF_JA)) return instruction.k < left;
  const bool known = std::ranges::any_of(jumps, [&](std::uint16_t operation) {
    return instruction.code == (BPF_JMP | operation | (instruction.code & BPF_X));
  });
  return known && instruction.jt < left && instruction.jf < left;
}

// A filter may read its seccomp_data only in aligned words, and its own scratch memory.
bool is_allowed(const sock_filter& instruction, std::size_t left) {
  switch (instruction.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      return instruction.k % 4 == 0 && instruction.k < sizeof(seccomp_data);
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
      return instruction.k < BPF_MEMWORDS;
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
      return true;
    default:
      return is_calculation(instruction) || is_jump(instruction, left);
  }
}

}  // namespace

Result<std::vector<std::uint64_t>> decode_filter(std::string_view base64,
                                                 const std::string& pointer) {
  const std::optional<std::string> bytes = decode_base64(base64);
  if (!bytes) return Error::config(pointer, "is not base64");
  constexpr std::size_t size = sizeof(sock_filter);
  const std::size_t count = bytes->size() / size;
  if (bytes->size() % size != 0 || count == 0 || count > BPF_MAXINSNS) {
    return Error::config(pointer, "a filter is 1 to " + std::to_string(BPF_MAXINSNS) +
                                      " instructions of 8 bytes, not " +
                                      std::to_string(bytes->size()) + " bytes");
  }
  std::vector<std::uint64_t> program(count);
  std::memcpy(program.data(), bytes->data(), bytes->size());
  sock_filter last{};
  for (std::size_t i = 0; i < count; ++i) {
    std::memcpy(&last, &program[i], size);
    if (is_allowed(last, count - i - 1)) continue;
    return Error::config(pointer, "instruction " + std::to_string(i) + " is none for seccomp(2)");
  }
  if (BPF_CLASS(last.code) != BPF_RET) {
    return Error::config(pointer, "the last instruction must return");
  }
  return program;
}

namespace {

std::uint32_t calculate(std::uint16_t operation, std::uint32_t a, std::uint32_t operand) {
  constexpr std::uint32_t last_bit = 31;
  switch (operation) {
    case BPF_ADD:
      return a + operand;
    case BPF_SUB:
      return a - operand;
    case BPF_MUL:
      return a * operand;
    case BPF_DIV:
      return operand == 0 ? 0 : a / operand;
    case BPF_AND:
      return a & operand;
    case BPF_OR:
      return a | operand;
    case BPF_XOR:
      return a ^ operand;
    case BPF_LSH:
      return a << (operand & last_bit);
    case BPF_RSH:
      return a >> (operand & last_bit);
    default:
      return 0U - a;  // BPF_NEG
  }
}

bool holds(std::uint16_t condition, std::uint32_t a, std::uint32_t operand) {
  switch (condition) {
    case BPF_JEQ:
      return a == operand;
    case BPF_JGE:
      return a >= operand;
    case BPF_JGT:
      return a > operand;
    default:
      return (a & operand) != 0;  // BPF_JSET
  }
}

// The classic BPF machine, for a checked program: every jump goes forward.
class Machine {
 public:
  explicit Machine(const seccomp_data& data) : data_(data) {}

  std::uint32_t run(const std::vector<std::uint64_t>& program) {
    for (std::size_t at = 0; at < program.size(); ++at) {
      sock_filter instruction{};
      std::memcpy(&instruction, &program[at], sizeof instruction);
      if (instruction.code == (BPF_RET | BPF_A)) return a_;
      if (BPF_CLASS(instruction.code) == BPF_RET) return instruction.k;
      at += step(instruction);
    }
    return SECCOMP_RET_KILL_THREAD;
  }

 private:
  // The number of instructions to skip.
  std::size_t step(const sock_filter& instruction) {
    const std::uint32_t operand = (instruction.code & BPF_X) != 0 ? x_ : instruction.k;
    switch (BPF_CLASS(instruction.code)) {
      case BPF_LD:
        a_ = load(instruction);
        break;
      case BPF_LDX:
        x_ = load(instruction);
        break;
      case BPF_ST:
        memory_[instruction.k] = a_;
        break;
      case BPF_STX:
        memory_[instruction.k] = x_;
        break;
      case BPF_ALU:
        a_ = calculate(BPF_OP(instruction.code), a_, operand);
        break;
      case BPF_MISC:
        (BPF_MISCOP(instruction.code) == BPF_TAX ? x_ : a_) =
            BPF_MISCOP(instruction.code) == BPF_TAX ? a_ : x_;
        break;
      default:
        if (BPF_OP(instruction.code) == BPF_JA) return instruction.k;
        return holds(BPF_OP(instruction.code), a_, operand) ? instruction.jt : instruction.jf;
    }
    return 0;
  }

  [[nodiscard]] std::uint32_t load(const sock_filter& instruction) const {
    std::uint32_t word = 0;
    switch (BPF_MODE(instruction.code)) {
      case BPF_ABS:
        std::memcpy(&word, reinterpret_cast<const char*>(&data_) + instruction.k, sizeof word);
        return word;
      case BPF_MEM:
        return memory_[instruction.k];
      case BPF_LEN:
        return sizeof data_;
      default:
        return instruction.k;  // BPF_IMM
    }
  }

  const seccomp_data& data_;
  std::uint32_t a_ = 0;
  std::uint32_t x_ = 0;
  std::array<std::uint32_t, BPF_MEMWORDS> memory_{};
};

}  // namespace

namespace {

std::uint32_t verdict(const std::vector<std::uint64_t>& program, const SystemCall& call) {
  seccomp_data data{};
  data.nr = static_cast<int>(call.number);
  data.arch = native_architecture;
  std::copy(call.arguments.begin(), call.arguments.end(), std::begin(data.args));
  return Machine(data).run(program) & SECCOMP_RET_ACTION_FULL;
}

}  // namespace

bool lets_through(const std::vector<std::uint64_t>& program, std::span<const SystemCall> calls) {
  return std::ranges::all_of(calls, [&](const SystemCall& call) {
    const std::uint32_t action = verdict(program, call);
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
  });
}

bool stops_write(const std::vector<std::uint64_t>& program) {
  return verdict(program, {SYS_write}) == SECCOMP_RET_USER_NOTIF;
}

bool may_notify(const std::vector<std::uint64_t>& program) {
  return std::ranges::any_of(program, [](std::uint64_t word) {
    sock_filter instruction{};
    std::memcpy(&instruction, &word, sizeof instruction);
    if (instruction.code == (BPF_RET | BPF_A)) return true;  // any computed value
    return instruction.code == (BPF_RET | BPF_K) &&
           (instruction.k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF;
  });
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/seccomp_raw.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace tare::runtime {

namespace {

// RFC 4648, section 4. Line breaks are passed over, padding may be left out.
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

bool is_arithmetic(const sock_filter& instruction) {
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

// `left` is how many instructions follow.
bool is_jump(const sock_filter& instruction, std::size_t left) {
  if (instruction.code == (BPF_JMP | BPF_JA)) return instruction.k < left;
  const bool known = std::ranges::any_of(jumps, [&](std::uint16_t operation) {
    return instruction.code == (BPF_JMP | operation | (instruction.code & BPF_X));
  });
  return known && instruction.jt < left && instruction.jf < left;
}

// The kernel lets a filter read its seccomp_data in words, and its own memory.
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
      return is_arithmetic(instruction) || is_jump(instruction, left);
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

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/seccomp/raw.h"

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include <cstring>

namespace tare::runtime {

namespace {

std::string base64(const std::vector<sock_filter>& program) {
  constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto* bytes = reinterpret_cast<const unsigned char*>(program.data());
  const std::size_t size = program.size() * sizeof(sock_filter);
  std::string text;
  for (std::size_t i = 0; i < size; i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = i; j < i + 3; ++j) bits = bits << 8 | (j < size ? bytes[j] : 0U);
    for (std::size_t j = 0; j < 4; ++j) {
      text += i + j > size ? '=' : alphabet[bits >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

const sock_filter load = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
const sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);

std::string refusal(const std::vector<sock_filter>& program) {
  const auto decoded = decode_filter(base64(program), "/annotations/a");
  return decoded.ok() ? "" : decoded.error().what;
}

std::string refused_instruction(const sock_filter& instruction) {
  return refusal({load, instruction, allow});
}

}  // namespace

TEST_CASE("a raw filter is taken as it is") {
  const std::vector<sock_filter> program = {load, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 39, 0, 1),
                                            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 5),
                                            allow};
  const auto decoded = decode_filter(base64(program), "");
  REQUIRE(decoded.ok());
  REQUIRE(decoded->size() == program.size());
  CHECK(std::memcmp(decoded->data(), program.data(), 8 * program.size()) == 0);
  std::string broken = base64(program);
  broken.insert(10, "\n");
  CHECK(decode_filter(broken, "").ok());
}

TEST_CASE("what is not base64 of whole instructions is refused") {
  for (const char* text : {"BgAA*AAA/38=", "BgAAAAAA/3", "", "=", "AA AA"}) {
    CAPTURE(text);
    const auto decoded = decode_filter(text, "/annotations/a");
    REQUIRE_FALSE(decoded.ok());
    CHECK(decoded.error().at == "/annotations/a");
  }
  CHECK(refusal(std::vector<sock_filter>(4097, allow)).find("4096") != std::string::npos);
}

TEST_CASE("instructions that the kernel would refuse are told by their number") {
  CHECK(refused_instruction(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 60)).empty());
  CHECK(refused_instruction(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64)) ==
        "instruction 1 is none for seccomp(2)");
  CHECK(!refused_instruction(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2)).empty());
  CHECK(!refused_instruction(BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0)).empty());
  CHECK(!refused_instruction(BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0)).empty());
  CHECK(!refused_instruction(BPF_STMT(BPF_ST, 16)).empty());
  CHECK(refused_instruction(BPF_STMT(BPF_ST, 15)).empty());
  CHECK(!refused_instruction(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0)).empty());
  CHECK(refused_instruction(BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 2)).empty());
  CHECK(!refused_instruction(BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32)).empty());
  CHECK(refused_instruction(BPF_STMT(BPF_ALU | BPF_LSH | BPF_X, 0)).empty());
  CHECK(!refused_instruction(BPF_STMT(BPF_JMP | BPF_JA, 1)).empty());
  CHECK(refused_instruction(BPF_STMT(BPF_JMP | BPF_JA, 0)).empty());
  CHECK(!refused_instruction(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1)).empty());
  CHECK(!refused_instruction(BPF_STMT(0xFFFF, 0)).empty());
}

TEST_CASE("a filter ends in a return") {
  CHECK(refusal({load}) == "the last instruction must return");
}

TEST_CASE("a raw filter is followed to what it says of write") {
  const auto stops = [](std::vector<sock_filter> program) {
    const auto decoded = decode_filter(base64(program), "");
    REQUIRE(decoded.ok());
    return stops_write(*decoded);
  };
  const sock_filter wait = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  const auto if_equal = [](std::uint32_t number) {
    return sock_filter(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1));
  };
  CHECK(stops({wait}));
  CHECK(stops({load, if_equal(SYS_write), wait, allow}));
  CHECK_FALSE(stops({load, if_equal(SYS_mkdirat), wait, allow}));
  // The same by way of memory, the index register, arithmetic and a jump over an instruction.
  CHECK(stops({load, BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_IMM, SYS_write),
               BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_MEM, 3),
               BPF_STMT(BPF_ALU | BPF_SUB | BPF_X, 0), BPF_STMT(BPF_JMP | BPF_JA, 1), allow,
               if_equal(0), wait, allow}));
  CHECK(stops({BPF_STMT(BPF_LD | BPF_IMM, SECCOMP_RET_USER_NOTIF >> 4),
               BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 4), BPF_STMT(BPF_RET | BPF_A, 0)}));
  CHECK_FALSE(stops({BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0), BPF_STMT(BPF_ALU | BPF_NEG, 0),
                     BPF_STMT(BPF_RET | BPF_A, 0)}));
}

TEST_CASE("a raw filter may make calls wait if it says so, or computes what it says") {
  const auto waits = [](const sock_filter& last) {
    const auto decoded = decode_filter(base64({load, last}), "");
    REQUIRE(decoded.ok());
    return may_notify(*decoded);
  };
  CHECK(waits(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)));
  CHECK(waits(BPF_STMT(BPF_RET | BPF_A, 0)));
  CHECK_FALSE(waits(allow));
  CHECK_FALSE(waits(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 7)));
}

}  // namespace tare::runtime

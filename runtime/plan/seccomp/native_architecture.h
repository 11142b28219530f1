// SPDX-License-Identifier: Apache-2.0
//
// The architecture of a system call as a seccomp filter sees it, for the architecture that tare is
// built for.
#pragma once

#include <linux/audit.h>

#include <cstdint>

namespace tare::runtime {

#if defined(__x86_64__)
inline constexpr std::uint32_t native_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
inline constexpr std::uint32_t native_architecture = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
inline constexpr std::uint32_t native_architecture = AUDIT_ARCH_RISCV64;
#else
#error "the seccomp architecture of this processor is not known yet"
#endif

}  // namespace tare::runtime

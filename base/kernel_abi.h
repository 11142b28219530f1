// SPDX-License-Identifier: Apache-2.0
//
// Constants of the kernel's ABI that some Debian headers lack, or whose header does not compile as
// C++. Their names are the kernel's in lower case, so they cannot clash with a macro of a header.
// tests/structure compares each with the installed headers.
#pragma once

#include <cstdint>

namespace tare::kernel {

// linux/ioprio.h: since Linux 6.1.190 an inline function has a parameter called `class`.
inline constexpr int ioprio_class_shift = 13;
inline constexpr int ioprio_class_rt = 1;
inline constexpr int ioprio_class_be = 2;
inline constexpr int ioprio_class_idle = 3;
inline constexpr int ioprio_who_process = 1;

// linux/memfd.h, since Linux 6.3.
inline constexpr unsigned mfd_exec = 0x0010;

// linux/seccomp.h, since Linux 5.19.
inline constexpr unsigned long seccomp_filter_flag_wait_killable_recv = 1UL << 5;

// linux/stat.h, since Linux 6.8. Older kernels ignore it.
inline constexpr unsigned statx_mnt_id_unique = 0x4000;

// linux/pidfd.h, since Linux 6.15.
inline constexpr std::uint64_t pidfd_info_exit = 1U << 3;
inline constexpr std::uint64_t pidfd_info_size_ver0 = 64;

}  // namespace tare::kernel

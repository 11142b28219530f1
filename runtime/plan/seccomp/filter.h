// SPDX-License-Identifier: Apache-2.0
//
// linux.seccomp as a filter program for seccomp(2): config-linux.md, "Seccomp". Pure: the same
// document gives the same program on every host of one architecture.
//
// What a call meets: the rules that name it. One without conditions decides, whatever the order;
// else the first whose conditions all hold; else the default action. Then there is what profiles
// leave open:
//   - The native architecture is always covered; a call of one that is not listed kills its thread.
//   - Names that nobody knows are passed over, as profiles are written for newer kernels too.
//   - Calls newer than the newest that the profile names fail with ENOSYS where the default action
//     would refuse them, so that libraries fall back to older calls.
//   - On 32-bit x86 and others a call like socket(2) can also be made through socketcall(2) or
//     ipc(2), where a filter sees no arguments: a rule with conditions counts there without them if
//     it is stricter than the default action, else not at all.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config.h"

namespace tare::runtime {

// struct sock_filter of <linux/filter.h>, 8 bytes each. `pointer` is where the document stands:
// errors are at or below it. Kind::unsupported for architectures that this build does not know, and
// for a program of more than 4096 instructions, the kernel's limit.
Result<std::vector<std::uint64_t>> compile_seccomp(const oci::Seccomp& seccomp,
                                                   std::string_view pointer);

// For who does not want unknown names passed over: the first of them is an error, at its place.
Result<void> check_names(const oci::Seccomp& seccomp, std::string_view pointer);

// Whether some call waits for an agent's answer (SCMP_ACT_NOTIFY).
bool notifies(const oci::Seccomp& seccomp);

// SECCOMP_FILTER_FLAG_* for seccomp(2), NEW_LISTENER where it notifies. No list means SPEC_ALLOW,
// an empty list none.
Result<unsigned> seccomp_flags(const oci::Seccomp& seccomp);
// The same for a filter that is not compiled from the document.
unsigned seccomp_flags(const oci::Seccomp& seccomp, bool listens);

}  // namespace tare::runtime

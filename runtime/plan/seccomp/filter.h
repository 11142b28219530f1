// SPDX-License-Identifier: Apache-2.0
//
// linux.seccomp as a filter program for seccomp(2): config-linux.md, "Seccomp". Pure: the same
// document gives the same program on every host of one architecture.
//
// For each call the filter checks the rules that name it. A rule without conditions decides,
// whatever the order; otherwise the first rule whose conditions all hold; otherwise the default
// action. In addition:
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

// struct sock_filter of <linux/filter.h>, 8 bytes each. `pointer` is the place of the document;
// errors are at or below it. Kind::unsupported for architectures that this build does not know, and
// for a program of more than 4096 instructions, the kernel's limit.
Result<std::vector<std::uint64_t>> compile_seccomp(const oci::Seccomp& seccomp,
                                                   std::string_view pointer);

// For callers that must not ignore unknown names: the first one is an error, at its place.
Result<void> check_names(const oci::Seccomp& seccomp, std::string_view pointer);

// Whether some call waits for an agent (SCMP_ACT_NOTIFY).
bool notifies(const oci::Seccomp& seccomp);

// SECCOMP_FILTER_FLAG_* for seccomp(2), with NEW_LISTENER if the filter notifies. Without a list
// SPEC_ALLOW, with an empty list none.
Result<unsigned> seccomp_flags(const oci::Seccomp& seccomp);
// The same for a filter that is not compiled from the document.
unsigned seccomp_flags(const oci::Seccomp& seccomp, bool listens);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// Annotations that change a container: those of the specification, and those of crun that engines
// and users send. docs/annotations.md describes them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config.h"

namespace tare::oci {

namespace annotation {
inline constexpr std::string_view stop_signal = "org.opencontainers.image.stopSignal";
inline constexpr std::string_view keep_groups = "run.oci.keep_original_groups";
inline constexpr std::string_view hooks_stdout = "run.oci.hooks.stdout";
inline constexpr std::string_view hooks_stderr = "run.oci.hooks.stderr";
inline constexpr std::string_view seccomp_receiver = "run.oci.seccomp.receiver";
inline constexpr std::string_view seccomp_program = "run.oci.seccomp_bpf_data";
inline constexpr std::string_view context_type = "run.oci.mount_context_type";
inline constexpr std::string_view pidfd_receiver = "run.oci.pidfd_receiver";
inline constexpr std::string_view delegated_cgroup = "run.oci.delegate-cgroup";
inline constexpr std::string_view systemd_subgroup = "run.oci.systemd.subgroup";
inline constexpr std::string_view strict_seccomp = "run.oci.seccomp_fail_unknown_syscall";
inline constexpr std::string_view criu_config = "org.criu.config";
}  // namespace annotation

// The value, or nothing if it is absent or empty.
const std::string* find_annotation(const Annotations& annotations, std::string_view name);

// A switch: absent, "0" and "false" are off.
bool is_on(const Annotations& annotations, std::string_view name);

// Copies an annotation that is an alias of a property to the property, unless that is set. Refuses
// an invalid cgroup name.
Result<void> apply_annotations(Config& config);

// For features.md's potentiallyUnsafeConfigAnnotations.
std::vector<std::string> unsafe_annotations();

}  // namespace tare::oci

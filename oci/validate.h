// SPDX-License-Identifier: Apache-2.0
//
// Checks the values of a decoded document, as far as the document alone allows: config.md and
// config-linux.md, and values that the kernel would refuse later with a worse message. The planner
// checks what depends on the host (paths, joined namespaces, cgroup versions).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "oci/config.h"

namespace tare::oci {

// The first problem, in the order of the document. Errors point into config.json.
Result<void> validate(const Config& config);

// The same for single documents (`exec --process`, `update --resources`). Errors point into that
// document.
Result<void> validate(const Process& process);
Result<void> validate(const Resources& resources);

// Checks only the mounts of a config. Errors point into config.json ("/mounts/0").
Result<void> validate_mounts(const Config& config);

// Every problem of the document.
std::vector<Error> all_problems(const Config& config);

// Warnings that the specification requires, one sentence each, with the JSON pointer in front:
// unknown capabilities, ambient ones that will not be raised, relative mount destinations.
std::vector<std::string> warnings(const Config& config);
std::vector<std::string> warnings(const Process& process);
// The same as values with a pointer: `warnings` has their messages.
std::vector<Error> doubts(const Config& config);
std::vector<std::string> warnings(const Resources& resources);

}  // namespace tare::oci

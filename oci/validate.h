// SPDX-License-Identifier: Apache-2.0
//
// What the values of a decoded document must be, as far as the document alone can tell: config.md
// and config-linux.md, and what the kernel would refuse later with a worse message. What depends on
// the host (paths, namespaces that are joined, cgroup versions) is the planner's to check.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "oci/config.h"

namespace tare::oci {

// The first problem of the document, in its order. Errors point into config.json.
Result<void> validate(const Config& config);

// The same for documents that come alone (`exec --process`, `update --resources`). Errors point
// into that document.
Result<void> validate(const Process& process);
Result<void> validate(const Resources& resources);

// Of a config only its mounts. Errors point into config.json ("/mounts/0").
Result<void> validate_mounts(const Config& config);

// Every problem of the document.
std::vector<Error> all_problems(const Config& config);

// What the spec wants said aloud without failing, one sentence each, with the JSON pointer in
// front: unknown capabilities, ambient ones that will not be raised, relative mount destinations.
std::vector<std::string> warnings(const Config& config);
std::vector<std::string> warnings(const Process& process);
// The same as values with a pointer: `warnings` has their messages.
std::vector<Error> doubts(const Config& config);
std::vector<std::string> warnings(const Resources& resources);

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// tare under the name pinns. CRI-O runs this program to hold the namespaces of a pod, so that it
// needs no pause process.
#pragma once

#include "runtime/errors/log.h"

namespace tare::runtime {

bool is_pinns(int argc, const char* const argv[]);

// Returns the exit status. Creates namespaces of the given kinds and holds them at
// DIR/KINDns/FILENAME.
int run_pinns(int argc, char* argv[], const Log& log);

}  // namespace tare::runtime

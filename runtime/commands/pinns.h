// SPDX-License-Identifier: Apache-2.0
//
// tare called by the name pinns: CRI-O runs that program to hold the namespaces of a pod, so that
// no pause process is needed.
#pragma once

#include "runtime/errors/log.h"

namespace tare::runtime {

bool is_pinns(int argc, const char* const argv[]);

// The exit status. New namespaces of the kinds that are named are held by DIR/KINDns/FILENAME.
int run_pinns(int argc, char* argv[], const Log& log);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "runtime/container.h"
#include "runtime/log.h"

namespace tare::runtime {

// runtime.md "Start": startContainer hooks in the container, the program, poststart hooks on the host.
// A container whose program or poststart hooks fail is stopped.
Result<void> start(const Container& container);

// The host's poststart hooks alone; used after `run` has let its own init go.
Result<void> run_poststart_hooks(const Container& container);
Result<void> run_start_container_hooks(const Container& container, int init_pidfd);

}  // namespace tare::runtime

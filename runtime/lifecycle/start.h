// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "runtime/errors/log.h"
#include "runtime/store/container.h"

namespace tare::runtime {

// runtime.md "Start": startContainer hooks in the container, the program, poststart hooks on the
// host. A program that cannot be executed leaves a stopped container. A failed hook leaves none:
// the specification requires that the container is stopped and destroyed, with poststop hooks.
Result<void> start(const Store& store, const Container& container, const Log& log);

// Only the two kinds of hooks, for `run`, which releases its own init in between.
Result<void> run_start_container_hooks(const Container& container);
Result<void> run_poststart_hooks(const Container& container);

}  // namespace tare::runtime

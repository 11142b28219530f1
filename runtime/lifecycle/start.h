// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "runtime/errors/log.h"
#include "runtime/store/container.h"

namespace tare::runtime {

// runtime.md "Start": startContainer hooks in the container, the program, poststart hooks on the
// host. A program that cannot be executed leaves a stopped container; a hook that fails leaves
// none: the spec wants it stopped and destroyed, poststop hooks included.
Result<void> start(const Store& store, const Container& container, const Log& log);

// The two kinds of hooks alone, for `run`, which lets its own init go in between.
Result<void> run_start_container_hooks(const Container& container);
Result<void> run_poststart_hooks(const Container& container);

}  // namespace tare::runtime

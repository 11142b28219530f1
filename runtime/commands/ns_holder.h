// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/namespaces/opened.h"

namespace tare::runtime {

// The program that keeps a pid namespace alive: the stub, which waits for its byte, closes all
// descriptors and sleeps. None (-1) if the kinds need no holder.
Result<UniqueFd> holder_program(const Kinds& kinds);

}  // namespace tare::runtime

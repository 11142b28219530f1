// SPDX-License-Identifier: Apache-2.0
//
// Namespaces are looked into by a child that joins them: tare itself stays where it is.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.h"

namespace tare::runtime {

// Runs in the child and writes what it finds to `output`. Its Fault becomes the exit status.
using ChildTask = std::function<Call<void>(int output)>;

// What the child has written, of at most `limit` bytes. `why` is the context of an error, and
// `why_in_child` that of the task's.
Result<std::string> read_from_child(const std::string& why, const std::string& why_in_child,
                                    std::size_t limit, const ChildTask& task);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// Parts of the texts of steps.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/steps/step.h"

namespace tare::runtime {

std::string kinds_of(std::uint64_t namespaces);      // CLONE_NEW*: "mount, pid"
std::string propagation_words(unsigned long flags);  // MS_*: "rslave"
std::string shown(const InsidePath& path);
std::string octal(unsigned value);  // "022"

}  // namespace tare::runtime

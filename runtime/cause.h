// SPDX-License-Identifier: Apache-2.0
//
// Why a call failed, as this host shows it: looked up after the failure, so that a hint states what
// is and does not list what could be.
#pragma once

#include <cstdint>
#include <string>

namespace tare::runtime {

// About a clone3(2) with these CLONE_NEW*; nothing where the errno says it all.
std::string cause_of_clone(int error, std::uint64_t namespaces);

// "tare does not hold CAP_SYS_NICE", or `otherwise` if it does.
std::string without_capability(int capability, std::string otherwise);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// Kernel parameters as a container's processes would read them: those of the network, IPC and UTS
// namespace are shown to who is in it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace tare::runtime {

// By the path below /proc/sys: "net/ipv4/ip_forward". What cannot be read is left out. A child
// joins the namespaces (CLONE_NEW*) and reads the host's procfs; nobody in the container can see
// it.
Result<std::map<std::string, std::string>> read_sysctls(int init, std::uint64_t namespaces,
                                                        const std::vector<std::string>& paths);

}  // namespace tare::runtime

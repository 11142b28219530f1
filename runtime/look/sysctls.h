// SPDX-License-Identifier: Apache-2.0
//
// Kernel parameters as the container's processes read them. The kernel shows the parameters of a
// network, IPC or UTS namespace only to processes in it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace tare::runtime {

// By the path below /proc/sys: "net/ipv4/ip_forward". Files that cannot be read are left out. A
// child joins the namespaces (CLONE_NEW*) and reads the host's procfs. Processes in the container
// cannot see the child.
Result<std::map<std::string, std::string>> read_sysctls(int init, std::uint64_t namespaces,
                                                        const std::vector<std::string>& paths);

}  // namespace tare::runtime

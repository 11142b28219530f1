// SPDX-License-Identifier: Apache-2.0
//
// linux.sysctl (config-linux.md, "Sysctl"): only parameters that belong to a namespace of the
// container, since any other one would be the host's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "oci/config/namespaces.h"

namespace tare::oci {

// Below /proc/sys. sysctl(8): the first separator of a key is its separator, the other one is a
// character of a name ("net/ipv4/conf/eno2.100/forwarding").
std::string sysctl_path(std::string key);

// It names one file below /proc/sys and cannot lead elsewhere.
bool is_sysctl_key(const std::string& key);

inline constexpr std::size_t longest_sysctl_value = 4095;  // bytes; proc_sysctl.c: below a page

// The kind of namespace that a kernel parameter belongs to; nothing for one of the whole host.
std::optional<NamespaceType> namespace_of_sysctl(const std::string& key);

}  // namespace tare::oci

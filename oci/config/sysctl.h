// SPDX-License-Identifier: Apache-2.0
//
// linux.sysctl (config-linux.md, "Sysctl"): only parameters of a namespace of the container,
// because all others would be the host's.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "oci/config/namespaces.h"

namespace tare::oci {

// The path below /proc/sys. sysctl(8): the first separator of a key is the separator of the whole
// key; the other character is part of a name ("net/ipv4/conf/eno2.100/forwarding").
std::string sysctl_path(std::string key);

// True if the key names one file below /proc/sys and cannot lead elsewhere.
bool is_sysctl_key(const std::string& key);

inline constexpr std::size_t longest_sysctl_value = 4095;  // bytes; proc_sysctl.c: below a page

// The kind of namespace that a kernel parameter belongs to; nothing for a parameter of the whole
// host.
std::optional<NamespaceType> namespace_of_sysctl(const std::string& key);

}  // namespace tare::oci

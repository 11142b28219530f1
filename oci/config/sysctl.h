// SPDX-License-Identifier: Apache-2.0
//
// linux.sysctl (config-linux.md, "Sysctl"): only parameters that belong to a namespace of the
// container, since any other one would be the host's.
#pragma once

#include <optional>
#include <string>

#include "oci/config/namespaces.h"

namespace tare::oci {

// The kind of namespace that a kernel parameter belongs to; nothing for one of the whole host.
std::optional<NamespaceType> namespace_of_sysctl(const std::string& key);

}  // namespace tare::oci

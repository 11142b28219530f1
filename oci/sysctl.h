// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "oci/config.h"

namespace tare::oci {

// The kind of namespace that a kernel parameter belongs to; nothing for one of the whole host.
std::optional<NamespaceType> namespace_of_sysctl(const std::string& key);

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// Namespaces as text tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/output/namespace_table.h"
#include "runtime/command_line/colours.h"
#include "runtime/commands/commands.h"

namespace tare::runtime {

std::string table_of(const std::vector<oci::NamespaceSeen>& namespaces, const Paint& paint);
std::string table_of(const oci::ProcessNamespaces& process, const Paint& paint);
// The names of `ns create`; empty if there are none.
std::string table_of(const std::vector<oci::NamespaceName>& names);
// The user namespaces and pid namespaces, each below its parent.
std::string trees_of(const std::vector<oci::NamespaceSeen>& namespaces);

// The process of an argument "PID|ID": a number is a pid, any other word is a container.
Result<pid_t> process_named(const CommandContext& context, const std::string& name);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// The options for kinds of namespaces, and the namespaces that an argument names.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/command_line/options.h"
#include "runtime/commands/commands.h"
#include "runtime/namespaces/opened.h"

namespace tare::runtime {

namespace kind_option {

inline constexpr Option cgroup = {.name = "cgroup", .help = "cgroup namespace"};
inline constexpr Option ipc = {.name = "ipc", .help = "System V IPC and POSIX message queues"};
inline constexpr Option mount = {.name = "mount", .help = "mount namespace"};
inline constexpr Option net = {.name = "net", .help = "network namespace"};
inline constexpr Option pid = {.name = "pid", .help = "pid namespace"};
inline constexpr Option time = {.name = "time",
                                .help = "time namespace (boot and monotonic clocks)"};
inline constexpr Option user = {.name = "user", .help = "user namespace"};
inline constexpr Option uts = {.name = "uts", .help = "UTS namespace (host and domain name)"};

}  // namespace kind_option

// The name of the kind's option: "mount", "net", "uts".
const char* option_name(oci::NamespaceType type);

// The kinds whose options were given.
Kinds kinds_given(const Values& options);

// Opens the namespaces of an argument FILE|NAME|PID|ID, of these kinds. If `kinds` is empty, it
// opens all kinds. A word with a slash is a file, a number is a process. If a word is both a
// container and a name of `ns create`, it is refused.
Result<std::vector<OpenedNamespace>> open_named(const CommandContext& context,
                                                const std::string& name, const Kinds& kinds);

}  // namespace tare::runtime

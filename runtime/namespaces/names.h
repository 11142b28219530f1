// SPDX-License-Identifier: Apache-2.0
//
// Namespaces that are held under a name, below the directory of the containers' state:
//
//   ROOT/@ns/NAME/          a private mount of itself: what is mounted in it stays there, and mount
//                           namespaces can be held (pins.h). flock(2) on it is the name's lock
//   ROOT/@ns/NAME/KIND      the namespace, mounted on an empty file: "uts", "net"
//   ROOT/@ns/NAME/holder    pid, start time and boot of who keeps a pid namespace alive
//   ROOT/@ns/NAME/complete  made last by create, removed first by delete: a name without it is what
//                           an interrupted command has left
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/output/namespace_table.h"
#include "runtime/namespaces/making.h"
#include "runtime/namespaces/opened.h"
#include "runtime/namespaces/wishes.h"

namespace tare::runtime {

// Makes the namespaces and holds them under the name. `root` is there. All or nothing, unless this
// process is killed: then gc finds what is left.
Result<void> hold_new_namespaces(const std::string& root, const std::string& name,
                                 const NamespaceWishes& wishes, int holder_program);

// Kind::not_found: there is no such name.
Result<void> drop_name(const std::string& root, const std::string& name);

// The namespaces of a name, of these kinds; all that it holds if there are none. Kind::not_found:
// there is no such name, or it does not hold one of them.
Result<std::vector<OpenedNamespace>> open_namespaces_of_name(const std::string& root,
                                                             const std::string& name,
                                                             const Kinds& kinds);

// Those of a container's namespaces that it joined by a name (run --ns). `store` is the path
// without links of the directory of the containers' state.
std::vector<oci::Namespace> joined_by_name(const std::string& store, const oci::Config& recorded);

// The same as entries of config.json, which join them by their paths.
Result<std::vector<oci::Namespace>> entries_of_name(const std::string& root,
                                                    const std::string& name);

// Sorted; also those that interrupted commands have left.
std::vector<std::string> names_below(const std::string& root);
// What there is of a name; nothing if it has gone meanwhile.
Result<oci::NamespaceName> describe_name(const std::string& root, const std::string& name);

// Whether the name is what an interrupted command has left, and no command works on it; then it is
// removed, unless `dry_run`.
Result<bool> collect_name(const std::string& root, const std::string& name, bool dry_run);

}  // namespace tare::runtime

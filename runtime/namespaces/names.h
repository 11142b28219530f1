// SPDX-License-Identifier: Apache-2.0
//
// Namespaces that are held under a name, below the state directory of the containers:
//
//   ROOT/@ns/NAME/          a private mount of itself: mounts in it do not propagate, so mount
//                           namespaces can be held (pins.h). flock(2) on it is the name's lock
//   ROOT/@ns/NAME/KIND      the namespace, mounted on an empty file: "uts", "net"
//   ROOT/@ns/NAME/holder    pid, start time and boot of the holder of a pid namespace
//   ROOT/@ns/NAME/complete  created last and deleted first: a name without it was left by an
//                           interrupted command
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

// Creates the namespaces and holds them under the name. `root` must exist. It creates all or
// nothing. If this process is killed, gc removes the leftovers.
Result<void> hold_new_namespaces(const std::string& root, const std::string& name,
                                 const NamespaceWishes& wishes, int holder_program);

// Kind::not_found if the name does not exist.
Result<void> drop_name(const std::string& root, const std::string& name);

// The namespaces of a name, of these kinds. If `kinds` is empty, all that the name holds.
// Kind::not_found if the name does not exist or does not hold one of the kinds.
Result<std::vector<OpenedNamespace>> open_namespaces_of_name(const std::string& root,
                                                             const std::string& name,
                                                             const Kinds& kinds);

// The namespaces of a container that it joined by a name (run --ns). `store` is the path of the
// state directory, without symbolic links.
std::vector<oci::Namespace> joined_by_name(const std::string& store, const oci::Config& recorded);

// The same as entries of config.json, with the paths to join.
Result<std::vector<oci::Namespace>> entries_of_name(const std::string& root,
                                                    const std::string& name);

// Sorted. Includes the leftovers of interrupted commands.
std::vector<std::string> names_below(const std::string& root);
// The parts of a name that exist. Nothing if it was deleted in the meantime.
Result<oci::NamespaceName> describe_name(const std::string& root, const std::string& name);

// Returns true if the name is a leftover of an interrupted command, and no command works on it.
// Then it is removed, unless `dry_run`.
Result<bool> collect_name(const std::string& root, const std::string& name, bool dry_run);

}  // namespace tare::runtime

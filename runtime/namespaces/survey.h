// SPDX-License-Identifier: Apache-2.0
//
// Every namespace that can be found on the machine, and what holds it.
//
// A namespace is found by a process or thread in it, a process whose children will be born in it, a
// descriptor of a process, a bind mount in any mount namespace that a process is in, or a namespace
// below it or owned by it. What only a socket or a mount namespace without processes holds is not.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "oci/output/namespace_table.h"
#include "runtime/namespaces/links.h"
#include "runtime/store/store.h"

namespace tare::runtime {

struct Survey {
  std::map<std::uint64_t, oci::NamespaceSeen> by_inode;
  int hidden = 0;  // processes that tare may not look at

  // By kind, then by inode.
  [[nodiscard]] std::vector<oci::NamespaceSeen> in_order() const;
};

Result<Survey> survey_namespaces();

// Writes the IDs of the store's containers that live into the namespaces of their inits which are
// not the host's.
void note_containers(Survey& survey, const Store& store);

// The numbers among the names in a directory of procfs, sorted: processes, threads, descriptors.
// Empty if it may not be read.
std::vector<int> numbers_in(int directory, const char* path);

// The command line of a process, or "[its name]", on one line and cut if it is long.
std::string command_of_process(pid_t pid);

}  // namespace tare::runtime

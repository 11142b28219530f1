// SPDX-License-Identifier: Apache-2.0
//
// Every namespace that tare can find on the machine, and what holds it.
//
// It finds a namespace through a process or thread in it, a process whose children will be created
// in it, an open descriptor, a bind mount in the mount namespace of any process, or a namespace
// that it is the parent or owner of. It does not find a namespace that only a socket holds, or that
// is held only in a mount namespace without processes.
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
  int hidden = 0;  // processes that tare may not inspect

  // Sorted by kind, then by inode.
  [[nodiscard]] std::vector<oci::NamespaceSeen> in_order() const;
};

Result<Survey> survey_namespaces();

// Writes the ids of the store's created, running and paused containers into the namespaces of their
// inits, except into those that are the host's.
void note_containers(Survey& survey, const Store& store);

// The numeric names in a procfs directory, sorted: processes, threads or descriptors. Empty if the
// caller may not read it.
std::vector<int> numbers_in(int directory, const char* path);

// The command line of a process, or "[its name]". It is on one line and truncated if it is long.
std::string command_of_process(pid_t pid);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// An id before its container exists: a directory of the store with the name ":ID", which is not a
// valid id. tare locks it, writes the intent, and renames it to the container's directory with
// renameat2(2). So a container always has an intent and a lock.
//
// The creator of a claim holds a shared lock on the store from mkdir(2) until the rename. To remove
// a claim that it has not locked tare needs the exclusive lock. So a claim whose lock is free was
// left by a killed create.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// The name of the claim's directory.
std::string claim_name(const std::string& id);
bool is_claim(const std::string& name);

// Returns a container's directory, locked, with the intent in it; an error if the id already has
// one. `root` is the store, `intent` the text of the record. After a failure nothing is left,
// unless the claim could not be locked while others made theirs.
Result<UniqueFd> claim(int root, const std::string& id, const std::string& intent);

// Removes what a killed create left under this name, unless `dry_run`. Returns false if there is
// nothing, or if another command works on it.
bool remove_claim(int root, const std::string& name, bool dry_run);

}  // namespace tare::runtime

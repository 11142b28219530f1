// SPDX-License-Identifier: Apache-2.0
//
// An id before its container is there: a directory of the store with a name that no container can
// have, ":ID". It is locked, gets the intent, and becomes the container's directory by
// renameat2(2): at no time is there a container without an intent or a lock.
//
// Who makes a claim has a shared lock on the store from mkdir(2) to the claim's own lock, who
// removes one has it alone: a claim whose lock is free is one that a killed create has left.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// The name of the claim's directory.
std::string claim_name(const std::string& id);
bool is_claim(const std::string& name);

// A container's directory, locked, with the intent in it; refused if the id has one already.
// `root` is the store, `intent` the text of the record. After a failure nothing is left.
Result<UniqueFd> claim(int root, const std::string& id, const std::string& intent);

// Removes what a killed create has left under this name, unless `dry_run`. False if there is
// nothing, or if somebody is at work on it.
bool remove_claim(int root, const std::string& name, bool dry_run);

}  // namespace tare::runtime

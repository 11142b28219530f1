// SPDX-License-Identifier: Apache-2.0
//
// What creates left in the store that were ended before they were done: a crash, a kill, the OOM
// killer. Their cgroups, scopes and groups of resctrl are named by the intent they wrote first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/store/container.h"
#include "runtime/store/store.h"

namespace tare::runtime {

struct Remains {
  Container container;  // its lock is held
  std::string why;
};

// Nothing where the id is a container's that is whole (created, running, paused, or stopped after
// it ran), where another command works on it, or where there is no such id. A container that died
// before it was started, and so can never be, counts as remains: whether its create was done then
// nobody can tell. An error if what is recorded cannot be read.
Result<std::optional<Remains>> find_remains(const Store& store, const std::string& id);

// What there may be of it outside of the store, one line each.
std::vector<std::string> belongings(const Container& container);

}  // namespace tare::runtime

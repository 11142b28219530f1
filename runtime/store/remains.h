// SPDX-License-Identifier: Apache-2.0
//
// Leftovers of interrupted creates in the store: after a crash, a kill, the OOM killer. The intent,
// which is written first, names their cgroups, scopes and resctrl groups.
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

// Nothing if the container is complete (created, running, paused, or stopped after it ran), if
// another command works on it, or if the id does not exist. A container that died before it was
// started, and can never start, is a leftover: nothing shows whether its create was finished. An
// error if the record cannot be read.
Result<std::optional<Remains>> find_remains(const Store& store, const std::string& id);

// Its possible resources outside the store, one line each.
std::vector<std::string> belongings(const Container& container);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// The console, and HOME.
#include <algorithm>
#include <cstdint>
#include <string>

#include "runtime/plan/draft.h"

namespace tare::runtime {

void plan_console(Draft& draft, Console which) {
  const oci::Process& process = draft.process;
  if (process.terminal) {
    step::MakeConsole console;
    console.device = which != Console::joined && draft.own_mounts();
    console.makes_device = !host_dev_is_bound(draft.config);
    console.controlling = which == Console::own;
    if (process.consoleSize) {
      console.rows = static_cast<std::uint16_t>(process.consoleSize->height);
      console.columns = static_cast<std::uint16_t>(process.consoleSize->width);
    }
    console.owner = process.user.uid;
    if (which != Console::joined) console.label = draft.linux_.mountLabel;
    draft.add<Actor::init>("/process/terminal", console);
  }
  // If there are several, the last one counts; an empty one counts as unset.
  const auto home = std::find_if(process.env.rbegin(), process.env.rend(),
                                 [](const std::string& e) { return e.starts_with("HOME="); });
  if (home == process.env.rend() || *home == "HOME=") {
    draft.add<Actor::init>("/process/env", step::FindHome{process.user.uid});
  }
}

}  // namespace tare::runtime

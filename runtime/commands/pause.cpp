// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "cgroups/hierarchy/freezer.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/store/container.h"
#include "runtime/store/current_cgroup.h"

namespace tare::runtime {

namespace {

constexpr std::chrono::seconds timeout{10};

Result<int> pause_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  return for_each_id(context, context.ids(), [&](const auto& id) -> Result<void> {
    const Container container = TRY(Container::load(store, id));
    if (TRY(container.live_status()) == Status::paused) return {};
    return cgroups::freeze(current_cgroup(container.record), timeout);
  });
}

Result<int> resume_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  return for_each_id(context, context.ids(), [&](const auto& id) -> Result<void> {
    const Container container = TRY(Container::load(store, id));
    (void)TRY(container.live_status());
    // The freezer decides, and its error is reported.
    const auto cgroup = current_cgroup(container.record);
    if (!TRY(cgroups::is_frozen(cgroup))) {
      return Error(Error::Kind::refused, "container not paused: " + container.entry.id());
    }
    return cgroups::thaw(cgroup, timeout);
  });
}

constexpr Example pause_examples[] = {
    {"Suspend a container and resume it later:", "tare pause web\ntare resume web"},
};
constexpr Example resume_examples[] = {
    {"Resume a container:", "tare pause web\ntare resume web"},
};

}  // namespace

const Command pause_row = {
    .name = "pause",
    .arguments = "ID...",
    .summary = "suspend all processes of a container",
    .description =
        "Freezes the cgroup of the container. Its processes use no CPU time until `tare resume`; "
        "their memory and open files stay. The status becomes `paused`.\n\n"
        "SIGKILL also ends a paused container.",
    .options = {},
    .least = 1,
    .most = -1,
    .run = pause_command,
    .examples = pause_examples,
    .see_also = "tare-resume(1)",
};

const Command resume_row = {
    .name = "resume",
    .arguments = "ID...",
    .summary = "resume a paused container",
    .description =
        "Thaws the cgroup of a container that `tare pause` has frozen. It is an error if the "
        "container is not paused.",
    .options = {},
    .least = 1,
    .most = -1,
    .run = resume_command,
    .examples = resume_examples,
    .see_also = "tare-pause(1)",
};

}  // namespace tare::runtime

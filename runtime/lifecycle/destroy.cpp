// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/destroy.h"

#include <signal.h>

#include <chrono>
#include <vector>

#include "base/progress.h"
#include "base/story.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/members.h"
#include "cgroups/hierarchy/remove.h"
#include "cgroups/systemd/bus.h"
#include "runtime/do/hooks.h"
#include "runtime/do/resctrl_group.h"
#include "runtime/host/resctrl_root.h"
#include "runtime/plan/hooks.h"
#include "runtime/store/host_mount.h"

namespace tare::runtime {

namespace {

constexpr int end_timeout_ms = 10 * 1000;
constexpr std::chrono::seconds cgroup_timeout{10};
constexpr std::chrono::seconds dying_timeout{1};

// All processes of a pid namespace end with its init. For a create that was killed, the pid of init
// is not known.
bool is_all_dead(const Container& container) {
  const bool is_known = container.record.phase != "creating" && container.record.pid > 0;
  if (!is_known || !container.owns_pid_namespace()) return false;
  const Result<UniqueFd> init = container.open_init();
  return !init.ok() && init.error().kind == Error::Kind::not_running;
}

Result<void> end_init(const Container& container) {
  Result<UniqueFd> init = container.open_init();
  if (!init.ok() && init.error().kind == Error::Kind::not_running) return {};
  if (!init.ok()) return std::move(init).error();
  const story::Step told([&] { return "kill init, pid " + std::to_string(container.record.pid); });
  const Call<void> sent = sys::pidfd_send_signal(init->get(), SIGKILL);
  if (!sent.ok() && sent.error().error == ESRCH) return {};
  if (!sent.ok()) return Error(sent.error(), "kill container " + container.entry.id());
  pollfd ended{init->get(), POLLIN, 0};
  Progress progress("kill init, pid " + std::to_string(container.record.pid));
  if (progress.await({&ended, 1}, end_timeout_ms) > 0) return {};
  return Error("container init still running: pid " + std::to_string(container.record.pid));
}

// The whole cgroup first: without its own pid namespace a container outlives its init, and a frozen
// one must be thawed to die.
Result<void> end_processes(const Container& container,
                           const std::vector<cgroups::Directory>& cgroup) {
  if (is_all_dead(container)) return {};
  if (!cgroup.empty()) TRY(cgroups::kill_all(cgroup, SIGKILL));
  return end_init(container);
}

// Cgroups that only the container's processes use. A killed create may have found an existing
// cgroup and died before it noticed other users in it; its init ends with it.
std::vector<cgroups::Directory> own_cgroup(const Container& container) {
  std::vector<cgroups::Directory> cgroup = container.cgroup();
  if (container.record.phase == "creating") {
    std::erase_if(cgroup, [](const cgroups::Directory& directory) { return directory.made == 0; });
  }
  return cgroup;
}

// The processes are dead, and systemd removes an empty scope by itself, so a failure here must not
// prevent the deletion.
void stop_scope(const Container& container, const Log& log) {
  const std::optional<cgroups::Scope> scope = container.scope();
  if (!scope) return;
  const Result<void> stopped = cgroups::stop_scope(*scope);
  if (!stopped.ok()) log.warning(stopped.error().message());
}

// Processes in the cgroup of a completely dead container entered later: the cgroup and its scope
// are left to them. Or they have been killed and are not gone yet, as the child of an exec that was
// not in the pid namespace by then.
Result<void> remove_cgroup(const Container& container,
                           const std::vector<cgroups::Directory>& cgroup, const Log& log) {
  const bool is_dead = is_all_dead(container);
  const bool is_removed = is_dead && cgroups::remove_empty(cgroup);
  const bool is_used = is_dead && !is_removed && !TRY(cgroups::processes(cgroup)).empty();
  if (!is_used) {
    if (!is_removed) TRY(cgroups::remove_cgroups(cgroup, cgroup_timeout));
    if (cgroup.size() == container.record.cgroups.size()) stop_scope(container, log);
    return {};
  }
  const Result<void> removed = cgroups::remove_cgroups(cgroup, dying_timeout);
  if (!removed.ok()) log.warning(removed.error().message() + "; not of this container");
  return {};
}

// It existed before a reboot or an unmount; then nothing is left of it.
Result<void> remove_resctrl_group(const oci::Record& record) {
  if (!record.resctrl) return {};
  const std::optional<UniqueFd> root = TRY(open_resctrl());
  return root ? remove_resctrl(root->get(), *record.resctrl) : Result<void>();
}

Result<void> unmount_root(const oci::Record& record) {
  if (record.hostMount == 0) return {};
  const Call<bool> unmounted = unmount_numbered(record.rootfs, record.hostMount);
  if (!unmounted.ok()) return Error(unmounted.error(), "unmount " + printable(record.rootfs));
  return {};
}

// The container's kernel resources. After a reboot it has none: the same names and numbers now
// belong to somebody else.
Result<void> release(const Container& container, const Log& log) {
  const auto cgroup = own_cgroup(container);
  TRY(end_processes(container, cgroup));
  TRY(remove_cgroup(container, cgroup, log));
  TRY(remove_resctrl_group(container.record));
  return unmount_root(container.record);
}

}  // namespace

void run_poststop_hooks(const oci::Hooks& hooks, const oci::State& state, const Log& log) {
  for (const auto& entry : hooks.poststop) {
    const step::RunHook hook = hook_step("poststop", entry, state.annotations);
    const Call<HookOutcome> outcome = run_hook(hook, state);
    if (!outcome.ok()) {
      log.warning("poststop hook " + hook.path + ": " + errno_words(outcome.error().error));
    } else if (!outcome->succeeded()) {
      log.warning("poststop hook " + hook.path + ": " + failure_words(hook, *outcome));
    }
  }
}

Result<void> destroy_container(const Store& store, const Container& container, const Log& log) {
  if (same_boot(container.record)) {
    TRY(release(container, log));
  } else {
    story::tell("the record is of an earlier boot: nothing is left of the container");
  }
  TRY(store.remove(container.entry));
  if (container.record.config.hooks) {
    run_poststop_hooks(*container.record.config.hooks, container.state(Status::stopped), log);
  }
  return {};
}

}  // namespace tare::runtime

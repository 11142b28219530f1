// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/process.h"
#include "base/system.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/members.h"
#include "cgroups/hierarchy/place.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/matching.h"
#include "runtime/commands/rows.h"
#include "runtime/lifecycle/destroy.h"

namespace tare::runtime {

namespace {

constexpr int lock_timeout_ms = 10 * 1000;

// A create in progress holds the lock. --force kills it, and its init ends with it.
void end_creator(const oci::Record& record) {
  const auto pid = static_cast<pid_t>(record.creatorPid);
  const Call<UniqueFd> creator = sys::pidfd_open(pid);
  if (!creator.ok() || !is_running(pid, record.creatorStartTime).value_or(false)) return;
  if (!sys::pidfd_send_signal(creator->get(), SIGKILL).ok()) return;
  pollfd ended{creator->get(), POLLIN, 0};
  ::poll(&ended, 1, lock_timeout_ms);
}

// Without a pid namespace of its own, the container's processes survive init. As long as they run,
// the container exists.
Result<void> check_nobody_left(const Container& container) {
  if (container.owns_pid_namespace() || !same_boot(container.record)) return {};
  const auto left = TRY(cgroups::processes(container.cgroup())).size();
  if (left == 0) return {};
  return Error(Error::Kind::refused, "cannot delete container " + container.entry.id() +
                                         " that is not stopped: " + std::to_string(left) +
                                         " of its processes have outlived its init")
      .with_hint("kill " + container.entry.id() + " KILL ends them");
}

Result<void> check_deletable(const Container& container) {
  // runtime.md: "not stopped MUST generate an error". This includes a created container.
  const Status status = container.status();
  if (status == Status::stopped) return check_nobody_left(container);
  return Error(Error::Kind::refused, "cannot delete container " + container.entry.id() +
                                         " that is not stopped: " + word(status));
}

// The default cgroups of this id that exist.
Result<std::vector<oci::RecordedCgroup>> default_cgroups(const std::string& id) {
  std::vector<cgroups::Directory> present;
  const cgroups::Layout layout = TRY(cgroups::probe());
  for (auto& directory : TRY(cgroups::place(layout, "", id))) {
    if (::access(cgroups::full_path(directory).c_str(), F_OK) != 0 && errno == ENOENT) continue;
    directory.made = 1;
    present.push_back(std::move(directory));
  }
  return recorded(present);
}

// If both records are damaged, tare assumes the default cgroups of this id.
Result<oci::Record> guess(const Entry& entry, const Error& state, const Error& intent) {
  oci::Record record;
  record.phase = "creating";
  const Result<std::vector<oci::RecordedCgroup>> cgroups = default_cgroups(entry.id());
  if (cgroups.ok() && !cgroups->empty()) {
    record.cgroups = *cgroups;
    return record;
  }
  Error both = state;
  both.what += "; then " + (cgroups.ok() ? intent : cgroups.error()).message();
  return both;
}

// A damaged state says less than the intent, which lists everything that create was going to make.
Result<oci::Record> from_intent(const Entry& entry, const Error& state) {
  Result<oci::Record> intent = entry.read_intent();
  oci::Record record =
      intent.ok() ? std::move(intent).value() : TRY(guess(entry, state, intent.error()));
  return record;
}

// The store has init's pid in two files. The one whose process runs is right: a damaged pid has no
// process, or one with another start time.
void correct_init(const Entry& entry, oci::Record& record) {
  const std::optional<Entry::Init> init = entry.read_init();
  if (!init || !is_this_boot(init->boot) || !same_boot(record)) return;
  if (init->pid == record.pid && init->start_time == record.pidStartTime) return;
  if (is_running(static_cast<pid_t>(record.pid), record.pidStartTime).value_or(true)) return;
  if (!is_running(static_cast<pid_t>(init->pid), init->start_time).value_or(false)) return;
  record.pid = init->pid;
  record.pidStartTime = init->start_time;
}

// The record, or what is left of it. A directory with neither record is an id that was claimed, and
// nothing else.
Result<oci::Record> record_for_removal(const Entry& entry, bool force) {
  Result<oci::Record> state = entry.read();
  oci::Record nothing;
  nothing.phase = "creating";
  if (!state.ok() && state.error().error == ENOENT) return nothing;
  // A newer tare may have made resources that this version cannot find.
  const bool is_later = !state.ok() && state.error().kind == Error::Kind::unsupported;
  if (!state.ok() && (!force || is_later)) return state;
  oci::Record record =
      state.ok() ? std::move(state).value() : TRY(from_intent(entry, state.error()));
  if (record.cgroups.empty()) {  // they may be the only part that was lost
    const Result<oci::Record> intent = entry.read_intent();
    if (intent.ok()) record.cgroups = intent->cgroups;
  }
  correct_init(entry, record);
  return record;
}

Result<Container> load_for_removal(const Store& store, const std::string& id, bool force) {
  Entry entry = TRY(store.find(id));
  oci::Record record = TRY(record_for_removal(entry, force));
  return Container{std::move(entry), std::move(record)};
}

Result<void> delete_one(const Store& store, const std::string& id, bool force, const Log& log) {
  Result<Container> loaded = load_for_removal(store, id, force);
  if (!loaded.ok() && loaded.error().kind == Error::Kind::not_found && force) {
    (void)store.remove_claim(id);
    return {};
  }
  Container container = TRY(std::move(loaded));
  if (force && container.status() == Status::creating) end_creator(container.record);
  if (!force) TRY(check_deletable(container));
  TRY(container.entry.lock(lock_timeout_ms));
  // Another command may have deleted it in the meantime. Another container may have the id by now.
  if (container.entry.is_removed()) {
    if (force) return {};
    return Error(Error::Kind::not_found, "container does not exist: " + id);
  }
  // Read it again: create may have written more before it was killed or exited.
  container.record = TRY(record_for_removal(container.entry, force));
  if (!force) TRY(check_deletable(container));
  return destroy_container(store, container, log);
}

Result<int> delete_command(const CommandContext& context) {
  const Store store = TRY(context.store());
  const bool force = context.options().has("force");
  const auto ids = TRY(meant_ids(context, store, context.ids()));
  return for_each_id(context, ids,
                     [&](const auto& id) { return delete_one(store, id, force, context.log); });
}

constexpr Option options[] = {
    {.name = "force",
     .letter = 'f',
     .help = "kill the container first if it is running; succeed if it does not exist"},
    shared::regex,
};
constexpr Example examples[] = {
    {"Delete a container that has stopped:",
     "tare kill web KILL\ntare wait web || true\ntare delete web"},
    {"Delete a container in any state:", "tare delete --force web"},
    {"Delete every container whose ID begins with test-:", "tare delete --force --regex ^test-"},
};

}  // namespace

const Command delete_row = {
    .name = "delete",
    .arguments = "ID...",
    .summary = "delete a stopped container and its resources",
    .description =
        "Removes the cgroups that create made and the container's state, and runs the poststop "
        "hooks. The bundle stays.\n\n"
        "The container must be `stopped`. `--force` first kills a container in any other state, "
        "including one whose create was interrupted.",
    .options = options,
    .least = 1,
    .most = -1,
    .run = delete_command,
    .warns = true,
    .examples = examples,
    .see_also = "tare-kill(1) tare-gc(1) regex(7)",
};

}  // namespace tare::runtime

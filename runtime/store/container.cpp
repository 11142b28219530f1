// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/container.h"

#include <unistd.h>

#include <cerrno>

#include "base/process.h"
#include "base/story.h"
#include "base/system.h"
#include "cgroups/hierarchy/freezer.h"
#include "runtime/store/current_cgroup.h"
#include "runtime/stub/image.h"

namespace tare::runtime {

const char* word(Status status) {
  constexpr const char* words[] = {"creating", "created", "running", "paused", "stopped"};
  return words[static_cast<std::size_t>(status)];
}

Result<Container> Container::load(const Store& store, const std::string& id) {
  const story::Step told([&] { return "read the record of " + id; });
  Entry entry = TRY(store.find(id));
  Result<oci::Record> record = entry.read();
  if (record.ok()) return Container{std::move(entry), std::move(record).value()};
  if (record.error().error != ENOENT) return std::move(record).error();
  // The id was claimed a moment ago, or deleted after it was listed.
  return Error(Error::Kind::not_found, "container does not exist: " + id);
}

bool same_boot(const oci::Record& record) {
  return is_this_boot(record.bootId);
}

bool is_creator_running(const oci::Record& record) {
  const auto running = is_running(static_cast<pid_t>(record.creatorPid), record.creatorStartTime);
  return (!running.ok() || *running) && same_boot(record);
}

Status Container::phase() const {
  if (record.phase == "creating") {
    return is_creator_running(record) ? Status::creating : Status::stopped;
  }
  const auto running = is_running(static_cast<pid_t>(record.pid), record.pidStartTime);
  const bool has_ended = running.ok() && !*running;
  if (has_ended || !same_boot(record)) return Status::stopped;
  const bool waits = entry.awaits_start() && is_stub(static_cast<pid_t>(record.pid));
  return waits ? Status::created : Status::running;
}

Status Container::status() const {
  const Status now = phase();
  if (now != Status::created && now != Status::running) return now;
  const Result<bool> frozen = cgroups::is_frozen(current_freezer(record));
  return frozen.ok() && *frozen ? Status::paused : now;
}

Result<Status> Container::live_status() const {
  const Status now = status();
  if (now != Status::stopped && now != Status::creating) return now;
  return Error(Error::Kind::not_running,
               "container not running: " + entry.id() + " is " + word(now));
}

oci::State Container::state() const {
  return state(status());
}

oci::State Container::state(Status now) const {
  oci::State state;
  state.ociVersion = record.config.ociVersion;
  state.id = entry.id();
  state.status = word(now);
  state.pid = now == Status::stopped ? 0 : static_cast<int>(record.pid);
  state.bundle = record.bundle;
  state.rootfs = record.rootfs;
  state.created = record.created;
  state.annotations = record.config.annotations;
  return state;
}

bool Container::owns_pid_namespace() const {
  return runtime::owns_pid_namespace(record);
}

std::vector<cgroups::Directory> Container::cgroup() const {
  return recorded_cgroup(record);
}

std::optional<cgroups::Scope> Container::scope() const {
  if (!record.systemdScope) return std::nullopt;
  const oci::RecordedScope& scope = *record.systemdScope;
  return cgroups::Scope{scope.unit, scope.slice, scope.ofUser, {}};
}

Result<UniqueFd> Container::open_init() const {
  const Error gone(Error::Kind::not_running,
                   "container not running: " + entry.id() + ": no such process");
  const auto pid = static_cast<pid_t>(record.pid);
  if (pid <= 0) return gone;
  Call<UniqueFd> pidfd = sys::pidfd_open(pid);
  if (!pidfd.ok()) {
    if (pidfd.error().error == ESRCH || pidfd.error().error == EINVAL) return gone;
    return Error(pidfd.error(), "open init of container " + entry.id());
  }
  const Call<bool> running = is_running(pid, record.pidStartTime);
  if (!running.ok()) return Error(running.error(), "look for init of " + entry.id());
  if (!*running || !same_boot(record)) return gone;
  return std::move(pidfd).value();
}

}  // namespace tare::runtime

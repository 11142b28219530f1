// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/exit.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "base/clock.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/stats/memory_events.h"

namespace tare::runtime {

namespace {

// How long to wait until a zombie whose status tare may not read is reaped; then the pidfd has the
// status.
constexpr int reaping_timeout_ms = 1000;

bool has_ended(int pidfd) {
  pollfd process{pidfd, POLLIN, 0};
  return ::poll(&process, 1, 0) > 0;
}

// Whether field 52 of its stat is valid: the kernel makes the same permission check for this link,
// and a zombie has no program any more.
bool may_be_traced(pid_t pid) {
  std::array<char, 1> ignored{};
  const std::string link = "/proc/" + std::to_string(pid) + "/exe";
  return ::readlink(link.c_str(), ignored.data(), ignored.size()) < 0 && errno == ENOENT;
}

std::optional<int> end_of_zombie(const oci::Record& record) {
  const auto pid = static_cast<pid_t>(record.pid);
  // The link is read first, because the pid may be reused after the zombie is reaped.
  const bool permitted = may_be_traced(pid);
  const auto status = process_status(pid);
  if (!permitted || !status || status->state != 'Z') return std::nullopt;
  if (status->start_time != record.pidStartTime) return std::nullopt;
  return status->wait_status;
}

// For a process that has exited.
std::optional<int> wait_status_of(const oci::Record& record, int pidfd) {
  const std::optional<int> zombie = end_of_zombie(record);
  if (zombie) return zombie;
  const Call<std::optional<int>> told = sys::pidfd_wait_status(pidfd);
  if (!told.ok()) return std::nullopt;
  if (*told) return *told;
  pollfd reaped{pidfd, 0, 0};  // POLLHUP is always reported, since Linux 6.9
  ::poll(&reaped, 1, reaping_timeout_ms);
  return sys::pidfd_wait_status(pidfd).value_or(std::nullopt);
}

void add_memory(oci::Exit& exit, const Container& container) {
  const auto report = cgroups::oom_report(container.cgroup());
  if (!report) return;
  exit.oomKills = report->kills;
  exit.oomCgroup = report->limit;
}

void remember(const oci::Exit& exit, const Container& container) {
  if (exit.outcome == "unknown") return;  // another process may know
  // A caller without write permission still gets the answer, and a container that is being deleted
  // needs no file.
  (void)container.entry.write_exit(exit);
}

oci::Exit complete(oci::Exit exit, const Container& container) {
  add_memory(exit, container);
  remember(exit, container);
  return exit;
}

std::optional<oci::Exit> recorded_exit(const Container& container) {
  Result<oci::Exit> exit = container.entry.read_exit();
  if (!exit.ok()) return std::nullopt;
  return std::move(exit).value();
}

}  // namespace

oci::Exit watched_end(const Container& container, int wait_status) {
  oci::Exit exit = oci::exit_of(wait_status);
  exit.ended = utc_now();
  return complete(std::move(exit), container);
}

oci::Exit end_seen_by(const Container& container, int pidfd) {
  // Another waiting command may have written the same.
  std::optional<oci::Exit> recorded = recorded_exit(container);
  if (recorded) return std::move(*recorded);
  oci::Exit exit = oci::exit_of(wait_status_of(container.record, pidfd));
  exit.ended = utc_now();
  return complete(std::move(exit), container);
}

std::optional<oci::Exit> known_exit(const Container& container) {
  std::optional<oci::Exit> recorded = recorded_exit(container);
  if (recorded) return recorded;
  std::optional<int> wait_status;
  const auto pid = static_cast<pid_t>(container.record.pid);
  if (pid > 0 && same_boot(container.record)) {
    const Call<UniqueFd> pidfd = sys::pidfd_open(pid);
    // A thread group is not dead when only its first thread is.
    if (pidfd.ok() && has_ended(pidfd->get())) wait_status = end_of_zombie(container.record);
  }
  oci::Exit exit = complete(oci::exit_of(wait_status), container);
  if (exit.outcome == "unknown" && exit.oomKills.value_or(0) == 0) return std::nullopt;
  return exit;
}

std::string oom_words(const oci::Exit& exit) {
  const std::uint64_t kills = exit.oomKills.value_or(0);
  if (kills == 0) return "";
  const std::string who =
      std::to_string(kills) + (kills == 1 ? " process was killed" : " processes were killed");
  if (exit.oomCgroup.empty()) return who + " because memory outside its cgroup ran out";
  return who + ", as cgroup " + printable(exit.oomCgroup) + " reached its memory limit";
}

// If the container is kept, its exit can be read later. Looking for OOM kills is expensive, so it
// is done only if the status suggests one.
void tell_end(const Container& container, int wait_status, bool keep, const Log& log) {
  const bool is_killed = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
  if (!keep && !is_killed) return;
  const oci::Exit exit = watched_end(container, wait_status);
  const std::string words = oom_words(exit);
  if (!words.empty()) log.warning("container " + container.entry.id() + ": " + words);
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "cgroups/stats/memory_events.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/hierarchy/tree.h"
#include "cgroups/stats/stat_text.h"

namespace tare::cgroups {

namespace {

const Directory* memory_of(const std::vector<Directory>& directories) {
  for (const Directory& directory : directories) {
    if (contains(directory.controllers, "memory")) return &directory;
  }
  return nullptr;
}

std::uint64_t count_of(std::string_view text, const std::string& key) {
  return value_of(stat_keys(text), key);
}

std::uint64_t count_in(int directory, const char* file, const std::string& key) {
  const Call<std::string> text = read_kernel_file(directory, file);
  return text.ok() ? count_of(*text, key) : 0;
}

const char* events_file(int version) {
  return version == 2 ? "memory.events" : "memory.oom_control";
}

std::optional<std::uint64_t> number_in(int directory, const std::string& file) {
  const std::string text = read_kernel_file(directory, file.c_str()).value_or("");
  return parse_number<std::uint64_t>(without_newline(text));
}

// v1 has no counter for this (newer kernels have no memsw.failcnt). But the OOM killer is called
// only if at most 8 pages are missing, so the maximum usage is closer than that to the limit.
bool came_to(int cgroup, const std::string& kind) {
  const auto most = number_in(cgroup, kind + ".max_usage_in_bytes");
  const auto limit = number_in(cgroup, kind + ".limit_in_bytes");
  const auto nearly_bytes = 8 * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return most && limit && *most + nearly_bytes > *limit;
}

// memory.events includes the cgroups below, memory.events.local does not.
bool reached_its_limit(int version, int cgroup) {
  if (version == 2) return count_in(cgroup, "memory.events.local", "oom") > 0;
  return came_to(cgroup, "memory") || came_to(cgroup, "memory.memsw");
}

std::string path_of(int cgroup) {
  std::array<char, 4096> target{};
  const std::string link = "/proc/self/fd/" + std::to_string(cgroup);
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  return length <= 0 ? "" : std::string(target.data(), static_cast<std::size_t>(length));
}

Call<OomReport> report_of(const Directory& directory) {
  const UniqueFd top = TRY(open_directory(directory));
  const char* file = events_file(directory.version);
  OomReport report;
  report.kills = count_of(TRY(read_kernel_file(top.get(), file)), "oom_kill");
  bool is_top = true;
  TRY(walk_tree(top.get(), {[&](int cgroup) -> Call<void> {
                  // v1 counts a kill only in the cgroup of the process.
                  if (!std::exchange(is_top, false) && directory.version == 1) {
                    report.kills += count_in(cgroup, file, "oom_kill");
                  }
                  if (report.limit.empty() && reached_its_limit(directory.version, cgroup)) {
                    report.limit = path_of(cgroup);
                  }
                  return {};
                }}));
  if (report.kills == 0) report.limit.clear();
  return report;
}

}  // namespace

std::optional<OomReport> oom_report(const std::vector<Directory>& directories) {
  const Directory* directory = memory_of(directories);
  if (directory == nullptr) return std::nullopt;
  Call<OomReport> report = report_of(*directory);
  if (!report.ok()) return std::nullopt;
  return std::move(report).value();
}

namespace {

// Documentation/admin-guide/cgroup-v1/memory.rst, "OOM Control": the eventfd, the file to watch,
// and the file to register them in.
Call<UniqueFd> watch_v1(int directory) {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return Fault::last("eventfd");
  const UniqueFd control = TRY(open_at(directory, "memory.oom_control", O_RDONLY));
  TRY(write_kernel_file(directory, "cgroup.event_control",
                        std::to_string(event.get()) + " " + std::to_string(control.get())));
  return event;
}

}  // namespace

Result<MemoryWatch> MemoryWatch::open(const std::vector<Directory>& directories) {
  MemoryWatch watch;
  const Directory* directory = memory_of(directories);
  if (directory == nullptr) return watch;
  watch.place_ = *directory;
  const auto begin = [&]() -> Call<void> {
    watch.directory_ = TRY(open_directory(*directory));
    const int at = watch.directory_.get();
    if (directory->version == 1) {
      watch.fd_ = TRY(watch_v1(at));
      watch.kills_ = TRY(report_of(*directory)).kills;
      return {};
    }
    watch.fd_ = TRY(open_at(at, "memory.events", O_RDONLY));
    const std::string text = TRY(read_again(watch.fd_.get()));
    watch.grown(count_of(text, "oom_kill"), count_of(text, "high"));
    return {};
  };
  const Call<void> begun = begin();
  // v2 without the controller enabled in this cgroup.
  if (begun.ok() || is_gone(begun.error().error)) return watch;
  return Error(begun.error(), "watch the memory of cgroup " + printable(full_path(*directory)));
}

short MemoryWatch::events() const {
  return place_.version == 1 ? POLLIN : POLLPRI;
}

bool MemoryWatch::kill_is_due() const {
  return fd_.valid() && std::chrono::steady_clock::now() < due_until_;
}

MemoryChanges MemoryWatch::grown(std::uint64_t kills, std::uint64_t high) {
  MemoryChanges found;
  if (kills > std::exchange(kills_, kills)) found.kills = kills;
  if (high > std::exchange(high_, high)) found.high = high;
  return found;
}

Result<MemoryChanges> MemoryWatch::changes_v1() {
  std::uint64_t times = 0;
  const bool told = ::read(fd_.get(), &times, sizeof times) > 0;  // otherwise EAGAIN
  // The kernel also signals the removal of the cgroup this way.
  const Call<OomReport> report = report_of(place_);
  if (!report.ok()) {
    fd_.reset();
    return MemoryChanges();
  }
  if (told) due_until_ = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  MemoryChanges found = grown(report->kills, 0);
  found.oom = told;
  if (found.kills) due_until_ = {};
  return found;
}

// As in runc, a kill counts as out of memory.
Result<MemoryChanges> MemoryWatch::changes_v2() {
  const Call<std::string> text = read_again(fd_.get());
  if (!text.ok()) {
    fd_.reset();
    if (is_gone(text.error().error)) return MemoryChanges();
    return Error(text.error(), "read memory.events");
  }
  MemoryChanges found = grown(count_of(*text, "oom_kill"), count_of(*text, "high"));
  found.oom = found.kills.has_value();
  return found;
}

Result<MemoryChanges> MemoryWatch::changes() {
  if (!fd_) return MemoryChanges();
  return place_.version == 1 ? changes_v1() : changes_v2();
}

}  // namespace tare::cgroups

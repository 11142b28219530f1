// SPDX-License-Identifier: Apache-2.0
//
// What a container uses and what happens to it, as JSON, a line for each event.
#include <poll.h>

#include <cerrno>
#include <chrono>
#include <optional>

#include "base/text.h"
#include "cgroups/memory_events.h"
#include "cgroups/stats.h"
#include "oci/events.h"
#include "runtime/clock.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/quantities.h"
#include "runtime/container.h"
#include "runtime/exit.h"
#include "runtime/intel_rdt.h"
#include "runtime/lifecycle.h"

namespace tare::runtime {

namespace {

using Clock = std::chrono::steady_clock;

Result<void> print_stats(const Container& container) {
  oci::Stats stats = TRY(cgroups::read_stats(container.cgroup()));
  if (container.record.resctrl) stats.intelRdt = TRY(read_intel_rdt(*container.record.resctrl));
  return print_out(oci::encode_stats_event(container.entry.id(), stats));
}

// What one state after another is called; nullptr: no event.
const char* transition(Status before, Status now) {
  if (before == now || now == Status::stopped) return nullptr;
  if (now == Status::paused) return "paused";
  if (before == Status::paused) return "resumed";
  return before == Status::created ? "started" : nullptr;
}

// One container, until it stops.
class Stream {
 public:
  Stream(const Container& container, UniqueFd init, cgroups::OomWatch oom,
         std::chrono::nanoseconds interval)
      : container_(container),
        init_(std::move(init)),
        oom_(std::move(oom)),
        interval_(interval),
        next_(Clock::now() + interval) {}

  Result<void> add_lifecycle() {
    lifecycle_ = TRY(LifecycleWatch::open(container_));
    status_ = container_.status();
    return {};
  }

  Result<void> serve() {
    for (bool runs = true; runs;) {
      pollfd watched[] = {
          {init_.get(), POLLIN, 0},
          {oom_.descriptor(), oom_.events(), 0},
          {lifecycle_ ? lifecycle_->changes() : -1, POLLIN, 0},
          {lifecycle_ ? lifecycle_->frozen_events() : -1, POLLPRI, 0},
      };
      if (::poll(watched, std::size(watched), milliseconds_until(next_)) < 0 && errno != EINTR) {
        return Error(Fault::last("poll"), "wait for events of " + id());
      }
      runs = (watched[0].revents & POLLIN) == 0;
      // Also at the end: a lack of memory may have been the reason.
      if (watched[1].revents != 0 || !runs) TRY(tell_oom());
      if (watched[2].revents != 0 || watched[3].revents != 0) TRY(tell_change());
      if (runs && Clock::now() >= next_) TRY(tell_stats());
    }
    return tell_end();
  }

 private:
  [[nodiscard]] const std::string& id() const { return container_.entry.id(); }

  Result<void> tell_oom() {
    if (!TRY(oom_.happened())) return {};
    return print_out(oci::encode_event("oom", id()));
  }

  Result<void> tell_change() {
    lifecycle_->rearm();
    const Status now = container_.status();
    const char* type = transition(status_, now);
    status_ = now;
    return type == nullptr ? Result<void>() : print_out(oci::encode_event(type, id()));
  }

  // A container that is being deleted has no cgroup any more; its end comes next.
  Result<void> tell_stats() {
    next_ = Clock::now() + interval_;
    Result<void> told = print_stats(container_);
    if (!told.ok() && told.error().error == ENOENT) return {};
    return told;
  }

  Result<void> tell_end() {
    if (!lifecycle_) return {};
    return print_out(oci::encode_exited_event(id(), end_seen_by(container_, init_.get())));
  }

  const Container& container_;
  UniqueFd init_;
  cgroups::OomWatch oom_;
  std::chrono::nanoseconds interval_;
  Clock::time_point next_;
  std::optional<LifecycleWatch> lifecycle_;
  Status status_ = Status::stopped;
};

Result<std::chrono::nanoseconds> interval_of(const Values& options) {
  const auto interval = parse_duration(options.text("interval"));
  if (!interval) {
    return Error(Error::Kind::usage,
                 "invalid value for --interval: " + quoted(options.text("interval")));
  }
  if (interval->count() > 0) return *interval;
  return Error(Error::Kind::usage, "duration interval must be greater than 0");
}

}  // namespace

Result<int> events_command(const CommandContext& context) {
  const auto interval = TRY(interval_of(context.options()));
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  Result<UniqueFd> init = container.open_init();
  if (!init.ok() && init.error().kind == Error::Kind::not_running) {
    return Error(Error::Kind::not_running, "container with id " + context.id() + " is not running");
  }
  UniqueFd pidfd = TRY(std::move(init));
  if (context.options().has("stats")) {
    TRY(print_stats(container));
    return 0;
  }
  cgroups::OomWatch oom = TRY(cgroups::OomWatch::open(container.cgroup()));
  Stream stream(container, std::move(pidfd), std::move(oom), interval);
  if (context.options().has("lifecycle")) TRY(stream.add_lifecycle());
  TRY(stream.serve());
  return 0;
}

}  // namespace tare::runtime

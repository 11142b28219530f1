// SPDX-License-Identifier: Apache-2.0
//
// Resource usage and events of a container, as one line of JSON for each event.
#include <linux/capability.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "cgroups/stats/memory_events.h"
#include "cgroups/stats/pressure.h"
#include "cgroups/stats/stats.h"
#include "oci/output/events.h"
#include "runtime/command_line/quantities.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/errors/cause.h"
#include "runtime/store/container.h"
#include "runtime/store/exit.h"
#include "runtime/store/resctrl_usage.h"
#include "runtime/store/watch.h"

namespace tare::runtime {

namespace {

using Clock = std::chrono::steady_clock;

Result<void> print_stats(const Container& container) {
  oci::Stats stats = TRY(cgroups::read_stats(container.cgroup()));
  if (container.record.resctrl) stats.intelRdt = TRY(read_intel_rdt(*container.record.resctrl));
  return print_out(oci::encode_stats_event(container.entry.id(), stats));
}

// The event for a change of state; nullptr if it is no event.
const char* transition(Status before, Status now) {
  if (before == now || now == Status::stopped) return nullptr;
  if (now == Status::paused) return "paused";
  if (before == Status::paused) return "resumed";
  return before == Status::created ? "started" : nullptr;
}

// The events of one container, until it stops.
class Stream {
 public:
  Stream(const Container& container, UniqueFd init, cgroups::MemoryWatch memory,
         std::chrono::nanoseconds interval)
      : container_(container),
        init_(std::move(init)),
        memory_(std::move(memory)),
        interval_(interval),
        next_(Clock::now() + interval) {}

  Result<void> add_lifecycle() {
    lifecycle_ = TRY(LifecycleWatch::open(container_));
    status_ = container_.status();
    if (container_.phase() != Status::created) return {};
    return print_out(oci::encode_event("created", id()));
  }

  void add_pressure(std::vector<cgroups::PressureWatch> pressure) {
    pressure_ = std::move(pressure);
  }

  Result<void> serve() {
    for (bool runs = true; runs;) {
      const bool kill_is_due = lifecycle_ && memory_.kill_is_due();
      std::vector<pollfd> watched = descriptors();
      if (::poll(watched.data(), watched.size(), wait_ms(kill_is_due)) < 0 && errno != EINTR) {
        return Error(Fault::last("poll"), "wait for events of " + id());
      }
      runs = (watched[0].revents & POLLIN) == 0;
      // Also at the end, because OOM may have killed the container.
      if (watched[1].revents != 0 || kill_is_due || !runs) TRY(tell_memory());
      if (watched[2].revents != 0 || watched[3].revents != 0) TRY(tell_change());
      TRY(tell_pressure(std::span(watched).subspan(4)));
      if (runs && Clock::now() >= next_) TRY(tell_stats());
    }
    return tell_end();
  }

 private:
  [[nodiscard]] const std::string& id() const { return container_.entry.id(); }

  [[nodiscard]] std::vector<pollfd> descriptors() const {
    std::vector<pollfd> list = {
        {init_.get(), POLLIN, 0},
        {memory_.descriptor(), memory_.events(), 0},
        {lifecycle_ ? lifecycle_->changes() : -1, POLLIN, 0},
        {lifecycle_ ? lifecycle_->frozen_events() : -1, POLLPRI, 0},
    };
    for (const cgroups::PressureWatch& watch : pressure_) {
      list.push_back({watch.descriptor(), POLLPRI, 0});
    }
    return list;
  }

  [[nodiscard]] int wait_ms(bool kill_is_due) const {
    constexpr int look_again_ms = 20;
    const int until_next = milliseconds_until(next_);
    return kill_is_due ? std::min(until_next, look_again_ms) : until_next;
  }

  Result<void> tell_memory() {
    const cgroups::MemoryChanges changes = TRY(memory_.changes());
    if (changes.oom) TRY(print_out(oci::encode_event("oom", id())));
    if (!lifecycle_) return {};
    if (changes.kills) TRY(print_out(oci::encode_count_event("oom_kill", id(), *changes.kills)));
    if (changes.high) TRY(print_out(oci::encode_count_event("memory.high", id(), *changes.high)));
    return {};
  }

  Result<void> tell_pressure(std::span<const pollfd> watched) {
    for (std::size_t i = 0; i < pressure_.size(); ++i) {
      if (!pressure_[i].reached(watched[i].revents)) continue;
      TRY(print_out(oci::encode_pressure_event(id(), pressure_[i].trigger())));
    }
    return {};
  }

  Result<void> tell_change() {
    lifecycle_->rearm();
    const Status now = container_.status();
    const char* type = transition(status_, now);
    status_ = now;
    return type == nullptr ? Result<void>() : print_out(oci::encode_event(type, id()));
  }

  // The cgroup is already gone while a container is being deleted. Its end event follows.
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
  cgroups::MemoryWatch memory_;
  std::chrono::nanoseconds interval_;
  Clock::time_point next_;
  std::optional<LifecycleWatch> lifecycle_;
  std::vector<cgroups::PressureWatch> pressure_;
  Status status_ = Status::stopped;
};

Result<std::chrono::nanoseconds> interval_of(const Values& options) {
  const auto interval = parse_duration(options.text("interval"));
  if (!interval) {
    return Error(Error::Kind::usage,
                 "invalid value for --interval: " + quote(options.text("interval")));
  }
  if (interval->count() > 0) return *interval;
  return Error(Error::Kind::usage, "duration interval must be greater than 0");
}

Result<std::vector<oci::PressureTrigger>> triggers_of(const Values& options) {
  std::vector<oci::PressureTrigger> triggers;
  for (const std::string& text : options.all("psi")) {
    auto trigger = parse_pressure_trigger(text);
    if (!trigger) {
      return Error(Error::Kind::usage, "invalid value for --psi: " + quote(text))
          .with_hint("for example memory:some:150ms/1s; the window is 500ms to 10s");
    }
    triggers.push_back(std::move(*trigger));
  }
  return triggers;
}

Result<std::vector<cgroups::PressureWatch>> watches_of(
    const std::vector<oci::PressureTrigger>& triggers, const Container& container) {
  std::vector<cgroups::PressureWatch> watches;
  for (const oci::PressureTrigger& trigger : triggers) {
    Result<cgroups::PressureWatch> watch =
        cgroups::PressureWatch::open(container.cgroup(), trigger);
    if (!watch.ok() && watch.error().error == EINVAL) {
      const std::string missing = without_capability(CAP_SYS_RESOURCE, "");
      return std::move(watch).error().with_hint(
          missing.empty() ? "" : missing + ", so a window must be a multiple of 2s");
    }
    watches.push_back(TRY(std::move(watch)));
  }
  return watches;
}

Result<int> events_command(const CommandContext& context) {
  const auto interval = TRY(interval_of(context.options()));
  const auto triggers = TRY(triggers_of(context.options()));
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
  auto memory = TRY(cgroups::MemoryWatch::open(container.cgroup()));
  Stream stream(container, std::move(pidfd), std::move(memory), interval);
  stream.add_pressure(TRY(watches_of(triggers, container)));
  if (context.options().has("lifecycle")) TRY(stream.add_lifecycle());
  TRY(stream.serve());
  return 0;
}

using enum Option::Takes;

constexpr Option options[] = {
    {.name = "interval",
     .takes = text,
     .value = "DURATION",
     .help = "time between two lines of statistics",
     .fallback = "5s"},
    {.name = "stats", .help = "print one line of statistics and exit"},
    {.name = "lifecycle",
     .help = "also report created, started, paused, resumed, exited, oom_kill and memory.high"},
    {.name = "psi",
     .takes = text,
     .value = "TRIGGER",
     .help = "also report pressure above a threshold, for example memory:some:150ms/1s",
     .repeatable = true},
};
constexpr Example examples[] = {
    {"Print the current statistics:", "tare events --stats web"},
    {"Report what happens to a container until it stops:", "tare events --lifecycle web"},
};

}  // namespace

const Command events_row = {
    .name = "events",
    .arguments = "ID",
    .summary = "stream resource statistics, OOM and life-cycle events",
    .description =
        "Prints one JSON object per line until the container stops: `stats` at every interval, and "
        "`oom` when the container runs out of memory.\n\n"
        "A TRIGGER is RESOURCE:`some`|`full`:STALL/WINDOW. An event is printed when processes "
        "waited for the resource (`cpu`, `memory`, `io`, `irq`) longer than STALL within WINDOW. "
        "It needs cgroup v2.",
    .options = options,
    .least = 1,
    .most = 1,
    .run = events_command,
    .examples = examples,
    .see_also = "tare-update(1) tare-wait(1)",
};

}  // namespace tare::runtime

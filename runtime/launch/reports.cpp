// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/reports.h"

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/progress.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/errors/failure.h"
#include "runtime/launch/host_steps.h"
#include "runtime/stub/image.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

constexpr std::int32_t highest_errno = 4095;  // MAX_ERRNO, linux/err.h

struct Range {
  std::int64_t first;
  std::int64_t last;
  [[nodiscard]] bool contains(std::int64_t value) const { return value >= first && value <= last; }
};

// The values that a successful step may report: a pid, a descriptor, or nothing.
Range values_of(const Action& action) {
  constexpr std::int64_t highest = std::numeric_limits<std::int32_t>::max();
  const auto* filter = std::get_if<step::LoadSeccomp>(&action);
  if (filter != nullptr && filter->listens) return {0, highest};
  const bool is_clone = std::holds_alternative<step::CloneInit>(action) ||
                        std::holds_alternative<step::ForkIntoNamespaces>(action);
  return is_clone ? Range{1, highest} : Range{0, 0};
}

template <std::size_t size>
bool is_blank(const char (&text)[size]) {
  return std::all_of(std::begin(text), std::end(text), [](char c) { return c == '\0'; });
}

template <std::size_t size>
bool is_terminated(const char (&text)[size]) {
  return std::find(std::begin(text), std::end(text), '\0') != std::end(text);
}

// The stub reports only numbers.
bool has_proper_words(const stub::Report& report, Actor actor) {
  if (actor == Actor::stub) return is_blank(report.call) && is_blank(report.note);
  return is_terminated(report.call) && is_terminated(report.note);
}

bool tells_when_done(const Plan& plan, int step) {
  const Step& done = plan.steps[static_cast<std::size_t>(step)];
  return done.is_awaited || std::holds_alternative<step::Ready>(done.action) ||
         values_of(done.action).last > 0;
}

Error broken(const std::string& why) {
  return Error("init sent a report that the plan does not allow: " + why)
      .with_hint("a process in the container has interfered with it");
}

}  // namespace

std::string Reports::objection(const stub::Report& report) {
  const auto step = static_cast<std::size_t>(report.step);
  if (report.step < 0 || step >= plan_.steps.size()) return "a step that there is not";
  const Step& reported = plan_.steps[step];
  const std::string which = "step " + std::to_string(step);
  if (reported.actor == Actor::host) return which + ", which is the host's";
  if (!has_proper_words(report, reported.actor)) return which + " with text that it cannot have";
  if (report.error < 0 || report.error > highest_errno) return which + " with no errno";
  if (done_[step]) return which + " again";
  if (report.error == 0 && !traced_ && !tells_when_done(plan_, report.step))
    return which + " unasked";
  const Range values = report.error == 0 ? values_of(reported.action) : Range{0, 1};
  if (!values.contains(report.value)) return which + " with a value that it cannot have";
  done_[step] = true;
  return "";
}

namespace {

enum class Heard { something, end, nothing };

// Waits up to `timeout_ms` (-1: without limit) for a report or the end of the process.
Call<Heard> listen_to(int channel, int pidfd, int timeout_ms) {
  pollfd watched[2] = {{channel, POLLIN, 0}, {pidfd, POLLIN, 0}};
  Progress progress("wait for init");
  int count = 0;
  do {
    count = progress.await(watched, timeout_ms);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Fault::last("poll");
  if (watched[0].revents == 0 && watched[1].revents != 0) (void)::poll(watched, 1, 0);
  if (watched[0].revents != 0) return Heard::something;
  return watched[1].revents != 0 ? Heard::end : Heard::nothing;
}

}  // namespace

Result<std::optional<Received>> Reports::receive(int channel, int child) {
  constexpr int for_ever = -1;
  const Heard heard = TRY(listen_to(channel, child, for_ever).because("listen to init"));
  if (heard != Heard::something) return std::optional<Received>();
  const std::optional<Received> received = TRY(receive_from(channel).because("listen to init"));
  if (!received) return received;
  const std::string why = objection(received->report);
  if (!why.empty()) return broken(why);
  return received;
}

story::Event event_of(const Step& step, const stub::Report& report) {
  story::Event event{told_as(step)};
  const story::Nanoseconds now = story::now();
  if (report.began < 0 || report.ended < report.began || report.ended > now) return event;
  event.began = report.began;
  event.took = report.ended - report.began;
  event.cpu = std::clamp(report.cpu, story::unknown, event.took);
  return event;
}

// With WNOWAIT, waitid(2) does not reap the process. It fails with ECHILD if it is not a child of
// tare.
Call<UniqueFd> child_of_ours(pid_t pid) {
  UniqueFd pidfd = TRY(sys::pidfd_open(pid));
  siginfo_t info{};
  constexpr int look_only = WEXITED | WNOHANG | WNOWAIT | __WALL;
  if (::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, look_only) != 0) {
    return Fault::last("waitid");
  }
  return pidfd;
}

namespace {

// After the start, two steps can fail: loading the seccomp filter of a process with no_new_privs
// (value 0), and execve(2) (value 1).
Error execution_failure(const stub::Report& report, const std::string& name) {
  if (report.value != 0) return exec_failure(name, report.error, true);
  Error failure(Fault{report.error, ""}, "load the seccomp filter");
  failure.at = "/linux/seccomp";
  return failure;
}

// The fifo is not the one that create made.
Error unheard(const std::string& name) {
  return Error("container init did not report that it executed " + quote(name));
}

bool is_of_fork(const stub::Report& report, const AwaitedInit& init) {
  return init.forked_at >= 0 && report.step == init.forked_at && report.value == init.pid &&
         report.error == 0;
}

bool is_of_execution(const stub::Report& report) {
  return report.error >= 0 && report.error <= highest_errno && is_blank(report.call) &&
         is_blank(report.note) && (report.value == 0 || report.value == 1);
}

}  // namespace

Result<void> await_execution_on(int channel, AwaitedInit init, const std::string& name) {
  constexpr int look_again_ms = 100;
  bool began = false;
  bool has_changed = false;  // init is not the stub any more; its report may have come since
  for (;;) {
    const Heard heard =
        TRY(listen_to(channel, init.pidfd, look_again_ms).because("listen to init"));
    // A process in the container may hold the channel open.
    if (heard == Heard::nothing && !is_stub(init.pid)) {
      if (began) return {};
      if (std::exchange(has_changed, true)) return unheard(name);
    }
    if (heard == Heard::nothing) continue;
    std::optional<stub::Report> report;
    if (heard == Heard::something) {
      report = TRY(receive_report(channel).because("wait for the container's program"));
    }
    if (!report && began) return {};  // closed by execve(2)
    if (!report) return Error("container init died before it executed " + quote(name));
    if (is_of_fork(*report, init)) continue;
    if (!is_of_execution(*report)) return broken("while it executes " + quote(name));
    if (report->error != 0) return execution_failure(*report, name);
    if (began) return broken("that it executes " + quote(name) + ", again");
    began = true;
  }
}

}  // namespace tare::runtime

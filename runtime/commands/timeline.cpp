// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/timeline.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "runtime/command_line/columns.h"
#include "runtime/steps/action.h"

namespace tare::runtime {

namespace {

constexpr std::array actors{Actor::host, Actor::stage, Actor::init, Actor::stub};

// The row of a process on the time line. A step that is in no plan is the host's.
std::int64_t row_of(std::string_view actor) {
  const auto* const found =
      std::find_if(actors.begin(), actors.end(), [&](Actor one) { return actor == name(one); });
  return found == actors.end() ? 0 : found - actors.begin();
}

std::string_view actor_of(const oci::TraceEvent& event) {
  const auto row = static_cast<std::size_t>(event.tid);
  return row < actors.size() ? name(actors[row]) : "";
}

}  // namespace

Result<Timeline> Timeline::open(const std::string& file) {
  Timeline timeline;
  if (file.empty()) return timeline;
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOCTTY | O_NONBLOCK;
  timeline.file_ =
      TRY(open_at(AT_FDCWD, file.c_str(), flags, 0600).because("open the trace " + quote(file)));
  const std::int64_t pid = ::getpid();
  for (std::size_t i = 0; i < actors.size(); ++i) {
    oci::TraceEvent names{"thread_name", "M", 0, 0, pid, static_cast<std::int64_t>(i), {}};
    names.args.name = name(actors[i]);
    timeline.trace_.traceEvents.push_back(std::move(names));
  }
  return timeline;
}

// Both ends are cut to microseconds, so that what was inside a step stays inside.
void Timeline::hear(const story::Event& event) {
  const bool is_step = event.took >= 0;
  const std::int64_t began = event.began / 1000;
  oci::TraceEvent heard{event.step.words, is_step ? "X" : "i",      began, 0,
                        ::getpid(),       row_of(event.step.actor), {}};
  if (is_step) heard.dur = (event.began + event.took) / 1000 - began;
  heard.args.calls = event.step.calls;
  heard.args.nanoseconds = std::max(event.took, story::Nanoseconds{0});
  if (event.cpu >= 0) heard.args.cpuNanoseconds = event.cpu;
  trace_.traceEvents.push_back(std::move(heard));
}

Result<void> Timeline::write() {
  if (!file_) return {};
  return write_all(file_.get(), oci::encode_trace(trace_)).because("write the trace");
}

namespace {

std::vector<oci::TraceEvent> steps_of(const oci::Trace& trace) {
  std::vector<oci::TraceEvent> steps;
  std::ranges::copy_if(trace.traceEvents, std::back_inserter(steps),
                       [](const oci::TraceEvent& event) { return event.ph == "X"; });
  const auto is_longer = [](const oci::TraceEvent& one, const oci::TraceEvent& other) {
    return one.args.nanoseconds > other.args.nanoseconds;
  };
  std::stable_sort(steps.begin(), steps.end(), is_longer);
  return steps;
}

// The file may have any number.
std::string shown(std::int64_t nanoseconds) {
  return story::milliseconds(std::max(nanoseconds, std::int64_t{0}));
}

}  // namespace

std::string longest_steps(const oci::Trace& trace, std::size_t count) {
  const std::vector<oci::TraceEvent> steps = steps_of(trace);
  std::vector<std::vector<std::string>> rows{{"MS", "CPU", "ACTOR", "STEP"}};
  for (std::size_t i = 0; i < std::min(count, steps.size()); ++i) {
    const auto& cpu = steps[i].args.cpuNanoseconds;
    rows.push_back({shown(steps[i].args.nanoseconds), cpu ? shown(*cpu) : "-",
                    std::string(actor_of(steps[i])), printable(steps[i].name)});
  }
  std::string text = in_columns(rows, 7, 2);
  const std::size_t left = steps.size() - std::min(count, steps.size());
  if (left > 0) text += "and " + std::to_string(left) + " shorter steps\n";
  return text;
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "base/story.h"

#include <time.h>

namespace tare::story {

namespace {

constinit const Listener* current = nullptr;

Nanoseconds read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Nanoseconds now() {
  return read_clock(CLOCK_REALTIME);
}

Nanoseconds cpu_now() {
  return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

std::string milliseconds(Nanoseconds duration) {
  const std::int64_t microseconds = duration / 1000;
  std::string fraction = std::to_string(microseconds % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(microseconds / 1000) + "." + fraction;
}

std::string line_of(const Event& event) {
  std::string line(event.step.actor);
  if (!line.empty()) line += ": ";
  line += event.step.words;
  if (!event.step.calls.empty()) line += " [" + std::string(event.step.calls) + "]";
  if (event.took >= 0) line += " (" + milliseconds(event.took) + " ms)";
  return line;
}

void tell_to(const Listener* listener) {
  current = listener;
}

bool is_told() {
  return current != nullptr;
}

void tell(const Event& event) {
  if (current != nullptr) current->hear(current->self, event);
}

void tell(std::string words) {
  if (current != nullptr) tell(Event{Told{std::move(words)}, now()});
}

}  // namespace tare::story

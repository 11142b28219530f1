// SPDX-License-Identifier: Apache-2.0
#include "base/story.h"

#include <time.h>

namespace tare::story {

namespace {

constinit const Listener* current = nullptr;

// Milliseconds with three decimals: "0.412 ms".
std::string shown(Nanoseconds duration) {
  const std::int64_t microseconds = duration / 1000;
  std::string fraction = std::to_string(microseconds % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(microseconds / 1000) + "." + fraction + " ms";
}

}  // namespace

Nanoseconds now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void tell_to(const Listener* listener) {
  current = listener;
}

bool is_told() {
  return current != nullptr;
}

void tell(std::string_view words) {
  if (current != nullptr) current->hear(current->self, words);
}

void tell(std::string_view words, Nanoseconds took) {
  if (current != nullptr) tell(std::string(words) + " (" + shown(took) + ")");
}

}  // namespace tare::story

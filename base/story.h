// SPDX-License-Identifier: Apache-2.0
//
// What a command does, step by step with times: for `--debug` and `--trace`. Without a listener,
// the default, a step costs one comparison and its text is never made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tare::story {

using Nanoseconds = std::int64_t;

// CLOCK_REALTIME: the monotonic clocks differ in a time namespace, in which init may be.
Nanoseconds now();
// The time for which this thread was on a CPU.
Nanoseconds cpu_now();

inline constexpr Nanoseconds unknown = -1;

// A step by name: the process that performs it, and the system calls that it makes. Both are
// constants, and empty for a step of the host that is not in a plan.
struct Told {
  std::string words;
  std::string_view actor = {};
  std::string_view calls = {};
};

struct Event {
  Told step;
  Nanoseconds began = 0;
  Nanoseconds took = unknown;  // unknown: a fact, not a step
  Nanoseconds cpu = unknown;   // how much of it on a CPU
};

// With three decimals: "0.412".
std::string milliseconds(Nanoseconds duration);

// "host: make cgroup /c1 [mkdirat openat] (0.412 ms)".
std::string line_of(const Event& event);

struct Listener {
  void (*hear)(const void* self, const Event& event);
  const void* self;
};

// From now on `listener` gets the steps; null: nobody does. A child must not report by itself, so
// it first sets null.
void tell_to(const Listener* listener);
bool is_told();

void tell(const Event& event);
void tell(std::string words);  // a fact

// Reports a step with the time until its destruction, also if it failed. `words` is a function that
// returns its text, or a Told.
template <class Words>
class Step {
 public:
  explicit Step(Words words) : words_(std::move(words)) {
    if (!is_told()) return;
    cpu_ = cpu_now();
    began_ = now();
  }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  ~Step() {
    if (!is_told()) return;
    const Nanoseconds took = now() - began_;
    const Nanoseconds cpu = cpu_now() - cpu_;
    tell(Event{Told{words_()}, began_, took, cpu});
  }

 private:
  Words words_;
  Nanoseconds began_ = 0;
  Nanoseconds cpu_ = 0;
};

}  // namespace tare::story

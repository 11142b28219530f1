// SPDX-License-Identifier: Apache-2.0
//
// The trace of a command for `--debug`: each step with its duration. Without a listener, the
// default, a step costs one comparison and its text is never made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tare::story {

using Nanoseconds = std::int64_t;

// CLOCK_MONOTONIC.
Nanoseconds now();

struct Listener {
  void (*hear)(const void* self, std::string_view words);
  const void* self;
};

// From now on `listener` gets the steps; null: nobody does. A child must not report by itself, so
// it first sets null.
void tell_to(const Listener* listener);
bool is_told();

// Reports "remove the cgroups (0.412 ms)"; the text of a failed step says that it failed.
void tell(std::string_view words, Nanoseconds took);
void tell(std::string_view words);

// Reports its text with the time until its destruction. `words` is a function that makes the text.
template <class Words>
class Step {
 public:
  explicit Step(Words words) : words_(std::move(words)), began_(is_told() ? now() : 0) {}
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;
  ~Step() {
    if (is_told()) tell(words_(), now() - began_);
  }

 private:
  Words words_;
  Nanoseconds began_;
};

}  // namespace tare::story

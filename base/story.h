// SPDX-License-Identifier: Apache-2.0
//
// What a command does, told step by step with the time that each took: `--debug`. Nobody listens by
// default; then a step costs one comparison, and its words are never made.
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

// From here on `listener` is told; null: nobody. A child of this process is to tell nothing by
// itself: it begins with silence.
void tell_to(const Listener* listener);
bool is_told();

// "remove the cgroups (0.412 ms)"; a failure says so by its words.
void tell(std::string_view words, Nanoseconds took);
void tell(std::string_view words);

// Tells its words with the time until its end. `words` is a function that makes them.
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

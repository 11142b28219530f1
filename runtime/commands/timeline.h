// SPDX-License-Identifier: Apache-2.0
//
// The steps of a command with their times, for `--trace` and `tare trace`.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "base/story.h"
#include "base/unique_fd.h"
#include "oci/output/trace.h"

namespace tare::runtime {

// Keeps what it hears until the command has ended: a write during the command would be a step of
// its own.
class Timeline {
 public:
  // Nothing is recorded if `file` is empty. Fails, before anything else is done, if it cannot be
  // written.
  static Result<Timeline> open(const std::string& file);

  [[nodiscard]] bool is_wanted() const { return file_.valid(); }
  void hear(const story::Event& event);
  Result<void> write();

 private:
  UniqueFd file_;
  oci::Trace trace_;
};

// The longest steps as a table, and the sum of all.
std::string longest_steps(const oci::Trace& trace, std::size_t count);

}  // namespace tare::runtime

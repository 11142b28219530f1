// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace tare::cgroups {

// One write(2) of `value` to `file`.
struct Write {
  // What to do if the kernel does not have `file`.
  struct Fallback {
    std::string file;
    std::string value;
  };
  enum class OnMissing {
    fail,    // the file must exist
    ignore,  // the kernel without the file behaves like `value`
  };

  std::size_t directory = 0;  // index into the list that writes() was given
  std::string controller;     // "memory"; "cgroup" for the files that every v2 cgroup has
  std::string file;           // "memory.max"
  std::string value;
  std::string origin;  // JSON pointer: "/linux/resources/memory/limit"
  OnMissing on_missing = OnMissing::fail;
  std::optional<Fallback> fallback;
  // A file with the current usage: a `value` at or below it is refused (memory.checkBeforeUpdate).
  std::string usage_file;
  // v1 realtime scheduling: the parents that were created need the value first.
  bool parents_first = false;
};

}  // namespace tare::cgroups

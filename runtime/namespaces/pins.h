// SPDX-License-Identifier: Apache-2.0
//
// Holds namespaces with bind mounts of their nsfs files. Such a namespace exists until the file is
// unmounted, even without a process in it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/namespaces/opened.h"

namespace tare::runtime {

// Creates the file or uses an existing empty one. Refuses anything else.
Result<void> pin(const OpenedNamespace& one, const std::string& path);

// Unmounts the namespace and removes the file. Kind::refused if it is not a pinned namespace.
Result<void> unpin(const std::string& path);

// Pins several namespaces, all or none: the destructor unpins them, unless keep() was called.
class PinsTogether {
 public:
  PinsTogether() = default;
  PinsTogether(const PinsTogether&) = delete;
  PinsTogether& operator=(const PinsTogether&) = delete;
  ~PinsTogether();

  Result<void> add(const OpenedNamespace& one, const std::string& path);
  void keep() { paths_.clear(); }

 private:
  std::vector<std::string> paths_;
};

// The same in an open directory. `name` has no slash.
Result<void> pin_at(const OpenedNamespace& one, int directory, const char* name);
Result<void> unpin_at(int directory, const char* name);

}  // namespace tare::runtime

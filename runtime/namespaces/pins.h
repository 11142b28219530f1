// SPDX-License-Identifier: Apache-2.0
//
// Namespaces held by a bind mount of their file of nsfs: they last until that is unmounted, with no
// process in them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/namespaces/opened.h"

namespace tare::runtime {

// The file is made; an empty one that is there is taken. Anything else in its place is refused.
Result<void> pin(const OpenedNamespace& one, const std::string& path);

// Unmounts the namespace and removes the file. Kind::refused if it is not a pinned namespace.
Result<void> unpin(const std::string& path);

// Several, all or none: they are unpinned in the end, unless keep() was called.
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

// The same in a directory that is open; `name` has no slash.
Result<void> pin_at(const OpenedNamespace& one, int directory, const char* name);
Result<void> unpin_at(int directory, const char* name);

}  // namespace tare::runtime

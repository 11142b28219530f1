// SPDX-License-Identifier: Apache-2.0
//
// The names in a directory.
#pragma once

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "base/file.h"

namespace tare {

// Calls `visit(const dirent&)` for each entry except "." and "..". Leaves the descriptor's offset
// unchanged.
template <class Visit>
Call<void> for_each_entry(int directory, Visit visit) {
  UniqueFd own_offset = TRY(open_at(directory, ".", O_RDONLY | O_DIRECTORY));
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(own_offset.get()), ::closedir);
  if (stream == nullptr) return Fault::last("fdopendir");
  (void)own_offset.release();  // closedir closes it
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") visit(*entry);
  }
  if (errno != 0) return Fault::last("readdir");
  return {};
}

}  // namespace tare

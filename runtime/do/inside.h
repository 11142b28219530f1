// SPDX-License-Identifier: Apache-2.0
//
// Paths inside the container's root. The root file system is hostile: openat2(2) resolves every
// path with RESOLVE_IN_ROOT below the root's descriptor, and missing parts are created one
// component at a time, by descriptor. So no symbolic link, no ".." and no rename at the wrong
// moment can lead these functions, or users of their descriptors, to a file of the host.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/steps/step.h"

namespace tare::runtime {

class Inside {
 public:
  explicit Inside(int root) : root_(root) {}

  // Opens the file; symbolic links are followed within the root. `flags` as for openat2(2).
  Call<UniqueFd> open(const InsidePath& path, int flags) const;
  // ELOOP if any component is a symbolic link.
  Call<UniqueFd> open_without_links(const InsidePath& path, int flags) const;

  // Opens an existing file with O_PATH, or creates it: directories 0755, files 0644. A dangling
  // symbolic link is followed and its target created, still within the root.
  Call<UniqueFd> make_directory(const InsidePath& path) const;
  Call<UniqueFd> make_file(const InsidePath& path) const;

  // Opens the parent directory of the last component with O_PATH, created if missing; returns it
  // and that component.
  struct Place {
    UniqueFd directory;
    std::string name;
  };
  Call<Place> make_parent(const InsidePath& path) const;

 private:
  enum class Kind : std::uint8_t { directory, file };
  Call<UniqueFd> resolve(const char* path, int flags, std::uint64_t resolve_flags) const;
  Call<UniqueFd> make(const InsidePath& path, Kind kind) const;
  bool make_last(const std::string& path, Kind kind) const;
  Call<bool> make_prefixes(std::string& path, Kind kind) const;
  Call<bool> make_component(std::string& path, std::size_t begin, std::size_t end, Kind kind) const;

  int root_;
};

}  // namespace tare::runtime

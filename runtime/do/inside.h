// SPDX-License-Identifier: Apache-2.0
//
// Paths inside the container's root. The root file system is hostile: every path is resolved by
// openat2(2) with RESOLVE_IN_ROOT beneath the root's descriptor, and what is missing is made one
// component at a time, by descriptor. Nothing here, and nothing that gets its descriptors from
// here, can reach a file of the host by a symbolic link, by "..", or by a rename at the wrong
// moment.
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

  // The file itself; symbolic links are followed within the root. `flags` as for openat2(2).
  Call<UniqueFd> open(const InsidePath& path, int flags) const;
  // ELOOP if any component is a symbolic link.
  Call<UniqueFd> open_without_links(const InsidePath& path, int flags) const;

  // O_PATH of what is there, made if it is missing: directories 0755, files 0644. A symbolic link
  // that leads nowhere yet is followed, and its target is made, still within the root.
  Call<UniqueFd> make_directory(const InsidePath& path) const;
  Call<UniqueFd> make_file(const InsidePath& path) const;

  // O_PATH of the directory that holds the last component, made if missing; and that component.
  struct Place {
    UniqueFd directory;
    std::string name;
  };
  Call<Place> make_parent(const InsidePath& path) const;

 private:
  enum class Kind : std::uint8_t { directory, file };
  Call<UniqueFd> resolve(const char* path, int flags, std::uint64_t resolve_flags) const;
  Call<UniqueFd> make(const InsidePath& path, Kind kind) const;
  Call<bool> make_prefixes(std::string& path, Kind kind) const;
  Call<bool> make_component(std::string& path, std::size_t begin, std::size_t end, Kind kind) const;

  int root_;
};

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// Paths inside the container's root. The root file system is hostile: openat2(2) resolves every
// path with RESOLVE_IN_ROOT below the root's descriptor, and missing parts are created one
// component at a time, by descriptor. So no symbolic link, no ".." and no rename at the wrong
// moment can lead these functions, or users of their descriptors, to a file of the host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

  enum class Links : std::uint8_t { followed, refused };
  struct Target {
    UniqueFd fd;  // O_PATH
    bool was_there = true;
    bool is_in_kept = false;  // directly in the directory that is kept, see forget()
  };
  // Opens an existing file, or creates it: directories 0755, files 0644. A dangling symbolic link
  // is followed and its target created, still within the root. With Links::refused ELOOP if any
  // component is a symbolic link.
  Call<Target> make_directory(const InsidePath& path, Links links = Links::followed);
  Call<Target> make_file(const InsidePath& path);

  // The parent directory of the last component, created if missing, and that component. The
  // descriptor belongs to this object and is valid until the next call.
  struct Place {
    int directory;
    std::string name;
  };
  Call<Place> make_parent(const InsidePath& path);

  // A directory without symbolic links in its path stays open for the next path in it. This must be
  // called when something is mounted, unless its target is_in_kept: such a mount covers nothing of
  // the path to that directory.
  void forget();

 private:
  enum class Kind : std::uint8_t { directory, file };
  static int opened_as(Kind kind);  // flags for openat2(2)
  static Call<void> create(int directory, const std::string& name, Kind kind);
  Call<UniqueFd> resolve(const char* path, int flags, std::uint64_t resolve_flags) const;
  Call<Target> make(const InsidePath& path, Kind kind, Links links);
  Call<UniqueFd> make_from_root(std::string path, Kind kind) const;
  Call<bool> make_prefixes(std::string& path, Kind kind) const;
  Call<bool> make_component(std::string& path, std::size_t begin, std::size_t end, Kind kind) const;

  bool keep(std::string_view directory);
  [[nodiscard]] int kept() const { return kept_ ? kept_.get() : root_; }

  int root_;
  UniqueFd kept_;                         // none: the root itself
  std::optional<std::string> kept_path_;  // none: a descriptor that is not kept for other paths
};

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "oci/config/rootfs.h"

#include "base/text.h"
#include "oci/config/namespaces.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// ---- paths that are hidden or made read-only ----------------------------------------------------

// Without a mount namespace the paths would be the host's.
void check_paths(const std::vector<std::string>& paths, const Namespaces& namespaces,
                 const Place& place, Problems& problems) {
  if (paths.empty()) return;
  if (find_namespace(namespaces, NamespaceType::mount) == nullptr) {
    problems.add(place, "needs a mount namespace");
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].starts_with('/')) continue;
    problems.add(Place(place, i), "must be an absolute path, is " + quote(paths[i]));
  }
}

}  // namespace

// config-linux.md, "Masked Paths".
void check_masked(const std::vector<std::string>& paths, const Namespaces& namespaces,
                  const Place& place, Problems& problems) {
  check_paths(paths, namespaces, place, problems);
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i] == "/") problems.add(Place(place, i), "is the root of the container itself");
  }
}

// config-linux.md, "Readonly Paths".
void check_readonly(const std::vector<std::string>& paths, const Namespaces& namespaces,
                    const Place& place, Problems& problems) {
  check_paths(paths, namespaces, place, problems);
}

// config.md, "Root": required on Linux; the host's own root is refused.
void check_root(const Root* root, const Place& place, Problems& problems) {
  if (root == nullptr) return problems.add(place, "is required");
  const Place path(place, "path");
  if (root->path.empty()) return problems.add(path, "must not be empty");
  if (root->path.starts_with('/') && lexically_clean(root->path) == "/") {
    problems.add(path, "is the root of the host");
  }
}

}  // namespace tare::oci

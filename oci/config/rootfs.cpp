// SPDX-License-Identifier: Apache-2.0
#include "oci/config/rootfs.h"

#include "base/text.h"
#include "oci/config.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// ---- paths that are hidden or made read-only ----------------------------------------------------

void check_paths(const Config& config, const std::vector<std::string>& paths, const Place& place,
                 Problems& problems) {
  if (paths.empty()) return;
  if (find_namespace(config, NamespaceType::mount) == nullptr) {
    problems.add(place, "needs a mount namespace");
  }
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (paths[i].starts_with('/')) continue;
    problems.add(Place(place, i), "must be an absolute path, is " + quote(paths[i]));
  }
}

// config-linux.md, "Masked Paths": absolute; without a mount namespace they would be the host's.
void masked_paths(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  const Place place(linux_part, "maskedPaths");
  check_paths(config, config.linux_->maskedPaths, place, problems);
  for (std::size_t i = 0; i < config.linux_->maskedPaths.size(); ++i) {
    if (config.linux_->maskedPaths[i] != "/") continue;
    problems.add(Place(place, i), "is the root of the container itself");
  }
}

// config-linux.md, "Readonly Paths": likewise.
void readonly_paths(const Config& config, const Place& document, Problems& problems) {
  if (!config.linux_) return;
  const Place linux_part(document, "linux");
  check_paths(config, config.linux_->readonlyPaths, Place(linux_part, "readonlyPaths"), problems);
}

}  // namespace

// config.md, "Root": required on Linux; the host's own root is never meant.
void check_root(const Config& config, const Place& document, Problems& problems) {
  const Place place(document, "root");
  if (!config.root) return problems.add(place, "is required");
  const Place path(place, "path");
  if (config.root->path.empty()) return problems.add(path, "must not be empty");
  if (config.root->path.starts_with('/') && lexically_clean(config.root->path) == "/") {
    problems.add(path, "is the root of the host");
  }
}

void check_hidden_paths(const Config& config, const Place& document, Problems& problems) {
  masked_paths(config, document, problems);
  readonly_paths(config, document, problems);
}

}  // namespace tare::oci

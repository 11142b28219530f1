// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/recorded.h"

namespace tare::runtime {

std::vector<cgroups::Directory> recorded_cgroup(const oci::Record& record) {
  std::vector<cgroups::Directory> directories;
  for (const auto& entry_of : record.cgroups) {
    cgroups::Directory directory;
    directory.version = entry_of.version;
    directory.mount = entry_of.mount;
    directory.path = entry_of.path;
    directory.controllers = entry_of.controllers;
    directory.made = static_cast<unsigned>(entry_of.made);
    directories.push_back(std::move(directory));
  }
  return directories;
}

std::vector<oci::RecordedCgroup> recorded(const std::vector<cgroups::Directory>& directories) {
  std::vector<oci::RecordedCgroup> list;
  list.reserve(directories.size());
  for (const auto& directory : directories) {
    list.push_back({directory.version, directory.mount, directory.path, directory.controllers,
                    directory.made});
  }
  return list;
}

bool owns_pid_namespace(const oci::Record& record) {
  const auto* pids = oci::find_namespace(record.config, oci::NamespaceType::pid);
  return pids != nullptr && pids->is_new();
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/joined.h"

#include <sys/stat.h>

#include <string>

#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

namespace {

// setns(2) refuses the user namespace that the caller is already in.
bool same_user_namespace(std::int64_t pid) {
  struct stat own {};
  struct stat other {};
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
  return ::stat("/proc/self/ns/user", &own) == 0 && ::stat(path.c_str(), &other) == 0 &&
         own.st_ino == other.st_ino;
}

}  // namespace

std::uint64_t namespaces_to_join(const oci::Record& record) {
  std::uint64_t flags = 0;
  if (!record.config.linux_) return 0;
  for (const auto& entry : record.config.linux_->namespaces) {
    if (entry.type == oci::NamespaceType::user && same_user_namespace(record.pid)) continue;
    flags |= clone_flag(entry.type);
  }
  return flags;
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// What the kernel says about a container that runs, as far as a plan has something to compare it
// with. The container is not asked and not changed. Whatever its processes could have written (its
// /proc, names of files) is opened only as O_PATH, and read at most as far as a limit.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/mountinfo.h"
#include "base/result.h"
#include "oci/config.h"
#include "runtime/look/process_now.h"
#include "runtime/plan/plan.h"
#include "runtime/store/container.h"

namespace tare::runtime {

struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const FileId&) const = default;
};

// A path of the container, resolved beneath its root.
struct PathNow {
  FileId file;
  std::uint64_t mount = 0;      // number of the mount that it is in
  bool is_mount_root = false;   // something is mounted there
  bool is_null_device = false;  // 1:3
};

struct NamespacesNow {
  std::map<oci::NamespaceType, FileId> container;
  std::map<oci::NamespaceType, FileId> caller;
  std::map<std::string, FileId> at_path;  // of namespaces that were joined, while they are there
};

struct CgroupNow {
  // One for each directory of the record: its hierarchy, where it is, and where init is.
  std::vector<std::string> hierarchies;
  std::vector<std::string> recorded;
  std::vector<std::string> paths;
  // By the number of the directory and the file's name; what is not there cannot be read.
  std::map<std::pair<std::size_t, std::string>, std::string> files;
};

struct Now {
  bool is_started = true;
  ProcessNow process;
  int callers_filters = 0;  // of seccomp(2), of tare itself
  NamespacesNow namespaces;
  std::vector<MountLine> mounts;
  std::vector<MountLine> callers_mounts;
  std::map<std::string, PathNow> paths;        // what is not there is not here
  std::map<std::string, FileId> on_host;       // of files of the host that mounts show
  std::optional<FileId> working_directory;     // nothing if the reader may not know
  std::map<std::string, std::string> sysctls;  // by the path below /proc/sys
  CgroupNow cgroup;
};

// Kind::not_running if the container's init has ended meanwhile.
Result<Now> look_at_container(const Container& container, const oci::Config& config,
                              const Plan& plan);

}  // namespace tare::runtime

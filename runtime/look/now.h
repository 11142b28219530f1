// SPDX-License-Identifier: Apache-2.0
//
// The state of a running container in the kernel, as far as a plan has something to compare it
// with. This does not change the container and runs nothing in it. Files that its processes could
// have made (its /proc, names of files) are opened only with O_PATH, and tare reads only a limited
// size.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mountinfo.h"
#include "base/result.h"
#include "oci/config.h"
#include "runtime/look/devices_now.h"
#include "runtime/look/process_now.h"
#include "runtime/look/program_now.h"
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
  std::uint64_t mount = 0;      // number of the mount that contains it
  bool is_mount_root = false;   // it is a mount point
  bool is_null_device = false;  // 1:3
  unsigned mode = 0;            // type and permission bits
  unsigned major = 0;           // of a device node
  unsigned minor = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

struct NamespacesNow {
  std::map<oci::NamespaceType, FileId> container;
  std::map<oci::NamespaceType, FileId> caller;
  std::map<std::string, FileId> at_path;  // of joined namespaces, if their paths still exist
};

struct CgroupNow {
  // For each directory in the record: its hierarchy, its recorded path, and the path of init's
  // cgroup.
  std::vector<std::string> hierarchies;
  std::vector<std::string> recorded;
  std::vector<std::string> paths;
  // By the index of the directory and the name of the file. Missing files are not listed.
  std::map<std::pair<std::size_t, std::string>, std::string> files;
  std::optional<std::string> cpus;  // of its cpuset, or the nearest above it
  DevicesNow devices;
};

struct Now {
  bool is_started = true;
  ProcessNow process;
  int callers_filters = 0;  // seccomp filters that apply to tare itself
  NamespacesNow namespaces;
  std::vector<MountLine> mounts;
  std::vector<MountLine> callers_mounts;
  std::map<std::string, PathNow> paths;        // paths that do not exist are not listed
  std::map<std::string, FileId> on_host;       // files of the host that mounts show
  std::optional<FileId> working_directory;     // nothing if the reader may not see it
  std::map<std::string, std::string> sysctls;  // by path below /proc/sys
  CgroupNow cgroup;
  ProgramNow program;
  std::optional<std::set<std::string>> net_devices;  // of its network namespace
  std::optional<std::string> numa_maps;              // as far as a limit
};

// Kind::not_running if the container's init has ended in the meantime.
Result<Now> look_at_container(const Container& container, const oci::Config& config,
                              const Plan& plan);

}  // namespace tare::runtime

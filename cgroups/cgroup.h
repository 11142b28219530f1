// SPDX-License-Identifier: Apache-2.0
//
// A container's cgroup: the open descriptors of its directory in every hierarchy, through which it
// is limited and entered.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/changes.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/hierarchy/place.h"
#include "cgroups/limits/writes.h"
#include "oci/config.h"

namespace tare::cgroups {

struct DeviceRule;

// What to do about a hierarchy in which tare may not create directories (EACCES, EPERM, EROFS): a
// rootless container without limits does not need it.
enum class Access {
  required,
  optional,  // skipped, unless a write needs it
};

// Whether it is an error if the host does not allow device rules (EPERM). For a tare that is in a
// user namespace they are never allowed, and it has no devices but those that it was given.
enum class DeviceAccess { required, optional };

// Owns the directories that it created: the destructor removes them, newest first, unless keep()
// was called. They must be empty by then.
class Cgroup {
 public:
  // A cgroup whose directories are not created yet.
  static Cgroup at(const std::vector<Directory>& places);

  // Creates each directory of these versions and its parents and enables v2 controllers on the way:
  // those that `planned` needs, or else it fails, and all others that the hierarchy offers, if
  // possible. Gives v1 cpusets their parents' CPUs and memory nodes, without which no process can
  // enter. An existing directory must have no process and must not be frozen (otherwise
  // Kind::refused).
  Result<void> make(Versions versions, const std::vector<Write>& planned, Access access);

  // After systemd has created a scope and put `init` into it: opens the directories that systemd
  // created. In other v1 hierarchies it creates them and moves init. None may have other processes.
  // With `below` it creates that child in the scope's directory and moves init there.
  static Result<Cgroup> adopt(std::vector<Directory> places, const std::vector<Write>& planned,
                              pid_t init, bool below);

  // Opens the directories of a running container, from its record; owns none.
  static Result<Cgroup> open(std::vector<Directory> recorded);

  Cgroup(Cgroup&& other) noexcept = default;
  Cgroup& operator=(Cgroup&& other) noexcept;
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup();

  // `list` is the result of writes() for the same directories. A write that the kernel refuses with
  // EINVAL is repeated after the others, because some values are valid only in pairs. The error is
  // at the write's origin and names the value and the file.
  Result<void> apply(const std::vector<Write>& list) const;

  // The same for a cgroup with processes, with an undo: the current contents of the files. (A v2
  // cpuset without a value of its own gets the parent's, because the kernel does not allow an empty
  // one.) The change refers to this object.
  [[nodiscard]] Change change_limits(const std::vector<Write>& list) const;

  // linux.resources.devices, after an implicit "deny all" and before the default devices
  // (devices.h). Replaces earlier rules; at no time everything is allowed.
  Result<void> restrict_devices(const std::vector<oci::DeviceCgroup>& rules,
                                DeviceAccess access) const;

  // The same with an undo, for a container that has rules. cgroup v1 does not report exceptions
  // from "allow all": such rules cannot be restored, and the container keeps fewer devices.
  [[nodiscard]] Result<Change> change_devices(const std::vector<oci::DeviceCgroup>& rules) const;

  // Creates the cgroup `name` in the v2 directory, moves `process` there, and enables all
  // controllers for it. It has no limits of its own.
  Result<void> move_below(const std::string& name, pid_t process) const;

  // Changes the owner of the v2 directory, or of `name` in it, to `owner`, with the files that the
  // kernel lists for delegation (config-linux.md, "Cgroup ownership").
  Result<void> delegate(const std::string& name, uid_t owner) const;

  // For clone3(CLONE_INTO_CGROUP); -1 without a v2 hierarchy. Owned by this object.
  [[nodiscard]] int v2_descriptor() const;

  // Entries::tasks (entries.h) of the directories that this object holds.
  [[nodiscard]] Result<std::vector<UniqueFd>> open_entries() const;

  // The directories for the container's record, with `made` set.
  [[nodiscard]] std::vector<Directory> directories() const;

  void keep() { kept_ = true; }

 private:
  struct Member {
    Directory place;
    UniqueFd fd;          // none: not created yet, or skipped, see Access::optional
    bool is_new = false;  // created by this object, so no one else has changed it
  };

  Cgroup() = default;
  // Opens the directory. The result is valid until the next call.
  Result<const Member*> hold(Directory place, bool is_new);
  static Result<void> open_member(Member& member);
  Result<void> make_member(std::size_t index, const std::vector<Write>& planned, Access access);
  Result<void> add_of_scope(Directory place, const std::vector<Write>& planned, pid_t init,
                            bool below);
  [[nodiscard]] const Member* find(int version, const std::string& controller) const;
  Result<void> set_device_rules(const std::vector<DeviceRule>& rules) const;
  void remove_made();

  std::vector<Member> members_;  // in the order of the list for at() or open()
  bool kept_ = false;
};

}  // namespace tare::cgroups

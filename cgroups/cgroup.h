// SPDX-License-Identifier: Apache-2.0
//
// A container's cgroup: its directory in every hierarchy, as the open descriptors through which it
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

// What to do about a hierarchy in which we may not make directories (EACCES, EPERM, EROFS): a
// rootless container without limits can go without.
enum class Access {
  required,
  optional,  // left out, unless a write needs it
};

// Whether a host that does not let us set device rules (EPERM) is an error; in a user namespace
// nobody may, and the kernel already refuses device nodes made there.
enum class DeviceAccess { required, optional };

// Owns the directories that it made: the destructor removes them, newest first, unless keep() was
// called. Directories must be empty by then.
class Cgroup {
 public:
  // Makes each directory and those above it, enables v2 controllers on the way (all that the
  // hierarchy offers where possible, those that `planned` needs as a must), and gives v1 cpusets
  // their parents' CPUs and memory nodes, without which no process may enter. A directory that
  // exists must hold no process, nor be frozen (Kind::refused otherwise).
  static Result<Cgroup> make(std::vector<Directory> places, const std::vector<Write>& planned,
                             Access access);

  // After systemd made a scope and put `init` into it: the directories that it made are there, in
  // other v1 hierarchies they are made and init is moved. All of them must hold nobody else. With
  // `below` the last component of each place is made in the scope's directory, and init is moved.
  static Result<Cgroup> adopt(std::vector<Directory> places, const std::vector<Write>& planned,
                              pid_t init, bool below);

  // The directories of a container that runs, from its record; nothing is owned.
  static Result<Cgroup> open(std::vector<Directory> recorded);

  Cgroup(Cgroup&& other) noexcept = default;
  Cgroup& operator=(Cgroup&& other) noexcept;
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup();

  // `list` as made by writes() for the same directories. A write that the kernel refuses with
  // EINVAL is tried once more after the others, as some values are valid only in pairs. The error
  // is at the write's origin and names the value and the file.
  Result<void> apply(const std::vector<Write>& list) const;

  // The same for a cgroup with processes, with a way back: what the files hold now. (A v2 cpuset
  // without a value of its own gets what it had from above: the kernel does not let it be emptied.)
  // The change refers to this object.
  [[nodiscard]] Change change_limits(const std::vector<Write>& list) const;

  // linux.resources.devices, after an implicit "deny all" and before the default devices
  // (devices.h). Replaces rules that were set before, without a moment in which all is allowed.
  Result<void> restrict_devices(const std::vector<oci::DeviceCgroup>& rules,
                                DeviceAccess access) const;

  // The same with a way back, for a container that has rules. cgroup v1 does not tell exceptions
  // from "allow all": such rules are not taken back, and the container is left with fewer devices.
  [[nodiscard]] Result<Change> change_devices(const std::vector<oci::DeviceCgroup>& rules) const;

  // Makes the cgroup `name` in the v2 directory, moves `process` there, and hands all controllers
  // on to it. It has no limits of its own.
  Result<void> move_below(const std::string& name, pid_t process) const;

  // Gives the v2 directory, or `name` in it, to `owner`, as far as the kernel says that delegation
  // needs (config-linux.md, "Cgroup ownership").
  Result<void> delegate(const std::string& name, uid_t owner) const;

  // For clone3(CLONE_INTO_CGROUP); -1 where there is no v2 hierarchy. Owned by this object.
  [[nodiscard]] int v2_descriptor() const;

  // `tasks` of every v1 hierarchy, for writing: a process with one thread that writes "0" to each
  // enters them all without waiting for the kernel's threadgroup lock (Linux 5.19).
  [[nodiscard]] Result<std::vector<UniqueFd>> open_entries() const;

  // The same for a process that is to enter the cgroup which counts processes (`pids`) by itself,
  // later than the others: that of v2 is entered through `cgroup.procs`. Moving is not refused for
  // the limit of processes, a clone in the cgroup is.
  struct Entries {
    std::vector<UniqueFd> others;
    UniqueFd of_count;
  };
  [[nodiscard]] Result<Entries> open_entries_apart() const;

  // What the container's record keeps: the directories in use, with `made` filled in.
  [[nodiscard]] std::vector<Directory> directories() const;

  void keep() { kept_ = true; }

 private:
  struct Member {
    Directory place;
    UniqueFd fd;          // none: left out, see Access::optional
    bool is_new = false;  // made by this object, so nobody else has set anything in it
  };

  Cgroup() = default;
  // Opens the directory. Valid until the next one is held.
  Result<const Member*> hold(Directory place, bool is_new);
  Result<void> add(Directory place, const std::vector<Write>& planned, Access access);
  Result<void> add_of_scope(Directory place, const std::vector<Write>& planned, pid_t init,
                            bool below);
  [[nodiscard]] const Member* find(int version, const std::string& controller) const;
  Result<void> set_device_rules(const std::vector<DeviceRule>& rules) const;
  void remove_made();

  std::vector<Member> members_;  // in the order of the list that make() or open() was given
  bool kept_ = false;
};

}  // namespace tare::cgroups

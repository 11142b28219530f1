// SPDX-License-Identifier: Apache-2.0
//
// State of the processes of one launch. The host fills it before it clones; stage and init continue
// with their copies.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "cgroups/cgroup.h"
#include "cgroups/systemd/bus.h"
#include "oci/output/state.h"
#include "runtime/do/inside.h"
#include "runtime/do/resctrl_group.h"
#include "runtime/plan/plan.h"
#include "runtime/stub/program.h"

namespace tare::runtime {

struct LaunchContext {
  const Plan& plan;
  oci::State state;  // the state for hooks; the actor that runs a hook sets status and pid

  std::vector<UniqueFd> namespaces;            // by Slot
  std::vector<UniqueFd> trees;                 // by Slot
  std::vector<std::string> links;              // by Slot of a tree: the text of a copied link
  std::vector<int> net_devices;                // by Slot: the index of a network device
  std::optional<cgroups::StartedScope> scope;  // outlives `cgroup`, which is inside
  std::optional<cgroups::Cgroup> cgroup;
  std::vector<UniqueFd> cgroup_entries;  // v1 `tasks`; init's, if they are opened after its clone
  UniqueFd joined_cgroup;                // that of v2, if it is not `cgroup`'s
  UniqueFd full_cgroup;                  // for EnterFullCgroup

  UniqueFd console_socket;  // connected; receives the console's master
  UniqueFd start;           // a fifo: AwaitStart reads from it (create only)
  UniqueFd started;         // a fifo: carries the result of execve (create only)

  UniqueFd container;                   // pidfd of the joined container's init (exec only)
  std::array<int, 3> streams{0, 1, 2};  // for TakeStreams

  UniqueFd image;  // the memory file for the stub

  bool traced = false;  // report every step, with its times

  UniqueFd host_end;   // the channel: Reports both ways
  UniqueFd child_end;  // for stage, init and stub

  // Host only: where it was, while it is in init's copy of the mounts (do/mount_copy.h).
  struct Place {
    UniqueFd mounts;
    UniqueFd directory;
    UniqueFd root;  // only if it may be another one than that of the mount namespace
  };
  std::optional<Place> own_place;
  bool hands_trees = false;  // with the next message to init
  bool hands_entries = false;

  // Host only.
  std::uint64_t host_mount = 0;  // the id of the root's mount, see Plan::host_root
  pid_t init = 0;
  UniqueFd init_pidfd;
  bool may_have_forked = false;  // a stage or a joiner has not reported its child yet
  int listener_number = -1;      // in init
  UniqueFd listener;
  std::optional<Resctrl> resctrl;

  // Init only.
  UniqueFd root;      // the container's root, attached
  Inside inside{-1};  // paths below it
  void take_root(UniqueFd attached);
  struct Attached {
    InsidePath destination;
    UniqueFd mount;
    bool without_links = false;  // no link in the path of its destination
  };
  // The last mount at that destination, which covers earlier ones; null: none.
  static const Attached* find(const std::vector<Attached>& mounts, const InsidePath& place);
  // move_mount(2) below the container's root.
  Call<void> mount_on(int mount, int target);
  Call<void> mount_on(int mount, const Inside::Target& target);
  std::vector<Attached> kernel_mounts;  // kept procfs and sysfs
  std::vector<Attached> taken_back;     // mounts that a failure undoes, if the plan says so
  UniqueFd descriptors;                 // /proc/thread-self/fd of a verified procfs
  UniqueFd attributes;                  // /proc/thread-self/attr, where labels are written
  UniqueFd empty_directory;             // the mount that masks directories
  std::string home;                     // "HOME=/root", if FindHome found it
  bool groups_are_denied;               // setgroups(2), in the container's user namespace
  bool has_uid_0 = true;                // in the container's user namespace
  bool has_gid_0 = true;

  // What the kernel, or a hook, reported about the current failure.
  std::array<char, sizeof(stub::Report::note)> note{};
  void set_note(std::string_view text);
  // For a call that failed with this Fault.
  void note_cause(int error);

  explicit LaunchContext(const Plan& p)
      : plan(p),
        namespaces(static_cast<std::size_t>(p.namespace_slots)),
        trees(static_cast<std::size_t>(p.tree_slots)),
        links(static_cast<std::size_t>(p.tree_slots)),
        net_devices(static_cast<std::size_t>(p.device_slots)),
        groups_are_denied(p.groups_are_denied) {}

  [[nodiscard]] int tree(Slot slot) const { return trees[static_cast<std::size_t>(slot)].get(); }
  [[nodiscard]] int v2_cgroup() const {
    return cgroup ? cgroup->v2_descriptor() : joined_cgroup.get();
  }
  [[nodiscard]] int joined(Slot slot) const {
    return slot < 0 ? -1 : namespaces[static_cast<std::size_t>(slot)].get();
  }
};

}  // namespace tare::runtime

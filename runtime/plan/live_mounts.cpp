// SPDX-License-Identifier: Apache-2.0
//
// Mounts in a running container: the same steps as at create, by a process that joins the
// container's mount namespace only for them. It opens the trees on the host before it joins. It
// never enters the pid namespace, so no process of the container can see it.
#include <linux/sched.h>

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/mount_options.h"

namespace tare::runtime {

namespace {

// File systems that only create mounts. A new procfs or sysfs would show what is masked in the old
// one. A new mount of a cgroup hierarchy would show more than the container's cgroups.
constexpr std::string_view kernels_own[] = {"proc", "sysfs", "cgroup", "cgroup2"};

Result<void> check_added(const oci::Mount& mount, const std::string& origin) {
  if (mount.destination == "/") {
    return Error::config(origin + "/destination", "is the container's root");
  }
  const MountOptions options = TRY(parse_mount_options(mount, origin));
  const bool changes_another = (mount.type.empty() || mount.type == "none") && !options.bind;
  if (options.remount || (changes_another && !options.propagation.empty())) {
    return Error::unsupported(origin + "/options",
                              "it would change a mount that is there; mounts add only adds");
  }
  const bool is_kernels = std::ranges::count(kernels_own, mount.type) != 0;
  if (options.bind || !is_kernels) return {};
  return Error::unsupported(origin + "/type",
                            "a mount of type " + mount.type + " is made at create, or not at all");
}

// The masks of procfs and sysfs are mounts too, and the container must keep them.
Result<void> check_removed(const InsidePath& place, const std::string& origin) {
  const std::string& path = place.shown;
  if (path == "/") return Error::config(origin + "/destination", "is the container's root");
  if (path != "/proc" && path != "/sys" && !path.starts_with("/sys/")) return {};
  return Error(Error::Kind::refused, "what hides the kernel's files from the container stays",
               origin + "/destination");
}

void join(Draft& draft, std::uint64_t namespaces, int after = no_step) {
  if (namespaces != 0) draft.add<Actor::init>("", step::JoinContainer{namespaces}, after);
}

bool binds_any(const oci::Config& config) {
  return std::ranges::any_of(config.mounts, [](const oci::Mount& mount) {
    const Result<MountOptions> options = parse_mount_options(mount, "");
    return options.ok() && options->bind;
  });
}

// A copy of the host's mounts, owned by the container's user namespace. The kernel locks the mounts
// in the copy that this user namespace must not undo.
int copy_mounts(Draft& draft, std::uint64_t namespaces) {
  join(draft, namespaces);
  return draft.add<Actor::init>("", step::NewMountNamespace{});
}

// An unprivileged user may not change the host's mounts, but may change a copy of them in the
// container's user namespace. Sources are looked up before the process changes its ids there.
void plan_way_in(Draft& draft, std::uint64_t namespaces, bool binds) {
  const std::uint64_t users = namespaces & CLONE_NEWUSER;
  const TreesBy by = draft.trees_by();
  draft.add<Actor::host>("", step::CloneInit{});
  draft.add<Actor::init>("", step::OpenDescriptors{});
  if (by == TreesBy::init) {
    copy_mounts(draft, users);
    draft.trees_taken = draft.next();
    join(draft, namespaces & ~users);
  } else if (by == TreesBy::host_in_copy && binds) {
    // The user namespace may not own the IPC namespace.
    const std::uint64_t mounts = namespaces & CLONE_NEWNS;
    plan_mount_copy(draft, copy_mounts(draft, namespaces & ~mounts), true);
    join(draft, mounts, draft.copy_left);
  } else {
    join(draft, namespaces);
  }
  if (users != 0) plan_namespace_root(draft);
  draft.add<Actor::init>("", step::OpenRoot{"/"});
}

// Newest first. The first unmount comes after all mounts were found.
Result<void> plan_unmounts(Draft& draft, bool lazily) {
  const auto& mounts = draft.config.mounts;
  std::vector<step::FindMount> found;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const std::string origin = pointer("/mounts", i);
    step::FindMount mount;
    mount.destination = InsidePath(mounts[i].destination);
    mount.onto_link = TRY(parse_mount_options(mounts[i], origin)).onto_link;
    mount.covers_procfs = is_in_proc(mount.destination);
    TRY(check_removed(mount.destination, origin));
    draft.add<Actor::init>(origin, mount);
    found.push_back(std::move(mount));
  }
  for (std::size_t i = found.size(); i-- > 0;) {
    draft.add<Actor::init>(pointer("/mounts", i), step::Unmount{found[i], lazily});
  }
  return {};
}

}  // namespace

Result<Plan> make_mounts_plan(const oci::Config& config, const Host& host,
                              const PlanOptions& options, std::uint64_t namespaces,
                              MountsChange change) {
  // A file system is made in the namespaces that it belongs to: for mqueue, the IPC namespace.
  constexpr std::uint64_t kinds = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWIPC;
  Draft draft(config, host, options);
  plan_way_in(draft, namespaces & kinds, change == MountsChange::add && binds_any(config));
  if (change == MountsChange::add) {
    for (std::size_t i = 0; i < config.mounts.size(); ++i) {
      TRY(check_added(config.mounts[i], pointer("/mounts", i)));
    }
    draft.plan.takes_mounts_back = true;
    TRY(plan_mounts(draft, 0, config.mounts.size()));
    plan_mount_seals(draft);
  } else {
    TRY(plan_unmounts(draft, change == MountsChange::remove_lazily));
  }
  draft.add<Actor::init>("", step::Ready{});
  return std::move(draft).finish();
}

}  // namespace tare::runtime

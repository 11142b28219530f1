// SPDX-License-Identifier: Apache-2.0
//
// The root file system and mounts[] (config.md "Root", "Mounts"; config-linux.md "Rootfs Mount
// Propagation"). Before init does anything with the sources, the host opens them as detached trees.
// So they are resolved with the host's privileges and as the host sees them, and nobody can replace
// a path later.
#include <sys/mount.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "runtime/plan/draft.h"
#include "runtime/plan/labels.h"
#include "runtime/plan/mount_options.h"
#include "runtime/plan/visible.h"

namespace tare::runtime {

using oci::NamespaceType;
using oci::RootfsPropagation;

namespace {

// How mounts on the host propagate into the container. "unbindable" applies to the container's "/"
// only at the end, because the kernel refuses a bind mount from an unbindable tree.
unsigned long host_propagation(const Draft& draft) {
  switch (draft.linux_.rootfsPropagation.value_or(RootfsPropagation::slave)) {
    case RootfsPropagation::shared:
      return MS_SHARED | MS_REC;
    case RootfsPropagation::slave:
      return MS_SLAVE | MS_REC;
    case RootfsPropagation::private_:
    case RootfsPropagation::unbindable:
      return MS_PRIVATE | MS_REC;
  }
  return MS_SLAVE | MS_REC;
}

// Without a mount namespace of its own, the container's mounts must not propagate to the host's
// peer groups.
unsigned long tree_propagation(const Draft& draft) {
  return draft.own_mounts() ? host_propagation(draft) : MS_PRIVATE | MS_REC;
}

// pivot_root(2) refuses a shared root. It becomes shared afterwards (RootPropagation).
unsigned long root_propagation(const Draft& draft) {
  const unsigned long propagation = tree_propagation(draft);
  return (propagation & MS_SHARED) != 0 ? MS_PRIVATE | MS_REC : propagation;
}

std::string on_host(const Draft& draft, const std::string& path) {
  return path.starts_with('/') ? path : draft.options.bundle + "/" + path;
}

}  // namespace

bool is_in_proc(const InsidePath& path) {
  return path.shown == "/proc" || path.shown.starts_with("/proc/");
}

namespace {

struct MountContext {
  Draft& draft;
  const oci::Mount& mount;
  std::size_t index;
  std::string origin;
  InsidePath destination;
  MountOptions options;
};

void seal_later(MountContext& context) {
  context.options.attributes.top.set &= ~std::uint64_t{MOUNT_ATTR_RDONLY};
}

// The mappings of the mount or of its option; without them, those of the container's user
// namespace.
Result<std::vector<oci::IDMapping>> owners(const MountContext& context,
                                           const std::vector<oci::IDMapping>& of_mount,
                                           const std::vector<OwnerMapping>& of_option,
                                           const std::vector<oci::IDMapping>& of_container) {
  if (!of_mount.empty()) return of_mount;
  if (of_option.empty()) return of_container;
  const auto relative = [](const OwnerMapping& mapping) { return mapping.relative; };
  const bool unknown = of_container.empty() && context.draft.joined_users >= 0;
  if (unknown && std::any_of(of_option.begin(), of_option.end(), relative)) {
    return Error::unsupported(context.origin + "/options",
                              "idmap with @ counts from the mappings of the container's user "
                              "namespace, but the container joins one by its path");
  }
  return on_host(of_option, of_container, context.origin + "/options");
}

// A joined user namespace maps owners without being asked for its mappings.
Result<void> plan_id_map(MountContext& context, const step::MountTree& mount) {
  Draft& draft = context.draft;
  if (draft.trees_by() == TreesBy::init) {
    return Error::unsupported(
        context.origin + "/options",
        draft.host.takes_trees
            ? "for a user namespace CAP_SYS_CHROOT and CAP_SYS_PTRACE are needed to map owners"
            : "only who has CAP_SYS_ADMIN over a file system can map its owners");
  }
  const auto& [option_uids, option_gids] = context.options.owners;
  const auto uids =
      TRY(owners(context, context.mount.uidMappings, option_uids, draft.linux_.uidMappings));
  const auto gids =
      TRY(owners(context, context.mount.gidMappings, option_gids, draft.linux_.gidMappings));
  const bool joined = uids.empty() && gids.empty() && draft.joined_users >= 0;
  if (!joined && (uids.empty() || gids.empty())) {
    return Error::config(context.origin + "/options",
                         "mapped owners need uidMappings and gidMappings, of the mount or of the "
                         "container's user namespace");
  }
  draft.map_tree(
      context.origin,
      step::MapTree{mount.tree, mount.source, context.options.id_map_recursive,
                    oci::map_lines(uids), oci::map_lines(gids), joined ? draft.joined_users : -1});
  return {};
}

// A bind mount on / becomes the container's root for all later mounts. What it covers goes away
// with the host's mounts, through pivot_root(2). pivot_root(2) refuses a shared root.
Result<void> check_root(const MountContext& context) {
  const MountOptions& options = context.options;
  const auto is_shared = [](unsigned long type) { return (type & MS_SHARED) != 0; };
  if (std::any_of(options.propagation.begin(), options.propagation.end(), is_shared)) {
    return Error::config(context.origin + "/options",
                         "linux.rootfsPropagation makes / shared, not an option of its mount");
  }
  if (!context.draft.options.no_pivot) return {};
  return Error::unsupported(context.origin + "/destination",
                            "without pivot_root(2) what a mount on / covers would stay in reach");
}

Result<void> plan_bind(MountContext& context) {
  Draft& draft = context.draft;
  const bool is_root = context.destination.shown == "/";
  if (is_root) seal_later(context);
  step::OpenTree tree;
  tree.path = on_host(draft, context.mount.source);
  tree.recursive = context.options.recursive;
  tree.propagation = is_root ? root_propagation(draft) : tree_propagation(draft);
  tree.link = context.options.source_link;
  step::MountTree mount;
  mount.source = tree.path;
  mount.tree = draft.take_tree(context.origin, std::move(tree));
  mount.attributes = context.options.attributes;
  mount.destination = context.destination;
  mount.verify_procfs = context.destination.shown == "/proc";
  mount.onto_link = context.options.onto_link;
  mount.covers_procfs = is_in_proc(context.destination);
  mount.kept = shows_kernel(draft.config.mounts, context.index);
  mount.is_root = is_root;
  mount.propagation = context.options.propagation;
  if (context.options.id_map) TRY(plan_id_map(context, mount));
  draft.add<Actor::init>(context.origin, std::move(mount));
  return {};
}

void plan_remount(MountContext& context) {
  step::Remount remount;
  remount.destination = context.destination;
  remount.superblock = context.options.remount && !context.options.bind;
  remount.data = context.options.data;
  remount.superblock_flags = context.options.superblock_flags;
  remount.attributes = context.options.attributes;
  remount.propagation = context.options.propagation;
  if (remount.superblock && context.options.read_only())
    remount.superblock_flags.emplace_back("ro");
  context.draft.add<Actor::init>(context.origin, std::move(remount));
}

step::MountFilesystem filesystem(const MountContext& context, std::string type,
                                 InsidePath destination) {
  step::MountFilesystem mount;
  mount.type = std::move(type);
  mount.source = context.mount.source.empty() ? mount.type : context.mount.source;
  mount.data = context.options.data;
  mount.superblock_flags = context.options.superblock_flags;
  mount.attributes = context.options.attributes;
  mount.destination = std::move(destination);
  mount.covers_procfs = is_in_proc(mount.destination);
  mount.propagation = context.options.propagation;
  return mount;
}

bool has_data(const MountOptions& options, std::string_view key) {
  return std::any_of(options.data.begin(), options.data.end(),
                     [&](const auto& entry) { return entry.first == key; });
}

// A read-only tmpfs is filled first (mount points, devices) and becomes read-only at the end.
void plan_tmpfs(MountContext& context) {
  const bool read_only = context.options.read_only();
  if (read_only) seal_later(context);
  auto mount = filesystem(context, "tmpfs", context.destination);
  mount.given = {has_data(context.options, "mode"), has_data(context.options, "uid"),
                 has_data(context.options, "gid")};
  mount.inherits_mode = !mount.given.mode;
  mount.copies_up = context.options.copy_up;
  label_filesystem(mount, context.draft);
  context.draft.add<Actor::init>(context.origin, std::move(mount));
}

// The kernel refuses some new file systems in a user namespace: a sysfs if another user namespace
// owns the network namespace, a procfs if another owns the pid namespace, an mqueue if another owns
// the IPC namespace. Then the host's mount is bound instead. sysfs is always bound read-only,
// because the host's cgroups are below it (CVE-2023-25809). The others are bound only if the
// container shares the namespace with the host, so that it is the same file system.
void plan_fallback(const MountContext& context, step::MountFilesystem& mount) {
  const Draft& draft = context.draft;
  if (!draft.without_host_privilege()) return;
  mount.fallback_attributes = context.options.attributes;
  if (mount.type == "sysfs") {
    mount.fallback = "/sys";
    mount.fallback_attributes.tree = mount.attributes.top;
    mount.fallback_attributes.tree.set |= MOUNT_ATTR_RDONLY;
  } else if (mount.type == "proc" && draft.find(NamespaceType::pid) == nullptr) {
    mount.fallback = "/proc";
  } else if (mount.type == "mqueue" && draft.find(NamespaceType::ipc) == nullptr) {
    mount.fallback = "/dev/mqueue";
  }
}

void plan_other_filesystem(MountContext& context) {
  auto mount = filesystem(context, context.mount.type, context.destination);
  mount.ordinary_directory = mount.type == "proc" || mount.type == "sysfs";
  if (mount.type == "proc" && appears_late(context.draft))
    mount.pid_namespace = context.draft.joined_pids;
  mount.kept = shows_kernel(context.draft.config.mounts, context.index);
  // As with mount(2), MS_RDONLY makes both the new superblock and the mount read-only.
  if (context.options.read_only()) mount.superblock_flags.emplace_back("ro");
  label_filesystem(mount, context.draft);
  plan_fallback(context, mount);
  context.draft.add<Actor::init>(context.origin, std::move(mount));
}

// ---- cgroup -------------------------------------------------------------------------------------

// The name of a v1 hierarchy below /sys/fs/cgroup: "cpu,cpuacct", "systemd".
std::string hierarchy_name(const cgroups::Directory& directory) {
  return directory.mount.substr(directory.mount.rfind('/') + 1);
}

// Without a cgroup namespace, a new mount of the hierarchy would show the container the whole tree
// of the host. So the container's part of the tree is bound instead.
void plan_cgroup_hierarchy(MountContext& context, const cgroups::Directory& directory,
                           const InsidePath& destination) {
  Draft& draft = context.draft;
  if (draft.is_new(NamespaceType::cgroup)) {
    auto mount = filesystem(context, directory.version == 2 ? "cgroup2" : "cgroup", destination);
    mount.source = "cgroup";
    mount.data.clear();
    if (directory.version == 1) {
      for (const auto& controller : directory.controllers) {
        const std::size_t equals = controller.find('=');
        if (equals == std::string::npos) {
          mount.data.emplace_back(controller, "");
        } else {  // a hierarchy with a name and no controllers
          mount.data.emplace_back("none", "");
          mount.data.emplace_back("name", controller.substr(equals + 1));
        }
      }
    }
    draft.add<Actor::init>(context.origin, std::move(mount));
    return;
  }
  step::OpenTree tree;
  tree.path = cgroups::full_path(directory);
  tree.propagation = MS_PRIVATE;
  step::MountTree mount;
  mount.source = tree.path;
  mount.tree = draft.scope_started == no_step
                   ? draft.take_tree(context.origin, std::move(tree))
                   : draft.take_tree_late(context.origin, std::move(tree));
  mount.attributes = context.options.attributes;
  mount.destination = destination;
  mount.propagation = context.options.propagation;
  draft.add<Actor::init>(context.origin, std::move(mount));
}

// A tmpfs with a directory for each v1 hierarchy, a link for each controller of a joint hierarchy,
// and "unified" for v2 if the host has it: the usual layout of hosts.
void plan_cgroup_v1(MountContext& context) {
  Draft& draft = context.draft;
  const std::string& base = context.destination.shown;
  MountContext top = context;
  seal_later(top);
  auto tmpfs = filesystem(top, "tmpfs", context.destination);
  tmpfs.source = "tmpfs";
  tmpfs.data = {{"mode", "755"}};
  label_filesystem(tmpfs, draft);
  draft.add<Actor::init>(context.origin, std::move(tmpfs));
  const auto below = [&](const std::string& name) { return std::string(base).append("/") += name; };
  for (const auto& directory : draft.host.cgroup) {
    const std::string name = hierarchy_name(directory);
    plan_cgroup_hierarchy(context, directory, InsidePath(below(name)));
    if (directory.version != 1 || directory.controllers.size() < 2) continue;
    for (const auto& controller : directory.controllers) {
      if (controller == name) continue;
      draft.add<Actor::init>(context.origin,
                             step::MakeSymlink{InsidePath(below(controller)), name, false, ""});
    }
  }
}

void plan_cgroup(MountContext& context) {
  const auto& directories = context.draft.host.cgroup;
  if (directories.empty()) {  // no cgroups on this host or for this container
    seal_later(context);
    auto mount = filesystem(context, "tmpfs", context.destination);
    mount.source = "tmpfs";
    mount.data = {{"mode", "755"}};
    label_filesystem(mount, context.draft);
    context.draft.add<Actor::init>(context.origin, std::move(mount));
  } else if (context.draft.host.cgroup_v2) {
    plan_cgroup_hierarchy(context, directories.front(), context.destination);
  } else {
    plan_cgroup_v1(context);
  }
}

// ---- one mount ----------------------------------------------------------------------------------

Result<void> plan_mount(Draft& draft, std::size_t index) {
  const oci::Mount& mount = draft.config.mounts[index];
  const std::string origin = pointer("/mounts", index);
  MountContext context{draft,
                       mount,
                       index,
                       origin,
                       InsidePath(mount.destination),
                       TRY(parse_mount_options(mount, origin))};
  if (context.destination.shown == "/") TRY(check_root(context));
  const bool no_type = mount.type.empty() || mount.type == "none";
  if (context.options.remount) {
    plan_remount(context);
  } else if (context.options.bind) {
    if (mount.source.empty()) {
      return Error::config(origin + "/source", "a bind mount needs a source");
    }
    TRY(plan_bind(context));
  } else if (no_type && !context.options.propagation.empty()) {
    plan_remount(context);  // changes only the propagation of an existing mount
  } else if (no_type) {
    return Error::config(origin + "/type", "a mount needs a type, or the option bind");
  } else if (mount.type == "cgroup" || mount.type == "cgroup2") {
    plan_cgroup(context);
  } else if (mount.type == "tmpfs") {
    plan_tmpfs(context);
  } else {
    plan_other_filesystem(context);
  }
  return {};
}

}  // namespace

namespace {

bool is_of_cgroups(const oci::Mount& mount) {
  return mount.type == "cgroup" || mount.type == "cgroup2";
}

// Of the config, or to hold the mount points of v1 hierarchies.
bool becomes_tmpfs(const Draft& draft, const oci::Mount& mount) {
  if (is_of_cgroups(mount)) return draft.host.cgroup.empty() || !draft.host.cgroup_v2;
  return mount.type == "tmpfs";
}

}  // namespace

bool mounts_cgroups(const oci::Config& config) {
  return std::ranges::any_of(config.mounts, is_of_cgroups);
}

std::size_t first_mount_in_cgroup(const oci::Config& config) {
  const auto first = std::ranges::find_if(config.mounts, [](const oci::Mount& mount) {
    return is_of_cgroups(mount) || std::ranges::count(mount.options, "tmpcopyup") != 0;
  });
  return static_cast<std::size_t>(first - config.mounts.begin());
}

namespace {

// A directory above the root may be accessible only to users of the new user namespace. So the root
// waits for the id maps. The trees from init's copy arrive with the next message of the host.
int root_waits_for(const Draft& draft) {
  return draft.is_new(NamespaceType::user) ? draft.mapped : draft.copy_left;
}

// A step that changes or leaves init's copy of the host's mounts waits for the trees from that
// copy.
void plan_way_from_host(Draft& draft) {
  const int after = draft.copy_left == no_step ? no_step : root_waits_for(draft);
  if (draft.is_new(NamespaceType::mount)) {
    draft.add<Actor::init>("/linux/rootfsPropagation",
                           step::HostPropagation{host_propagation(draft)}, after);
  } else if (draft.joins_mounts) {
    Step join = *std::move(draft.joins_mounts);
    draft.add_for(join.actor, std::move(join.origin), std::move(join.action), after);
  }
}

}  // namespace

void plan_mount_copy(Draft& draft, int after, bool may_be_in_chroot) {
  if (draft.trees_by() != TreesBy::host_in_copy) return;
  draft.add<Actor::host>("", step::EnterMountCopy{may_be_in_chroot}, after);
  draft.trees_taken = draft.next();
  draft.copy_left = draft.add<Actor::host>("", step::LeaveMountCopy{});
}

bool attaches_root(const Draft& draft) {
  const bool read_only = draft.config.root && draft.config.root->readonly;
  return draft.own_mounts() || read_only || !draft.config.mounts.empty();
}

void plan_host_mounts(Draft& draft) {
  step::OpenTree tree;
  tree.path = draft.options.rootfs;
  tree.recursive = true;
  tree.propagation = root_propagation(draft);
  if (!attaches_root(draft)) {
    draft.trees_taken = draft.next();
    draft.add<Actor::init>("/root/path", step::OpenRoot{draft.options.rootfs},
                           root_waits_for(draft));
    return;
  }
  const Slot slot = draft.take_tree("/root/path", std::move(tree));
  if (!draft.own_mounts()) draft.plan.host_root = slot;
  plan_way_from_host(draft);
  if (draft.copy_left == no_step) draft.trees_taken = draft.next();
  const bool shared = draft.linux_.rootfsPropagation == RootfsPropagation::shared;
  draft.add<Actor::init>("/root/path", step::AttachRoot{draft.options.rootfs, slot, shared},
                         root_waits_for(draft));
}

Result<void> plan_mounts(Draft& draft, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) TRY(plan_mount(draft, i));
  return {};
}

namespace {

bool is_masked(const Draft& draft, std::string_view place) {
  return std::ranges::any_of(draft.linux_.maskedPaths, [place](const std::string& masked) {
    return is_at_or_below(place, lexically_clean(masked));
  });
}

}  // namespace

// If another mount or a mask covers this one, no seal is needed, and the path would lead to that.
void plan_mount_seals(Draft& draft) {
  const auto& mounts = draft.config.mounts;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const std::string& place = mounts[i].destination;
    if (!becomes_tmpfs(draft, mounts[i]) && place != "/") continue;
    const Result<MountOptions> options = parse_mount_options(mounts[i], "");
    const bool is_later = options.ok() && !options->remount && options->bind == (place == "/");
    if (!is_later || !options->read_only() || mount_shown_at(mounts, place) != i) continue;
    if (is_masked(draft, place)) continue;
    draft.add<Actor::init>(pointer("/mounts", i), step::SealMount{InsidePath(place)});
  }
}

// Makes read-only what must stay writable until everything below it is made.
void plan_enter_root(Draft& draft) {
  plan_mount_seals(draft);
  const oci::Root none;
  const oci::Root& root = draft.config.root ? *draft.config.root : none;
  if (root.readonly) draft.add<Actor::init>("/root/readonly", step::SealMount{InsidePath("/")});
  const auto& read_only = draft.linux_.readonlyPaths;
  const auto whole = std::find(read_only.begin(), read_only.end(), "/");
  if (whole != read_only.end()) {
    const auto index = static_cast<std::size_t>(whole - read_only.begin());
    draft.add<Actor::init>(pointer("/linux/readonlyPaths", index),
                           step::SealMount{InsidePath("/"), true});
  }

  step::RootChange how = step::RootChange::chroot;
  if (draft.is_new(NamespaceType::mount)) {
    how = draft.options.no_pivot ? step::RootChange::move : step::RootChange::pivot;
  }
  draft.add<Actor::init>("/root/path", step::EnterRoot{how});
  const auto propagation = draft.linux_.rootfsPropagation;
  if (draft.is_new(NamespaceType::mount) && propagation == RootfsPropagation::shared) {
    draft.add<Actor::init>("/linux/rootfsPropagation", step::RootPropagation{MS_SHARED});
  } else if (draft.is_new(NamespaceType::mount) && propagation == RootfsPropagation::unbindable) {
    draft.add<Actor::init>("/linux/rootfsPropagation", step::RootPropagation{MS_UNBINDABLE});
  }
}

}  // namespace tare::runtime

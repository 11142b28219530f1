// SPDX-License-Identifier: Apache-2.0
//
// The mounts of a process or container, and where they propagate.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/directory.h"
#include "base/file.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/command_line/columns.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/command_line/tree.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/look/mount_probe.h"
#include "runtime/look/mount_relations.h"
#include "runtime/store/container.h"

namespace tare::runtime {

namespace {

// ---- the process --------------------------------------------------------------------------------

struct Shown {
  UniqueFd pidfd;
  pid_t pid = 0;
};

// The container with this name. If there is none, the process with this pid.
Result<Shown> find_shown(const CommandContext& context) {
  const auto pid = parse_number<pid_t>(context.id());
  const Result<Store> store = context.store();
  if (!store.ok() && !pid) return store.error();
  if (store.ok()) {
    const Result<Container> container = Container::load(*store, context.id());
    if (container.ok()) {
      (void)TRY(container->live_status());
      return Shown{TRY(container->open_init()), static_cast<pid_t>(container->record.pid)};
    }
    if (!pid || container.error().kind != Error::Kind::not_found) return container.error();
  }
  return Shown{TRY(sys::pidfd_open(*pid).because("process " + context.id())), *pid};
}

Result<std::vector<MountLine>> mounts_of(pid_t pid) {
  return read_mounts(pid).because("read /proc/" + std::to_string(pid) + "/mountinfo");
}

// ---- all mount namespaces -----------------------------------------------------------------------

std::uint64_t mount_namespace(const std::string& pid) {
  struct stat status {};
  return ::stat(("/proc/" + pid + "/ns/mnt").c_str(), &status) == 0 ? status.st_ino : 0;
}

std::map<std::uint64_t, std::string> names_of_namespaces(const CommandContext& context) {
  std::map<std::uint64_t, std::string> names;
  const Result<Store> store = context.store();
  const Result<std::vector<std::string>> ids =
      store.ok() ? store->ids() : Result<std::vector<std::string>>(store.error());
  for (const std::string& id : ids.ok() ? *ids : std::vector<std::string>()) {
    const Result<Container> container = Container::load(*store, id);
    if (!container.ok() || !container->live_status().ok()) continue;
    names[mount_namespace(std::to_string(container->record.pid))] = id;
  }
  names[mount_namespace("self")] = "the host";
  return names;
}

// Reads the mounts from one process of each namespace. Namespaces that the caller may not inspect
// are left out.
std::vector<MountsOfNamespace> all_namespaces(const CommandContext& context) {
  std::vector<MountsOfNamespace> all;
  std::map<std::uint64_t, std::string> names = names_of_namespaces(context);
  std::set<std::uint64_t> seen{0};
  const Call<UniqueFd> proc = open_at(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY);
  if (!proc.ok()) return all;
  (void)for_each_entry(proc->get(), [&](const dirent& entry) {
    const auto pid = parse_number<pid_t>(entry.d_name);
    if (!pid) return;
    const std::uint64_t number = mount_namespace(entry.d_name);
    if (!seen.insert(number).second) return;
    Result<std::vector<MountLine>> mounts = mounts_of(*pid);
    if (!mounts.ok()) return;  // the process has ended
    const std::string name = names.contains(number) ? names[number] : "PID " + std::to_string(*pid);
    all.push_back({name, std::move(mounts).value()});
  });
  return all;
}

// ---- as text ------------------------------------------------------------------------------------

std::string listed(const std::vector<oci::OtherMount>& others) {
  constexpr std::size_t most = 3;
  std::vector<std::string> words;
  for (const oci::OtherMount& one : others) {
    if (words.size() < most) words.push_back(shortened(one.point) + " of " + one.where);
  }
  if (others.size() > most) words.push_back(std::to_string(others.size() - most) + " more");
  return join(words, ", ");
}

std::string propagation_in_words(const oci::MountView& mount) {
  std::vector<std::string> words;
  const bool is_shared = mount.propagation.starts_with("shared");
  if (is_shared) {
    words.push_back(mount.peers.empty() ? "shared, no peers yet"
                                        : "shared with " + listed(mount.peers));
  }
  if (!mount.slaves.empty()) words.push_back("propagates to " + listed(mount.slaves));
  if (mount.propagation.ends_with("slave")) {
    words.push_back(mount.masters.empty() ? "slave of a mount that is not visible"
                                          : "slave of " + listed(mount.masters));
  }
  return words.empty() ? mount.propagation : join(words, "; ");
}

std::vector<std::string> row_of(const oci::MountView& mount, const std::string& branch) {
  return {branch + shortened(mount.point), mount.type, join(mount.options, ","),
          mount.remount.empty() ? "-" : mount.remount, propagation_in_words(mount)};
}

std::vector<TreeLine> lines_of(const std::vector<oci::MountView>& mounts, bool tree) {
  std::vector<TreeNode> nodes;
  nodes.reserve(mounts.size());
  for (const oci::MountView& one : mounts) {
    nodes.push_back({one.number, tree ? one.parent : 0, ""});
  }
  return tree_lines(nodes);
}

std::string as_text(const std::vector<oci::MountView>& mounts, bool tree) {
  std::vector<std::vector<std::string>> rows{
      {"MOUNTED ON", "TYPE", "FLAGS", "REMOUNT REFUSED", "PROPAGATION"}};
  for (const TreeLine& line : lines_of(mounts, tree)) {
    rows.push_back(row_of(mounts[line.node], line.branch));
  }
  return in_columns(rows, 0, 2);
}

Result<int> mounts_show_command(const CommandContext& context) {
  const Shown shown = TRY(find_shown(context));
  const std::vector<MountLine> mounts = TRY(mounts_of(shown.pid));
  const auto probes = TRY(probe_mounts({shown.pidfd.get(), shown.pid}, mounts));
  const auto views = mount_views(mounts, probes, all_namespaces(context));
  const bool json = context.options().text("format") == "json";
  TRY(print_out(json ? oci::encode_mount_views(views)
                     : as_text(views, context.options().has("tree"))));
  return 0;
}

constexpr Option show_options[] = {
    {.name = "tree", .help = "show the mounts as a tree"},
    shared::format,
};
constexpr Example show_examples[] = {
    {"Show the mounts of a container as a tree:", "tare mounts show --tree web"},
    {"Print the mounts of a process as JSON:", "tare mounts show --format json $$"},
};

// ---- propagate ----------------------------------------------------------------------------------

struct PropagationWord {
  std::string_view word;
  unsigned long flag;
};
constexpr PropagationWord propagation_words[] = {
    {"shared", MS_SHARED},
    {"slave", MS_SLAVE},
    {"private", MS_PRIVATE},
    {"unbindable", MS_UNBINDABLE},
};

Result<unsigned long> propagation_of(const std::string& word) {
  for (const PropagationWord& row : propagation_words) {
    if (row.word == word) return row.flag;
  }
  return Error(Error::Kind::usage, "propagation is shared, slave, private or unbindable, not " +
                                       quote(shortened(word)));
}

Result<int> mounts_propagate_command(const CommandContext& context) {
  const auto& words = context.invocation.arguments;
  const unsigned long propagation = TRY(propagation_of(words[2]));
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  (void)TRY(container.live_status());
  const auto* own = oci::find_namespace(container.record.config, oci::NamespaceType::mount);
  if (own == nullptr || !own->is_new()) {
    return Error(Error::Kind::refused,
                 "container " + context.id() + " has no mount namespace of its own to change");
  }
  const UniqueFd init = TRY(container.open_init());
  const Inhabitant inhabitant{init.get(), static_cast<pid_t>(container.record.pid)};
  TRY(propagate_mount(inhabitant, words[1], propagation, context.options().has("recursive")));
  return 0;
}

constexpr Option propagate_options[] = {
    {.name = "recursive", .letter = 'r', .help = "also change all mounts below PATH"},
};
constexpr Example propagate_examples[] = {
    {"Share what is mounted on /dev in a container, and below, with mount namespaces copied later:",
     "tare mounts propagate --recursive web /dev shared"},
};

}  // namespace

const Command mounts_show_row = {
    .name = "mounts show",
    .arguments = "ID|PID",
    .summary = "show the mounts of a container or process and their propagation",
    .description =
        "Prints the mounts that the container's init, or the process, sees: the mount point, the "
        "type of the file system, the flags, and the propagation in words. A shared mount "
        "exchanges events with its peers: a mount below one appears below all. A slave receives "
        "events of its masters, but sends none to them. Peers, masters and slaves in other mount "
        "namespaces are named by their container or by a process there.\n\n"
        "No process in the namespace can clear a locked flag with a remount. A flag is locked if "
        "it was set when a more privileged mount namespace was copied, mount_namespaces(7). To "
        "find locked flags, tare makes a detached copy of each mount in a child process and asks "
        "the kernel to clear its flags. The mount itself is not changed. An unbindable mount "
        "cannot be copied, and its flags are not tested. Without CAP_SYS_ADMIN nothing can be "
        "remounted in any case.\n\n"
        "If a number is the ID of a container and of a process, tare shows the container.",
    .options = show_options,
    .least = 1,
    .most = 1,
    .run = mounts_show_command,
    .examples = show_examples,
    .see_also = "tare-mounts-propagate(1) tare-diff(1) findmnt(8) mount_namespaces(7)",
};

const Command mounts_propagate_row = {
    .name = "mounts propagate",
    .arguments = "ID PATH TYPE",
    .summary = "change the propagation of a mount in a running container",
    .description =
        "Sets how the mount on PATH in the container exchanges events with other mounts: TYPE is "
        "`shared`, `slave`, `private` or `unbindable`, mount_namespaces(7). PATH is "
        "resolved below the container's root; links cannot lead out of it. The change is not "
        "recorded: it ends with the container's mount namespace, and `tare diff` reports it.",
    .options = propagate_options,
    .least = 3,
    .most = 3,
    .run = mounts_propagate_command,
    .examples = propagate_examples,
    .see_also = "tare-mounts-show(1) mount_setattr(2)",
};

}  // namespace tare::runtime

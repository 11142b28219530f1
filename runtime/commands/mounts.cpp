// SPDX-License-Identifier: Apache-2.0
//
// Mounts in a running container. They are not recorded, because they end with its mount namespace.
#include <linux/sched.h>

#include "base/text.h"
#include "oci/document.h"
#include "oci/validate.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"
#include "runtime/do/joined.h"
#include "runtime/host/facts.h"
#include "runtime/host/user_namespace.h"
#include "runtime/launch/launch.h"
#include "runtime/store/container.h"

namespace tare::runtime {

namespace {

// A joined mount namespace belongs to others, and its root is not the container's root.
Result<void> check_namespace(const Container& container) {
  const auto* mounts = oci::find_namespace(container.record.config, oci::NamespaceType::mount);
  if (mounts != nullptr && mounts->is_new()) return {};
  return Error(Error::Kind::refused, "container " + container.entry.id() +
                                         " has no mount namespace of its own to change");
}

Result<Plan> plan_of(const Container& container, std::vector<oci::Mount> mounts,
                     MountsChange change) {
  const oci::Record& record = container.record;
  const auto init = static_cast<pid_t>(record.pid);
  oci::Config config = record.config;
  config.mounts = std::move(mounts);
  TRY(oci::validate_mounts(config));
  const std::uint64_t namespaces = namespaces_to_join(record);
  Host host = look_at_caller();
  if ((namespaces & CLONE_NEWUSER) != 0) {
    config.linux_->uidMappings = TRY(read_id_map(init, user_ids).because("read its user ids"));
    config.linux_->gidMappings = TRY(read_id_map(init, group_ids).because("read its group ids"));
    host.groups_are_denied = groups_are_denied(init);
  }
  PlanOptions options;
  options.id = record.id;
  options.rootfs = record.rootfs;
  options.bundle = record.bundle;
  return make_mounts_plan(config, host, options, namespaces, change);
}

Result<void> carry_out(const Container& container, std::vector<oci::Mount> mounts,
                       MountsChange change) {
  const Plan plan = TRY(plan_of(container, std::move(mounts), change));
  LaunchOptions options;
  options.container = TRY(container.open_init());
  // The launched process has finished its work. The mounts do not need it.
  (void)TRY(Launch::run(plan, container.state(), std::move(options)));
  return {};
}

// The document is the value of /mounts in config.json, or one element of it.
Error in_document(Error error, bool is_array) {
  const std::string_view above = is_array ? "/mounts" : "/mounts/0";
  if (error.at.starts_with(above)) error.at.erase(0, above.size());
  return error;
}

Result<int> change_mounts(const CommandContext& context, MountsChange change) {
  const std::string& file = context.invocation.arguments[1];
  const std::string text = TRY(read_input(file, "mounts"));
  oci::MountList list = TRY(oci::decode_mounts(text));
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, context.id()));
  (void)TRY(container.live_status());
  TRY(check_namespace(container));
  Result<void> done = carry_out(container, std::move(list.mounts), change);
  if (!done.ok()) return in_document(std::move(done).error(), list.is_array);
  return 0;
}

Result<int> mounts_add_command(const CommandContext& context) {
  return change_mounts(context, MountsChange::add);
}

Result<int> mounts_remove_command(const CommandContext& context) {
  const bool lazily = context.options().has("lazy");
  return change_mounts(context, lazily ? MountsChange::remove_lazily : MountsChange::remove);
}

constexpr Option remove_options[] = {
    {.name = "lazy", .help = "detach busy mounts now and free them when they are unused"},
};
constexpr Example add_examples[] = {
    {"Bind the directory /srv of the host into a container, read-only:",
     "echo '{\"destination\": \"/mnt\", \"type\": \"bind\", \"source\": \"/srv\", '\\\n"
     "'\"options\": [\"rbind\", \"ro\"]}' | tare mounts add web -"},
};
constexpr Example remove_examples[] = {
    {"Unmount /mnt in a container:",
     "echo '{\"destination\": \"/mnt\"}' | tare mounts remove web -"},
};

}  // namespace

const Command mounts_add_row = {
    .name = "mounts add",
    .arguments = "ID FILE",
    .summary = "add mounts to a running container",
    .description =
        "Adds the mounts in FILE to the mount namespace of the container. FILE (`-`: standard "
        "input) has the format of /mounts in config.json: an array, or one element of it. Missing "
        "mount points are created. If a mount fails, the mounts before it are unmounted.\n\n"
        "The mounts end with the container. proc, sysfs and cgroup file systems are refused: a new "
        "one would show what is masked in the container.",
    .options = {},
    .least = 2,
    .most = 2,
    .run = mounts_add_command,
    .examples = add_examples,
    .see_also = "tare-mounts-remove(1) mount(8)",
};

const Command mounts_remove_row = {
    .name = "mounts remove",
    .arguments = "ID FILE",
    .summary = "remove mounts of a running container",
    .description =
        "Unmounts the destinations that FILE lists, the newest first. FILE (`-`: standard input) "
        "has the format of /mounts in config.json; only `destination` is used. A mount in use is "
        "not removed and is an error, except with `--lazy`.\n\n"
        "The root, and mounts that mask files in /proc and /sys, cannot be removed.",
    .options = remove_options,
    .least = 2,
    .most = 2,
    .run = mounts_remove_command,
    .examples = remove_examples,
    .see_also = "tare-mounts-add(1) umount(8)",
};

}  // namespace tare::runtime

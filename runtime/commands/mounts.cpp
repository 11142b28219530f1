// SPDX-License-Identifier: Apache-2.0
//
// Mounts in a container that runs. They are not recorded: they end with its mount namespace.
#include <linux/sched.h>

#include "base/text.h"
#include "oci/document.h"
#include "oci/validate.h"
#include "runtime/commands/commands.h"
#include "runtime/container.h"
#include "runtime/do/joined.h"
#include "runtime/do/user_namespace.h"
#include "runtime/host.h"
#include "runtime/launch.h"

namespace tare::runtime {

namespace {

Result<MountsChange> requested_change(const CommandContext& context) {
  const std::string& verb = context.invocation.arguments[0];
  const bool lazily = context.options().has("lazy");
  if (verb == "remove") return lazily ? MountsChange::remove_lazily : MountsChange::remove;
  if (verb != "add") {
    return Error(Error::Kind::usage, "mounts: " + quote(verb) + " is neither add nor remove");
  }
  if (lazily) return Error(Error::Kind::usage, "mounts add: --lazy is only for remove");
  return MountsChange::add;
}

// A joined namespace is somebody else's, and its root is not the container's.
Result<void> check_namespace(const Container& container) {
  const auto* mounts = oci::find_namespace(container.record.namespaces, oci::NamespaceType::mount);
  if (mounts != nullptr && mounts->is_new()) return {};
  return Error(Error::Kind::refused, "container " + container.entry.id() +
                                         " has no mount namespace of its own to change");
}

Result<Plan> plan_of(const Container& container, std::vector<oci::Mount> mounts,
                     MountsChange change) {
  const oci::Record& record = container.record;
  const auto init = static_cast<pid_t>(record.pid);
  oci::Config config = config_of(record);
  config.mounts = std::move(mounts);
  config.linux_->mountLabel = record.mountLabel;
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
  // What was launched has done its work; the mounts stay without it.
  (void)TRY(Launch::run(plan, container.state(), std::move(options)));
  return {};
}

// The document is what config.json has at /mounts, or one element of that.
Error in_document(Error error, bool is_array) {
  const std::string_view above = is_array ? "/mounts" : "/mounts/0";
  if (error.at.starts_with(above)) error.at.erase(0, above.size());
  return error;
}

}  // namespace

Result<int> mounts_command(const CommandContext& context) {
  const MountsChange change = TRY(requested_change(context));
  const std::string& id = context.invocation.arguments[1];
  const std::string& file = context.invocation.arguments[2];
  const std::string text = TRY(read_input(file, "mounts"));
  oci::MountList list = TRY(oci::decode_mounts(text));
  const Store store = TRY(context.store());
  const Container container = TRY(Container::load(store, id));
  (void)TRY(container.live_status());
  TRY(check_namespace(container));
  Result<void> done = carry_out(container, std::move(list.mounts), change);
  if (!done.ok()) return in_document(std::move(done).error(), list.is_array);
  return 0;
}

}  // namespace tare::runtime

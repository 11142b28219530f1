// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/draft.h"

#include <linux/capability.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

namespace tare::runtime {

namespace {
const oci::Linux& no_linux() {
  static const oci::Linux none;
  return none;
}

const oci::Process& no_process() {
  static const oci::Process none;
  return none;
}
}  // namespace

Draft::Draft(const oci::Config& c, const Host& h, const PlanOptions& o)
    : config(c),
      linux_(c.linux_ ? *c.linux_ : no_linux()),
      process(c.process ? *c.process : no_process()),
      host(h),
      options(o) {
  plan.preserved_descriptors = options.preserved_descriptors;
  plan.waits_for_start = options.waits_for_start;
  plan.terminal = process.terminal;
  plan.stub_is_readable = unprivileged();
  plan.groups_are_denied = host.groups_are_denied;
}

int Draft::append(Actor actor, std::string origin, Action action, int after) {
  if (actor == Actor::init && after == no_step) after = std::exchange(init_waits_for, no_step);
  steps_.push_back(Step{actor, std::move(origin), after, std::move(action)});
  return static_cast<int>(steps_.size()) - 1;
}

int Draft::add_for(Actor actor, std::string origin, Action action, int after) {
  if (!actors_of(action).contains(actor)) std::abort();
  return append(actor, std::move(origin), std::move(action), after);
}

int Draft::last(Actor actor) const {
  for (std::size_t i = steps_.size(); i-- > 0;) {
    if (steps_[i].actor == actor) return static_cast<int>(i);
  }
  return no_step;
}

// setns(2) to init's mounts wants CAP_SYS_CHROOT, and ptrace(2)'s access to init, which is hidden.
// Who has not got them leaves the trees to init, in whose copy they are locked as well.
TreesBy Draft::trees_by() const {
  if (!host.takes_trees) return TreesBy::init;
  if (!in_user_namespace() || !own_mounts()) return TreesBy::host;
  const bool enters = host.holds(CAP_SYS_CHROOT) && host.holds(CAP_SYS_PTRACE);
  return enters ? TreesBy::host_in_copy : TreesBy::init;
}

Slot Draft::take_tree(std::string origin, step::OpenTree tree) {
  tree.slot = plan.tree_slots++;
  const Slot slot = tree.slot;
  const TreesBy by = trees_by();
  if (by == TreesBy::host) {
    take(std::move(origin), std::move(tree));
    return slot;
  }
  if (by == TreesBy::host_in_copy && tree.link == step::SourceLink::copy) {
    take(origin, step::ReadLink{tree.path, slot});
  }
  tree.from_copy = true;
  const Actor actor = by == TreesBy::init ? Actor::init : Actor::host;
  trees_.push_back(Step{actor, std::move(origin), no_step, std::move(tree)});
  return slot;
}

void Draft::map_tree(std::string origin, step::MapTree map) {
  if (trees_by() == TreesBy::host) return take(std::move(origin), std::move(map));
  trees_.push_back(Step{Actor::host, std::move(origin), no_step, std::move(map)});
}

Slot Draft::take_tree_late(std::string origin, step::OpenTree tree) {
  tree.slot = plan.tree_slots++;
  const Slot slot = tree.slot;
  add<Actor::init>(std::move(origin), std::move(tree));
  return slot;
}

Slot Draft::take_namespace(std::string origin, oci::NamespaceType type, std::string path,
                           bool not_the_hosts) {
  const Slot slot = plan.namespace_slots++;
  take(std::move(origin), step::OpenNamespace{type, std::move(path), slot, not_the_hosts});
  return slot;
}

const oci::Namespace* Draft::find(oci::NamespaceType type) const {
  return oci::find_namespace(linux_.namespaces, type);
}

bool Draft::is_new(oci::NamespaceType type) const {
  const oci::Namespace* entry = find(type);
  return entry != nullptr && entry->is_new();
}

bool Draft::is_joined(oci::NamespaceType type) const {
  const oci::Namespace* entry = find(type);
  return entry != nullptr && !entry->is_new();
}

bool Draft::unprivileged() const {
  return !host.holds(CAP_SYS_ADMIN);
}

Plan Draft::finish() && {
  const int offset = static_cast<int>(taken_.size());
  const int trees = static_cast<int>(trees_.size());
  for (Step& step : steps_) {
    if (step.after == no_step) continue;
    step.after += offset + (step.after >= trees_taken ? trees : 0);
  }
  plan.steps = std::move(steps_);
  // Not with an empty range: libstdc++'s deque moves elements onto themselves then.
  if (!trees_.empty()) {
    plan.steps.insert(plan.steps.begin() + std::max(trees_taken, 0),
                      std::make_move_iterator(trees_.begin()),
                      std::make_move_iterator(trees_.end()));
  }
  for (auto step = taken_.rbegin(); step != taken_.rend(); ++step) {
    plan.steps.push_front(std::move(*step));
  }
  for (const Step& step : plan.steps) {
    if (step.after != no_step) plan.steps[static_cast<std::size_t>(step.after)].is_awaited = true;
  }
  return std::move(plan);
}

std::string pointer(std::string_view list, std::size_t index) {
  return std::string(list) + "/" + std::to_string(index);
}

std::string pointer(std::string_view map, const std::string& key) {
  std::string place = std::string(map) + "/";
  for (const char c : key) place += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return place;
}

}  // namespace tare::runtime

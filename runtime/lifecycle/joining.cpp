// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/joining.h"

#include <fcntl.h>
#include <linux/sched.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cgroups/hierarchy/place.h"
#include "runtime/do/joined.h"
#include "runtime/host/facts.h"
#include "runtime/host/user_namespace.h"
#include "runtime/plan/capabilities.h"
#include "runtime/store/current_cgroup.h"

namespace tare::runtime {

namespace {

// ---- cgroups ------------------------------------------------------------------------------------

// "[CONTROLLER,...:]PATH": the path in the named hierarchies.
Result<void> go_below(std::vector<cgroups::Directory>& directories, const std::string& wish) {
  const std::size_t colon = wish.find(':');
  const std::string path = wish.substr(colon == std::string::npos ? 0 : colon + 1);
  const std::string names = colon == std::string::npos ? "" : wish.substr(0, colon);
  bool found = false;
  for (auto& directory : directories) {
    const auto is_named = [&](std::string_view name) {
      return std::ranges::count(directory.controllers, name) != 0;
    };
    if (!names.empty() && !std::ranges::all_of(split(names, ','), is_named)) continue;
    found = true;
    for (const std::string_view part : split(path, '/')) {
      if (part == "..") {
        return Error(Error::Kind::usage, "--cgroup: " + quote(path) + " leaves the container's");
      }
      if (!part.empty() && part != ".") directory.path += "/" + std::string(part);
    }
  }
  if (found) return {};
  return Error(Error::Kind::usage, "--cgroup: no hierarchy has the controllers " + quote(names));
}

Result<std::vector<cgroups::Directory>> target_cgroups(const Container& container,
                                                       const std::vector<std::string>& wishes) {
  if (wishes.empty()) return cgroup_to_join(container.record);
  std::vector<cgroups::Directory> directories = container.cgroup();
  for (const auto& wish : wishes) TRY(go_below(directories, wish));
  return directories;
}

// Whether the process limit has no room for the joiner and its child.
bool is_full(const std::vector<cgroups::Directory>& directories) {
  constexpr std::int64_t needed = 2;
  for (const auto& directory : directories) {
    if (!contains(directory.controllers, "pids")) continue;
    const std::string path = cgroups::full_path(directory);
    const auto number_in = [&](const char* file) -> std::optional<std::int64_t> {
      const Call<std::string> text = read_kernel_file(AT_FDCWD, (path + "/" + file).c_str());
      if (!text.ok()) return std::nullopt;
      return parse_number<std::int64_t>(without_newline(*text));
    };
    const auto limit = number_in("pids.max");  // or "max"
    if (!limit) return false;
    return *limit - number_in("pids.current").value_or(0) < needed;
  }
  return false;
}

// ---- the rest -----------------------------------------------------------------------------------

Result<Host> host_of(const Container& container, const oci::Config& config, const Joiner& joiner) {
  Host host;
  host.capabilities = own_capabilities();
  host.process_limit = own_process_limit();
  look_at_security_modules(config, host);
  host.cgroup = TRY(target_cgroups(container, joiner.cgroups));
  return host;
}

void complete(const oci::Record& record, PlanOptions& options) {
  options.id = record.id;
  options.rootfs = record.rootfs;
  options.bundle = record.bundle;
  options.no_new_keyring = record.noNewKeyring;
  options.waits_for_start = false;
}

}  // namespace

Result<Plan> plan_joiner(const Container& container, Joiner joiner) {
  const oci::Record& record = container.record;
  oci::Config config = record.config;
  config.process = joiner.process;
  Host host = TRY(host_of(container, config, joiner));
  ExecFacts facts;
  facts.is_hook = joiner.is_hook;
  facts.cgroup_is_full = is_full(host.cgroup);
  facts.namespaces = namespaces_to_join(record);
  host.groups_are_denied = (facts.namespaces & CLONE_NEWUSER) != 0
                               ? groups_are_denied(static_cast<pid_t>(record.pid))
                               : !in_first_user_namespace() && groups_are_denied(::getpid());
  if (oci::find_namespace(record.config, oci::NamespaceType::mount) == nullptr) {
    facts.root = record.rootfs;
  }
  if (record.resctrl) {
    facts.resctrl = step::JoinResctrl{record.resctrl->group, record.resctrl->monitor};
  }
  complete(record, joiner.options);
  return make_exec_plan(config, host, joiner.options, facts);
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/exec.h"

#include <fcntl.h>
#include <linux/sched.h>

#include <algorithm>
#include <string_view>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cgroups/place.h"
#include "oci/annotations.h"
#include "oci/bundle.h"
#include "oci/validate.h"
#include "runtime/caller.h"
#include "runtime/do/joined.h"
#include "runtime/do/user_namespace.h"
#include "runtime/host.h"
#include "runtime/plan/capabilities.h"

namespace tare::runtime {

// ---- the process --------------------------------------------------------------------------------

namespace {

Result<std::uint32_t> parse_id(std::string_view text, const char* option) {
  // (uid_t)-1 means "unchanged" to the kernel and is nobody's.
  const auto id = parse_number<std::uint32_t>(text);
  if (id && *id != ~std::uint32_t{0}) return *id;
  return Error(Error::Kind::usage, std::string(option) + ": " + quote(text) + " is no numeric id");
}

Result<void> set_user(oci::User& user, const ExecRequest& request) {
  if (!request.user.empty()) {
    const std::string_view text = request.user;
    const std::size_t colon = text.find(':');
    user.uid = TRY(parse_id(text.substr(0, colon), "--user"));
    if (colon != std::string_view::npos) {
      user.gid = TRY(parse_id(text.substr(colon + 1), "--user"));
    }
  }
  for (const auto& gid : request.gids) {
    user.additionalGids.push_back(TRY(parse_id(gid, "--additional-gids")));
  }
  return {};
}

void add(std::vector<std::string>& set, const std::string& capability) {
  if (std::ranges::count(set, capability) == 0) set.push_back(capability);
}

// Ambient only for a process that passes capabilities on at all, as in runc.
void add_capabilities(oci::Process& process, const std::vector<std::string>& names) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  oci::Capabilities& sets = *process.capabilities;
  const bool inherits = !sets.inheritable.empty();
  for (const auto& name : names) {
    for (auto* set : {&sets.bounding, &sets.effective, &sets.permitted}) add(*set, name);
    if (inherits) add(sets.ambient, name);
  }
}

Result<void> change(oci::Process& process, const ExecRequest& request) {
  if (request.args.empty()) return Error(Error::Kind::usage, "exec args cannot be empty");
  process.args = request.args;
  process.terminal = request.terminal;
  process.consoleSize.reset();
  if (!request.cwd.empty()) process.cwd = request.cwd;
  TRY(set_user(process.user, request));
  process.env.insert(process.env.end(), request.env.begin(), request.env.end());
  add_capabilities(process, request.caps);
  process.noNewPrivileges = process.noNewPrivileges || request.no_new_privileges;
  if (!request.apparmor_profile.empty()) process.apparmorProfile = request.apparmor_profile;
  if (!request.selinux_label.empty()) process.selinuxLabel = request.selinux_label;
  return {};
}

}  // namespace

Result<oci::Process> requested_process(const ExecRequest& request,
                                       const std::optional<oci::Process>& containers) {
  oci::Process process;
  if (!request.process_file.empty()) {
    process = TRY(oci::load_process(request.process_file));
  } else {
    if (!containers) return Error("process property must not be empty");
    process = *containers;
    TRY(change(process, request));
  }
  TRY(oci::validate(process));
  return process;
}

// ---- where it goes ------------------------------------------------------------------------------

namespace {

Result<void> check_status(const Container& container, bool ignore_paused) {
  switch (container.status()) {
    case Status::creating:
      return Error(Error::Kind::refused, "cannot exec in a container that is being created");
    case Status::stopped:
      return Error(Error::Kind::not_running, "cannot exec in a stopped container");
    case Status::paused:
      if (ignore_paused) return {};
      return Error(Error::Kind::refused,
                   "cannot exec in a paused container (use --ignore-paused to override)");
    case Status::created:
    case Status::running:
      break;
  }
  return {};
}

// A v2 cgroup that hands controllers on holds no process (cgroups(7), "no internal processes").
bool holds_no_process(const cgroups::Directory& directory) {
  const std::string control = cgroups::full_path(directory) + "/cgroup.subtree_control";
  const Call<std::string> handed_on = read_kernel_file(AT_FDCWD, control.c_str());
  return handed_on.ok() && handed_on->find_first_not_of('\n') != std::string::npos;
}

// An init that manages cgroups of its own lives below, and so does what joins it.
void follow_init(cgroups::Directory& directory, pid_t init) {
  const Call<std::string> own = read_proc(init, "cgroup");
  if (!own.ok()) return;
  for (const std::string_view line : split(*own, '\n')) {
    if (!line.starts_with("0::" + directory.path + "/")) continue;
    directory.path = line.substr(3);
  }
}

// "[CONTROLLER,...:]PATH", for those hierarchies that it names.
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
                                                       const ExecRequest& request) {
  std::vector<cgroups::Directory> directories = container.cgroup();
  for (const auto& wish : request.cgroups) TRY(go_below(directories, wish));
  if (!request.cgroups.empty()) return directories;
  const auto init = static_cast<pid_t>(container.record.pid);
  const bool is_divided = oci::find_annotation(container.record.annotations,
                                               oci::annotation::delegated_cgroup) != nullptr;
  for (auto& directory : directories) {
    if (directory.version != 2) continue;
    if (is_divided || holds_no_process(directory)) follow_init(directory, init);
  }
  return directories;
}

PlanOptions plan_options(const ExecRequest& request, const oci::Record& record) {
  PlanOptions options;
  options.id = record.id;
  options.rootfs = record.rootfs;
  options.bundle = record.bundle;
  options.no_new_keyring = record.noNewKeyring;
  pass_descriptors(request.preserve_fds, options);
  options.waits_for_start = false;
  return options;
}

Result<Plan> plan_of(const Container& container, const ExecRequest& request) {
  const oci::Record& record = container.record;
  oci::Config config = config_of(record);
  config.process = TRY(requested_process(request, record.process));
  TRY(check_terminal(
      {config.process->terminal, !request.console_socket.empty(), request.detaches}));
  Host host;
  host.capabilities = own_capabilities();
  look_at_security_modules(config, host);
  host.cgroup = TRY(target_cgroups(container, request));
  ExecFacts facts;
  facts.namespaces = namespaces_to_join(record);
  host.groups_are_denied =
      (facts.namespaces & CLONE_NEWUSER) != 0 && groups_are_denied(static_cast<pid_t>(record.pid));
  if (oci::find_namespace(record.namespaces, oci::NamespaceType::mount) == nullptr) {
    facts.root = record.rootfs;
  }
  if (record.resctrl) {
    facts.resctrl = step::JoinResctrl{record.resctrl->group, record.resctrl->monitor};
  }
  return make_exec_plan(config, host, plan_options(request, record), facts);
}

}  // namespace

// ---- doing it -----------------------------------------------------------------------------------

Result<Execution> Execution::begin(const Store& store, ExecRequest request) {
  const Container container = TRY(Container::load(store, request.id));
  TRY(check_status(container, request.ignore_paused));
  Execution execution(std::move(request));
  ExecRequest& own = execution.request_;
  execution.plan_ = std::make_unique<Plan>(TRY(plan_of(container, own)));
  LaunchOptions options;
  options.container = TRY(container.open_init());
  options.console_socket = TRY(console_end(own.console_socket, std::move(own.own_console)));
  execution.launch_ = std::make_unique<Launch>(
      TRY(Launch::run(*execution.plan_, container.state(), std::move(options))));
  return execution;
}

Result<void> Execution::start() {
  pid_file_ = TRY(PidFile::write(request_.pid_file, launch_->pid()));
  if (!request_.pidfd_socket.empty()) {
    TRY(send_pidfd(request_.pidfd_socket, "setns", launch_->pidfd()));
  }
  TRY(launch_->commit());
  return launch_->await_execution();
}

void Execution::keep() {
  launch_->keep();
  pid_file_.keep();
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/exec.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "oci/bundle.h"
#include "oci/validate.h"
#include "runtime/lifecycle/caller.h"
#include "runtime/lifecycle/joining.h"

namespace tare::runtime {

// ---- the process --------------------------------------------------------------------------------

namespace {

Result<std::uint32_t> parse_id(std::string_view text, const char* option) {
  // (uid_t)-1 means "unchanged" to the kernel and cannot be a user.
  const auto id = parse_number<std::uint32_t>(text);
  if (id && *id != ~std::uint32_t{0}) return *id;
  return Error(Error::Kind::usage,
               std::string(option) + ": " + quote(text) + " is not a numeric ID");
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

// Ambient only if the process passes capabilities on at all, as in runc.
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

Result<Status> check_status(const Container& container, bool ignore_paused) {
  const Status status = container.status();
  switch (status) {
    case Status::creating:
      return Error(Error::Kind::refused, "cannot exec in a container that is being created");
    case Status::stopped:
      return Error(Error::Kind::not_running, "cannot exec in a stopped container");
    case Status::paused:
      if (ignore_paused) return status;
      return Error(Error::Kind::refused,
                   "cannot exec in a paused container (use --ignore-paused to override)");
    case Status::created:
    case Status::running:
      break;
  }
  return status;
}

Result<Plan> plan_of(const Container& container, const ExecRequest& request) {
  Joiner joiner;
  joiner.process = TRY(requested_process(request, container.record.config.process));
  TRY(check_terminal({joiner.process.terminal, !request.console_socket.empty(), request.detaches}));
  joiner.cgroups = request.cgroups;
  joiner.options.preserved_descriptors = request.preserve_fds;
  return plan_joiner(container, std::move(joiner));
}

}  // namespace

// ---- doing it -----------------------------------------------------------------------------------

Result<Execution> Execution::begin(const Store& store, ExecRequest request) {
  const Container container = TRY(Container::load(store, request.id));
  const Status status = TRY(check_status(container, request.ignore_paused));
  Execution execution(std::move(request));
  ExecRequest& own = execution.request_;
  execution.plan_ = std::make_unique<Plan>(TRY(plan_of(container, own)));
  LaunchOptions options;
  options.container = TRY(container.open_init());
  options.console_socket = TRY(console_end(own.console_socket, std::move(own.own_console)));
  execution.pid_file_ = TRY(PidFile::in(own.pid_file));
  execution.launch_ = std::make_unique<Launch>(
      TRY(Launch::begin(*execution.plan_, container.state(status), std::move(options))));
  // A terminal gets its size, and a receiver its pidfd, before the program runs.
  const bool waits = execution.plan_->terminal || !own.pidfd_socket.empty();
  if (!waits) TRY(execution.launch_->commit());
  TRY(execution.launch_->await_ready());
  return execution;
}

Result<void> Execution::start() {
  TRY(pid_file_.write(launch_->pid()));
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

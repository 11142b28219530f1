// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/create.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/story.h"
#include "base/text.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/place.h"
#include "oci/annotations.h"
#include "oci/validate.h"
#include "runtime/criu/mounts.h"
#include "runtime/do/resctrl_group.h"
#include "runtime/do/trees.h"
#include "runtime/errors/failure.h"
#include "runtime/foreground/notify.h"
#include "runtime/foreground/own_streams.h"
#include "runtime/host/resctrl_root.h"
#include "runtime/launch/seal.h"
#include "runtime/lifecycle/caller.h"
#include "runtime/plan/warnings.h"
#include "runtime/steps/mounts.h"
#include "runtime/steps/namespaces.h"
#include "runtime/steps/resctrl.h"
#include "runtime/store/container.h"
#include "runtime/store/host_mount.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

// ---- understand ---------------------------------------------------------------------------------

const char* manager_word(CgroupManager manager) {
  constexpr const char* words[] = {"cgroupfs", "systemd", "disabled"};
  return words[static_cast<std::size_t>(manager)];
}

// The number of trailing path components that do not exist: tare must not remove directories that
// existed before.
unsigned missing_components(const cgroups::Directory& directory) {
  std::string path = directory.path;
  unsigned missing = 0;
  while (!path.empty() && ::access((directory.mount + path).c_str(), F_OK) != 0) {
    ++missing;
    path.resize(path.rfind('/'));
  }
  return missing;
}

// If systemd creates the cgroups, only the scope can be left behind, in a hierarchy that systemd
// does not clean up, with the container's own child. An existing scope belongs to somebody else.
std::vector<oci::RecordedCgroup> intended(std::vector<cgroups::Directory> directories,
                                          const std::optional<cgroups::Scope>& scope) {
  for (auto& directory : directories) {
    directory.made = missing_components(directory);
    if (scope) directory.made = std::min(directory.made, scope->subgroup.empty() ? 1U : 2U);
  }
  return recorded(directories);
}

// Nothing if there is no group, or no resctrl: then its step fails.
std::optional<oci::RecordedResctrl> resctrl_of(const Plan& plan) {
  for (const Step& step : plan.steps) {
    const auto* enter = std::get_if<step::EnterResctrl>(&step.action);
    if (enter == nullptr) continue;
    const auto root = open_resctrl();
    if (root.ok() && *root) return intended_resctrl((*root)->get(), *enter);
  }
  return std::nullopt;
}

oci::Record make_record(const CreateRequest& request, const Understood& known, const Host& host) {
  oci::Record record;
  record.id = request.id;
  record.bundle = known.bundle.path;
  record.rootfs = known.state.rootfs;
  record.created = utc_now();
  record.bootId = boot_id().value_or("");
  record.phase = "creating";
  record.creatorPid = ::getpid();
  if (const auto self = process_status(::getpid())) record.creatorStartTime = self->start_time;
  record.cgroupManager = manager_word(request.cgroup_manager);
  record.cgroups = intended(host.cgroup, host.scope);
  if (host.scope) {
    record.systemdScope =
        oci::RecordedScope{host.scope->unit, host.scope->slice, host.scope->of_user};
  }
  record.resctrl = resctrl_of(known.plan);
  record.binds = bind_destinations(known.plan);
  const bool has_terminal = known.config.process && known.config.process->terminal;
  if (!has_terminal) record.streams = own_streams();
  record.noNewKeyring = request.no_new_keyring;
  record.config = oci::kept(known.config);
  return record;
}

}  // namespace

Result<std::string> find_rootfs(const oci::Bundle& bundle, const oci::Config& config) {
  if (!config.root) return Error::config("/root", "a container needs a root file system");
  const std::string& given = config.root->path;
  const std::string path = given.starts_with('/') ? given : bundle.path + "/" + given;
  const Call<std::string> resolved = real_path(path);
  if (!resolved.ok()) {
    Error error(resolved.error(), "rootfs " + printable(path));
    error.at = "/root/path";
    return error;
  }
  struct stat root {};
  struct stat host {};
  if (::stat(resolved->c_str(), &root) != 0 || ::stat("/", &host) != 0) {
    return Error(Fault::last("stat"), "rootfs " + printable(path));
  }
  if (!S_ISDIR(root.st_mode)) {
    return Error::config("/root/path", "rootfs " + printable(path) + " is not a directory");
  }
  if (root.st_dev == host.st_dev && root.st_ino == host.st_ino) {
    return Error::config("/root/path", "rootfs " + printable(path) + " is the host's root");
  }
  return *resolved;
}

PlanOptions plan_options(const CreateRequest& request, const oci::Bundle& bundle,
                         const std::string& rootfs) {
  PlanOptions options;
  options.id = request.id;
  options.rootfs = rootfs;
  options.bundle = bundle.path;
  options.no_pivot = request.no_pivot;
  options.no_new_keyring = request.no_new_keyring;
  options.preserved_descriptors = request.preserve_fds;
  pass_listening_descriptors(options);
  options.waits_for_start = request.waits_for_start;
  return options;
}

void join_instead(oci::Config& config, const std::vector<oci::Namespace>& joined) {
  if (joined.empty()) return;
  if (!config.linux_) config.linux_.emplace();
  auto& namespaces = config.linux_->namespaces;
  for (const oci::Namespace& one : joined) {
    std::erase_if(namespaces, [&](const auto& other) { return other.type == one.type; });
    namespaces.push_back(one);
  }
}

Result<Understood> understand(const CreateRequest& request) {
  const story::Step told([&] { return "read and plan " + request.bundle; });
  TRY(check_id(request.id));
  Understood known{TRY(oci::open_bundle(request.bundle)), {}, {}, {}, {}, {}};
  known.config = TRY(oci::load_config(known.bundle, request.config));
  join_instead(known.config, request.joined);
  TRY(oci::apply_annotations(known.config));
  TRY(oci::validate(known.config));
  TRY(check_terminal({known.config.process && known.config.process->terminal,
                      !request.console_socket.empty(), request.detaches}));
  known.state.ociVersion = known.config.ociVersion;
  known.state.id = request.id;
  known.state.bundle = known.bundle.path;
  known.state.rootfs = TRY(find_rootfs(known.bundle, known.config));
  known.state.annotations = known.config.annotations;

  if (!request.notify_directory.empty()) add_notify_socket(known.config, request.notify_directory);
  const Host host = TRY(look_at_host(request, known.config));
  const PlanOptions options = plan_options(request, known.bundle, known.state.rootfs);
  known.plan = TRY(make_plan(known.config, host, options));
  known.record = make_record(request, known, host);
  known.warnings = warnings(known.config, host);
  return known;
}

namespace {

// If a stage clones init into a pid namespace with other processes, init's executable must not be
// the host's file (CVE-2019-5736).
bool is_exposed(const Understood& known) {
  if (!known.config.linux_ || last_step<step::CloneStage>(known.plan) == no_step) return false;
  const auto* pids = oci::find_namespace(known.config.linux_->namespaces, oci::NamespaceType::pid);
  return pids != nullptr && !pids->is_new();
}

}  // namespace

void note_hook_failure(const Error& error, const Understood& understood, HookFailure* failure) {
  if (!error.at.starts_with("/hooks/")) return;
  failure->hooks = understood.config.hooks;
  failure->state = understood.state;
  failure->state.status = word(Status::stopped);
}

namespace {

// Before anything is recorded, because the cleanup recognizes this mount by its id.
Result<UniqueFd> take_host_root(const Plan& plan) {
  for (const Step& step : plan.steps) {
    const auto* open = std::get_if<step::OpenTree>(&step.action);
    if (open == nullptr || open->slot != plan.host_root) continue;
    Call<UniqueFd> tree = clone_tree(*open);
    if (!tree.ok()) return step_failure(step, tree.error());
    return std::move(tree).value();
  }
  return UniqueFd();
}

}  // namespace

Result<Creation> Creation::begin(const Store& store, CreateRequest request, HookFailure* failure) {
  // tare could not read it again when it runs again from a sealed copy.
  if (oci::comes_through_pipe(request.bundle, request.config)) TRY(run_sealed(request.argv));

  // Understand and decide. No side effects: a bad bundle leaves the host unchanged.
  auto known = std::make_unique<Understood>(TRY(understand(request)));
  if (is_exposed(*known)) TRY(run_sealed(request.argv));
  LaunchOptions options;
  options.console_socket = TRY(console_end(request.console_socket, std::move(request.own_console)));

  if (known->plan.host_root >= 0) {
    options.host_root = TRY(take_host_root(known->plan));
    known->record.hostMount = TRY(mount_number(options.host_root.get()));
  }

  if (story::is_told()) {
    story::tell("bundle " + known->bundle.path + ", rootfs " + known->state.rootfs + ", " +
                std::to_string(known->plan.steps.size()) + " steps");
    for (const auto& directory : known->record.cgroups) {
      story::tell("cgroup " + directory.mount + directory.path);
    }
  }

  // Claim the name: a second create with this id fails here. Then the intent, before any change to
  // the host.
  Reservation reservation = TRY(store.reserve(known->record));
  Creation creation(std::move(request), std::move(known), std::move(reservation));
  Understood& understood = *creation.understood_;
  if (!creation.request_.notify_directory.empty()) {
    TRY(creation.reservation_.make_notify_directory());
  }
  if (understood.plan.waits_for_start) {
    auto fifos = TRY(creation.reservation_.make_fifos());
    options.start = std::move(fifos.start);
    options.started = std::move(fifos.started);
  }

  // Act: host and init walk the plan together.
  Result<void> launched = creation.start_init(std::move(options));
  if (launched.ok()) return creation;
  note_hook_failure(launched.error(), understood, failure);
  return std::move(launched).error();
}

Result<void> Creation::start_init(LaunchOptions options) {
  pid_file_ = TRY(PidFile::in(request_.pid_file));
  launch_ = std::make_unique<Launch>(
      TRY(Launch::begin(understood_->plan, understood_->state, std::move(options))));
  if (!launch_->knows_pid()) TRY(launch_->await_ready());
  // Init is still at work, so this costs no time. But nobody may see the record before init is
  // ready: `exec` must not enter half a container.
  Result<Replacement> record = prepare_record(reservation_.entry(), understood_->record, running());
  if (!record.ok()) {
    TRY(launch_->await_ready());  // if init has failed too, its error says more
    return std::move(record).error();
  }
  if (goes_ahead()) TRY(launch_->commit());
  TRY(launch_->await_ready());
  return publish(reservation_.entry(), std::move(record).value(), pid_file_,
                 pidfd_receiver(request_, understood_->record), running());
}

bool Creation::goes_ahead() const {
  const auto& hooks = understood_->config.hooks;
  return !understood_->plan.waits_for_start && !understood_->plan.terminal &&
         request_.notify_directory.empty() && (!hooks || hooks->startContainer.empty()) &&
         pidfd_receiver(request_, understood_->record).empty();
}

RunningInit Creation::running() const {
  return {launch_->pid(), launch_->pidfd(), launch_->cgroup(), launch_->resctrl()};
}

std::string pidfd_receiver(const CreateRequest& request, const oci::Record& record) {
  if (!request.pidfd_socket.empty()) return request.pidfd_socket;
  const std::string* named =
      oci::find_annotation(record.config.annotations, oci::annotation::pidfd_receiver);
  return named == nullptr ? std::string() : *named;
}

Result<Replacement> prepare_record(const Entry& entry, oci::Record& record,
                                   const RunningInit& running) {
  record.phase = "created";
  record.pid = running.pid;
  const auto init = process_status(running.pid);
  if (!init) return Error("container init died before it was recorded");
  record.pidStartTime = init->start_time;
  record.cgroups = recorded(running.cgroup);
  record.resctrl = running.resctrl;
  TRY(entry.write_init({record.pid, record.pidStartTime, record.bootId}));
  return entry.prepare(record);
}

Result<void> publish(const Entry& entry, Replacement record, PidFile& pid_file,
                     const std::string& receiver, const RunningInit& running) {
  TRY(entry.put(std::move(record)));
  TRY(pid_file.write(running.pid));
  if (receiver.empty()) return {};
  return send_pidfd(receiver, "standard", running.pidfd);
}

void Creation::keep() {
  if (launch_) launch_->keep();
  reservation_.keep();
  pid_file_.keep();
}

}  // namespace tare::runtime

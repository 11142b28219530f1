// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>
#include <variant>

#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/members.h"
#include "oci/annotations.h"
#include "oci/descriptors.h"
#include "runtime/criu/mounts.h"
#include "runtime/do/context.h"
#include "runtime/do/inside.h"
#include "runtime/errors/failure.h"
#include "runtime/launch/host_steps.h"
#include "runtime/lifecycle/checkpoint.h"
#include "runtime/steps/cgroups.h"
#include "runtime/steps/hooks.h"
#include "runtime/steps/mounts.h"
#include "runtime/steps/namespaces.h"
#include "runtime/steps/resctrl.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

constexpr std::size_t descriptors_limit = std::size_t{64} << 10;

// ---- the host's part of the plan ----------------------------------------------------------------

// restore performs the steps of a create that set up the container's surroundings, at three points
// in time. CRIU creates everything inside the container.
template <class... Kinds>
bool is_one_of(const Action& action) {
  return (std::holds_alternative<Kinds>(action) || ...);
}

Result<void> open_namespaces(LaunchContext& context) {
  return walk_host_steps(context, is_one_of<step::OpenNamespace>);
}

// A scope needs the process. A resctrl group is inherited: processes that CRIU creates are in
// CRIU's group.
Result<void> make_groups(LaunchContext& context) {
  return walk_host_steps(context, is_one_of<step::MakeCgroup, step::StartScope, step::LimitCgroup,
                                            step::RestrictDevices, step::EnterResctrl>);
}

// Both prestart and createRuntime: the namespaces exist, and no process runs in them yet.
Result<void> run_host_hooks(LaunchContext& context, pid_t init) {
  const pid_t service = std::exchange(context.init, init);
  Result<void> done = walk_host_steps(context, is_one_of<step::RunHook>);
  context.init = service;
  return done;
}

// ---- what comes from outside --------------------------------------------------------------------

Result<std::string> absolute(const std::string& path) {
  return real_path(path).because("find the directory " + printable(path));
}

// A bind mount needs a mount point in the root file system; CRIU creates those below another mount
// itself.
Result<void> make_mount_points(const Plan& plan, int root) {
  const std::vector<std::string> destinations = bind_destinations(plan);
  std::vector<std::string> covered;
  Inside inside(root);
  for (const Step& step : plan.steps) {
    if (const auto* mount = std::get_if<step::MountFilesystem>(&step.action)) {
      covered.push_back(mount->destination.shown + "/");
    }
    const auto* bind = std::get_if<step::MountTree>(&step.action);
    if (bind == nullptr) continue;
    const std::string& place = bind->destination.shown;
    if (bind->is_root) {
      return step_failure(step, Error(Error::Kind::unsupported, "CRIU has no root but root.path"));
    }
    bool is_covered = false;
    for (const std::string& cover : covered) is_covered = is_covered || place.starts_with(cover);
    covered.push_back(place + "/");
    if (is_covered) continue;
    struct stat source {};
    if (::stat(bind->source.c_str(), &source) != 0) {
      return step_failure(step, Error(Fault::last("stat"), bind->source));
    }
    const auto made = S_ISDIR(source.st_mode) ? inside.make_directory(bind->destination)
                                              : inside.make_file(bind->destination);
    if (!made.ok()) return step_failure(step, Error(made.error()));
  }
  return {};
}

// The joined namespaces of the config, by their names in the dump.
void give_namespaces(const LaunchContext& context, CriuOptions& options) {
  for (const Step& step : context.plan.steps) {
    const auto* opened = std::get_if<step::OpenNamespace>(&step.action);
    if (opened == nullptr) continue;
    const int fd = context.joined(opened->slot);
    if (opened->type == oci::NamespaceType::network) options.inherited.push_back({network_key, fd});
    if (opened->type == oci::NamespaceType::pid) options.inherited.push_back({pid_key, fd});
  }
}

// Pipes, and files from outside, are replaced by our own standard streams.
Result<void> give_streams(const std::string& images, CriuOptions& options) {
  const std::string file = images + "/" + descriptors_file;
  const std::string text = TRY(read_regular_file(AT_FDCWD, file.c_str(), descriptors_limit)
                                   .because("read " + printable(file)));
  const auto streams = TRY(oci::decode_descriptors(text).because(descriptors_file));
  for (std::size_t i = 0; i < streams.size() && i <= STDERR_FILENO; ++i) {
    if (is_outside(streams[i])) {
      options.inherited.push_back({streams[i], static_cast<int>(i)});
    }
  }
  return {};
}

void give_cgroup(const std::vector<cgroups::Directory>& cgroup, CriuOptions& options) {
  for (const cgroups::Directory& directory : cgroup) {
    const bool is_v1 = directory.version == 1;
    options.cgroup_roots.push_back({is_v1 ? join(directory.controllers, ",") : "", directory.path});
  }
}

std::vector<int> descriptors_of(const CriuOptions& options) {
  std::vector<int> found;
  for (const auto& inherited : options.inherited) found.push_back(inherited.fd);
  return found;
}

// Answers CRIU's callbacks during the restore. `console` receives a terminal's master.
Result<void> answer(CriuNotice& notice, LaunchContext& context, int console) {
  if (notice.script == "setup-namespaces") return run_host_hooks(context, notice.pid);
  if (notice.script == "orphan-pts-master" && notice.descriptor.valid()) {
    if (console < 0) return Error("the container has a terminal and nobody takes it");
    TRY(send_descriptor(console, "/dev/ptmx", notice.descriptor.get())
            .because("send the terminal"));
  }
  return {};
}

}  // namespace

Restoration::Restoration(CreateRequest request, std::unique_ptr<Understood> understood,
                         Reservation reservation)
    : request_(std::move(request)),
      understood_(std::move(understood)),
      reservation_(std::move(reservation)),
      context_(std::make_unique<LaunchContext>(understood_->plan)) {
  context_->state = understood_->state;
}
Restoration::Restoration(Restoration&&) noexcept = default;

Restoration::~Restoration() {
  if (!context_ || kept_ || context_->init_pidfd.get() < 0) return;
  (void)sys::pidfd_send_signal(context_->init_pidfd.get(), SIGKILL);
  if (context_->cgroup) (void)cgroups::kill_all(context_->cgroup->directories(), SIGKILL);
  (void)reap(context_->init);
}

Result<Restoration> Restoration::begin(const Store& store, CreateRequest create,
                                       CriuRequest request, HookFailure* failure) {
  const std::string program = TRY(find_criu(request.program));
  auto known = std::make_unique<Understood>(TRY(understand(create)));
  if (request.work.empty()) request.work = request.images;
  request.images = TRY(absolute(request.images));
  (void)TRY(open_images(request.work));  // created if missing
  request.work = TRY(absolute(request.work));
  const UniqueFd console = TRY(console_end(create.console_socket, std::move(create.own_console)));

  const std::string id = create.id;
  Reservation reservation = TRY(store.reserve(known->record));
  Restoration self(std::move(create), std::move(known), std::move(reservation));
  Result<void> restored = self.restore(program, request, console.get());
  if (restored.ok()) return self;
  note_hook_failure(restored.error(), *self.understood_, failure);
  return std::move(restored).error().within("restore container " + id);
}

Result<void> Restoration::restore(const std::string& program, CriuRequest& request, int console) {
  LaunchContext& context = *context_;
  const std::string& rootfs = understood_->state.rootfs;
  const UniqueFd root =
      TRY(open_at(AT_FDCWD, rootfs.c_str(), O_PATH | O_DIRECTORY).because("open the root"));
  TRY(make_mount_points(context.plan, root.get()));
  TRY(open_namespaces(context));

  CriuOptions& options = request.options;
  options.log = "restore.log";
  options.root = rootfs;
  options.external = restored_mounts(context.plan);
  const auto* file =
      oci::find_annotation(understood_->record.config.annotations, oci::annotation::criu_config);
  if (file != nullptr) options.config_file = *file;
  TRY(give_streams(request.images, options));
  give_namespaces(context, options);

  CriuService service = TRY(CriuService::start(program, descriptors_of(options), rootfs));
  const UniqueFd images = TRY(service.open_directory(request.images));
  const UniqueFd work = TRY(service.open_directory(request.work));
  options.images = images.get();
  options.work = work.get();
  context.init = service.pid();  // the process to put into the groups
  TRY(make_groups(context));
  if (context.cgroup) give_cgroup(context.cgroup->directories(), options);
  const auto listener = [&](CriuNotice& notice) { return answer(notice, context, console); };
  context.init = TRY(service.call(CriuCall::restore, options, listener));
  context.init_pidfd = TRY(sys::pidfd_open(context.init).because("open init"));
  return {};
}

Result<void> Restoration::publish() {
  const LaunchContext& context = *context_;
  RunningInit running{context.init, context.init_pidfd.get(), {}, std::nullopt};
  if (context.cgroup) running.cgroup = context.cgroup->directories();
  if (context.resctrl) running.resctrl = context.resctrl->made();
  pid_file_ = TRY(PidFile::in(request_.pid_file));
  oci::Record& record = understood_->record;
  Replacement prepared = TRY(prepare_record(reservation_.entry(), record, running));
  return runtime::publish(reservation_.entry(), std::move(prepared), pid_file_,
                          pidfd_receiver(request_, record), running);
}

void Restoration::keep() {
  kept_ = true;
  if (context_->cgroup) context_->cgroup->keep();
  if (context_->scope) context_->scope->keep();
  if (context_->resctrl) context_->resctrl->keep();
  reservation_.keep();
  pid_file_.keep();
}

pid_t Restoration::pid() const {
  return context_->init;
}
int Restoration::pidfd() const {
  return context_->init_pidfd.get();
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/check.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>

#include "base/file.h"
#include "base/system.h"
#include "base/text.h"
#include "cgroups/hierarchy/place.h"
#include "oci/annotations.h"
#include "oci/validate.h"
#include "runtime/do/inside.h"
#include "runtime/errors/failure.h"
#include "runtime/plan/visible.h"
#include "runtime/plan/warnings.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

namespace {

bool is_within(std::string_view pointer, std::string_view place) {
  return pointer == place ||
         (pointer.starts_with(place) && (place.empty() || pointer[place.size()] == '/'));
}

// ---- steps --------------------------------------------------------------------------------------

// Whether this host has what the steps of a plan need. Checks only what can be seen without side
// effects.
class StepCheck {
 public:
  StepCheck(const Plan& plan, int root) : plan_(plan), root_(root) {}

  [[nodiscard]] Result<void> look(const Step& step) const {
    return std::visit([&](const auto& action) { return check(action); }, step.action);
  }

 private:
  template <class Action>
  Result<void> check(const Action&) const {
    return {};
  }

  Result<void> check(const step::OpenNamespace& step) const {
    const UniqueFd fd = TRY(open_at(AT_FDCWD, step.path.c_str(), O_RDONLY).because("openat"));
    const int found = ::ioctl(fd.get(), NS_GET_NSTYPE);
    if (found >= 0 && static_cast<std::uint64_t>(found) == clone_flag(step.type)) return {};
    return Error(std::string("it is not a namespace of kind ") + kind_of(step.type).word);
  }

  Result<void> check(const step::OpenTree& step) const {
    if (is_made_here(step.path)) return {};
    const int flags = step.link == step::SourceLink::follow ? 0 : AT_SYMLINK_NOFOLLOW;
    struct stat status {};
    if (step.node || ::fstatat(AT_FDCWD, step.path.c_str(), &status, flags) == 0) return {};
    return Error(Fault::last("fstatat"))
        .with_hint(step.device_type == 0
                       ? "the source of a bind mount must be there"
                       : "in a user namespace the host must have the device at this path");
  }

  // The kernel loads a module for a file system type that it does not know yet.
  Result<void> check(const step::MountFilesystem& step) const {
    const Call<UniqueFd> filesystem = sys::fsopen(step.type.c_str());
    if (filesystem.ok() || filesystem.error().error != ENODEV) return {};
    return Error(filesystem.error()).with_hint("this kernel has no such file system");
  }

  // A program of the container may come with a mount.
  Result<void> check(const step::RunHook& step) const {
    if (step.kind == "startContainer") return {};
    struct stat status {};
    if (::stat(step.path.c_str(), &status) != 0) return Error(Fault::last("stat"));
    if (!S_ISREG(status.st_mode)) return Error("it is not a regular file");
    if (::access(step.path.c_str(), X_OK) != 0) return Error(Fault::last("access"));
    return {};
  }

  Result<void> check(const step::FindProgram& step) const {
    int error = ENOENT;
    for (const std::string& path : step.candidates) {
      if (comes_with_mount(path)) return {};
      const Call<UniqueFd> found = Inside(root_).open(InsidePath(path), O_PATH);
      struct stat status {};
      if (!found.ok() || ::fstat(found->get(), &status) != 0) continue;
      if (S_ISREG(status.st_mode) && (status.st_mode & 0111) != 0) return {};
      error = S_ISDIR(status.st_mode) ? EISDIR : EACCES;
    }
    return exec_failure(step.name, error, false);
  }

  // An earlier step creates the container's own cgroup.
  [[nodiscard]] bool is_made_here(std::string_view path) const {
    const auto is_in = [&](const std::vector<cgroups::Directory>& directories) {
      return std::ranges::any_of(directories, [&](const cgroups::Directory& directory) {
        return is_within(path, cgroups::full_path(directory));
      });
    };
    return std::ranges::any_of(plan_.steps, [&](const Step& step) {
      const auto* made = std::get_if<step::MakeCgroup>(&step.action);
      const auto* scope = std::get_if<step::StartScope>(&step.action);
      return (made != nullptr && is_in(made->directories)) ||
             (scope != nullptr && is_in(scope->directories));
    });
  }

  // The contents of a mount cannot be seen before it is mounted.
  [[nodiscard]] bool comes_with_mount(const std::string& path) const {
    const auto covers = [&](const InsidePath& destination) {
      return is_at_or_below(path, destination.shown);
    };
    return std::ranges::any_of(plan_.steps, [&](const Step& step) {
      const auto* tree = std::get_if<step::MountTree>(&step.action);
      const auto* filesystem = std::get_if<step::MountFilesystem>(&step.action);
      return (tree != nullptr && covers(tree->destination)) ||
             (filesystem != nullptr && covers(filesystem->destination));
    });
  }

  const Plan& plan_;
  int root_;
};

// ---- one problem after another ------------------------------------------------------------------

// The rest of a plan depends on these: without them the next problem would not be the config's.
constexpr std::string_view kept[] = {
    "/process/user",     "/process/args",      "/process/cwd",
    "/linux/namespaces", "/linux/uidMappings", "/linux/gidMappings",
};

// Removes the property of `part` that the pointer is at or below; `place` is the pointer of the
// part.
template <class Part>
bool take_out_of(Part& part, std::string_view place, std::string_view pointer) {
  if (!is_within(pointer, place) || pointer.size() <= place.size()) return false;
  const std::string_view rest = pointer.substr(place.size() + 1);
  bool taken = false;
  for_each_row(fields(oci::Of<Part>{}), [&](const auto& field) {
    if (rest.substr(0, rest.find('/')) != field.name) return;
    part.*field.member = {};
    taken = true;
  });
  return taken;
}

// A replacement that can be mounted at the same place, because others may be mounted below it.
bool take_out_mount(std::vector<oci::Mount>& mounts, std::string_view pointer) {
  constexpr std::string_view place = "/mounts/";
  if (!pointer.starts_with(place)) return false;
  const std::string_view rest = pointer.substr(place.size());
  const auto index = parse_number<std::size_t>(rest.substr(0, rest.find('/')));
  if (!index || *index >= mounts.size()) return false;
  mounts[*index] = {mounts[*index].destination, "tmpfs", "tmpfs", {}, {}, {}};
  return true;
}

// Removes the property at the pointer, so that the planner reaches the next problem.
bool take_out(oci::Config& config, std::string_view pointer) {
  const auto is_kept = [&](std::string_view place) { return is_within(pointer, place); };
  if (std::ranges::any_of(kept, is_kept)) return false;
  if (take_out_mount(config.mounts, pointer)) return true;
  if (config.process && take_out_of(*config.process, "/process", pointer)) return true;
  if (!config.linux_) return false;
  auto& resources = config.linux_->resources;
  return (resources && take_out_of(*resources, "/linux/resources", pointer)) ||
         take_out_of(*config.linux_, "/linux", pointer);
}

class BundleCheck {
 public:
  explicit BundleCheck(const CreateRequest& request) : request_(request) {}

  std::vector<Finding> all() {
    const Result<void> done = look();
    if (!done.ok()) add("bundle", done.error());
    return std::move(found_);
  }

 private:
  void add(const char* phase, Error error) { found_.push_back({phase, std::move(error)}); }

  // An error without further information.
  Result<void> look() {
    const oci::Bundle bundle = TRY(oci::open_bundle(request_.bundle));
    std::vector<Error> of_form;
    oci::Config config = TRY(oci::load_config(bundle, request_.config, of_form));
    for (const Error& error : of_form) add("schema", error);
    const Result<void> annotations = oci::apply_annotations(config);
    if (!annotations.ok()) add("rules", annotations.error());
    for (Error& error : oci::all_problems(config)) {
      // An unreadable property counts as absent, which is not a second problem.
      const bool known = std::ranges::any_of(of_form, [&](const Error& form) {
        return is_within(error.at, form.at) || is_within(form.at, error.at);
      });
      if (!known) add("rules", std::move(error));
    }
    const Result<std::string> rootfs = find_rootfs(bundle, config);
    if (!rootfs.ok() && (config.root || found_.empty())) add("host", rootfs.error());
    // A config that breaks the rules cannot be planned.
    if (found_.empty()) look_at_plan(bundle, std::move(config), *rootfs);
    return {};
  }

  void look_at_plan(const oci::Bundle& bundle, oci::Config config, const std::string& rootfs) {
    const PlanOptions options = plan_options(request_, bundle, rootfs);
    std::set<std::string> places;
    for (;;) {
      const Result<Host> host = look_at_host(request_, config);
      if (host.ok() && places.empty()) {
        for (Error& error : doubts(config, *host)) add("host", std::move(error));
      }
      const Result<Plan> plan =
          host.ok() ? make_plan(config, *host, options) : Result<Plan>(host.error());
      if (plan.ok()) return look_at_steps(*plan, rootfs);
      const Error& error = plan.error();
      if (!places.insert(error.at).second) return;  // removing it did not help
      add("plan", error);
      if (!take_out(config, error.at)) return;
    }
  }

  void look_at_steps(const Plan& plan, const std::string& rootfs) {
    const Call<UniqueFd> root = open_at(AT_FDCWD, rootfs.c_str(), O_PATH | O_DIRECTORY);
    if (!root.ok()) return add("host", Error(root.error(), "rootfs " + printable(rootfs)));
    const StepCheck check(plan, root->get());
    for (const Step& step : plan.steps) {
      const Result<void> looked = check.look(step);
      if (!looked.ok()) add("host", step_failure(step, looked.error()));
    }
  }

  const CreateRequest& request_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> check_bundle(const CreateRequest& request) {
  return BundleCheck(request).all();
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/configured.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
#include "oci/annotations.h"
#include "oci/bundle.h"
#include "oci/validate.h"
#include "runtime/foreground/notify.h"
#include "runtime/host/facts.h"

namespace tare::runtime {

namespace {

// The cgroup is not chosen once more: it is where the record says.
Result<Host> look_at_host_of(const Container& container, const HostRequest& request,
                             const oci::Config& config) {
  Host host = TRY(look_at_host(request, config));
  host.cgroup = container.cgroup();
  host.scope = container.scope();
  const auto is_v2 = [](const cgroups::Directory& one) { return one.version == 2; };
  host.cgroup_v2 = !host.cgroup.empty() && std::ranges::all_of(host.cgroup, is_v2);
  return host;
}

bool is_later(const timespec& one, const timespec& other) {
  return one.tv_sec != other.tv_sec ? one.tv_sec > other.tv_sec : one.tv_nsec > other.tv_nsec;
}

// The intent is written when the config has been read, and then never again.
bool was_written_since(const oci::Bundle& bundle, const std::string& file, const Entry& entry) {
  struct stat config {};
  struct stat intent {};
  return ::fstatat(bundle.directory.get(), file.c_str(), &config, 0) == 0 &&
         ::fstatat(entry.directory(), "intent.json", &intent, 0) == 0 &&
         is_later(config.st_mtim, intent.st_mtim);
}

Result<oci::Bundle> bundle_of(const Container& container) {
  const std::string& path = container.record.bundle;
  return oci::open_bundle(path).because("the bundle of container " + container.entry.id());
}

}  // namespace

Result<Configured> plan_again(const Container& container, const std::string& file,
                              const std::string& store, const std::vector<oci::Namespace>& joined) {
  const oci::Record& record = container.record;
  const oci::Bundle bundle = TRY(bundle_of(container));
  Configured configured;
  configured.config = TRY(oci::load_config(bundle, file));
  configured.changed = was_written_since(bundle, file, container.entry);
  oci::Config& config = configured.config;
  join_instead(config, joined);
  TRY(oci::apply_annotations(config));
  TRY(oci::validate(config));
  CreateRequest request;
  request.id = record.id;
  request.cgroup_manager = CgroupManager::disabled;
  request.no_new_keyring = record.noNewKeyring;
  if (::faccessat(container.entry.directory(), notify_directory, F_OK, 0) == 0) {
    add_notify_socket(config, store + "/" + record.id + "/" + notify_directory);
  }
  const Host host = TRY(look_at_host_of(container, request, config));
  const std::string rootfs = TRY(find_rootfs(bundle, config));
  configured.plan = TRY(make_plan(config, host, plan_options(request, bundle, rootfs)));
  return configured;
}

}  // namespace tare::runtime

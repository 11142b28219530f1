// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/labels.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "oci/annotations.h"

namespace tare::runtime {

namespace {

constexpr std::string_view context_options[] = {"context", "fscontext", "defcontext",
                                                "rootcontext"};

bool is_context_option(std::string_view name) {
  return std::ranges::find(context_options, name) != std::end(context_options);
}

// The kernel labels these file systems itself, or they take no option for it.
bool takes_no_context(std::string_view type) {
  constexpr std::string_view types[] = {"proc", "sysfs", "cgroup", "cgroup2", "mqueue"};
  return std::ranges::find(types, type) != std::end(types);
}

std::string context_option(const Draft& draft) {
  const std::string* asked =
      oci::find_annotation(draft.config.annotations, oci::annotation::context_type);
  return asked != nullptr ? *asked : "context";
}

Result<void> check_module(bool asked, bool enabled, const char* pointer, const char* name) {
  if (!asked || enabled) return {};
  return Error::unsupported(pointer, std::string(name) + " is not enabled on this host");
}

}  // namespace

void plan_label_checks(Draft& draft) {
  for (const auto& [pointer, asked] :
       {std::pair("/process/selinuxLabel", &draft.process.selinuxLabel),
        std::pair("/linux/mountLabel", &draft.linux_.mountLabel)}) {
    if (!asked->empty()) draft.add<Actor::host>(pointer, step::CheckLabel{*asked});
  }
}

Result<void> plan_labels(Draft& draft) {
  const bool profile = !draft.process.apparmorProfile.empty();
  const bool label = !draft.process.selinuxLabel.empty();
  TRY(check_module(profile, draft.host.apparmor, "/process/apparmorProfile", "apparmor"));
  TRY(check_module(label, draft.host.selinux, "/process/selinuxLabel", "selinux"));
  TRY(check_module(!draft.linux_.mountLabel.empty(), draft.host.selinux, "/linux/mountLabel",
                   "selinux"));
  const std::string option = context_option(draft);
  if (!is_context_option(option)) {
    return Error::config("/annotations/" + std::string(oci::annotation::context_type),
                         quote(option) + " is none of context, fscontext, defcontext, rootcontext");
  }
  if (profile || label) draft.add<Actor::init>("", step::OpenAttributes{});
  return {};
}

void plan_process_labels(Draft& draft) {
  if (const std::string& profile = draft.process.apparmorProfile; !profile.empty()) {
    // A profile of another namespace has another name when it is read back.
    draft.add<Actor::stub>("/process/apparmorProfile",
                           step::SetLabel{"AppArmor profile", "apparmor/exec", "exec " + profile,
                                          profile.starts_with(':') ? "" : profile});
  }
  if (const std::string& label = draft.process.selinuxLabel; !label.empty()) {
    // The kernel resolves aliases in the label, so it may read back differently.
    draft.add<Actor::stub>("/process/selinuxLabel",
                           step::SetLabel{"SELinux label", "exec", label, ""});
  }
}

std::pair<std::string, std::string> mount_label(const Draft& draft) {
  const std::string& label = draft.linux_.mountLabel;
  return label.empty() ? std::pair<std::string, std::string>()
                       : std::pair(context_option(draft), label);
}

void label_filesystem(step::MountFilesystem& mount, const Draft& draft) {
  const std::string& label = draft.linux_.mountLabel;
  if (label.empty()) return;
  if (mount.type == "mqueue") mount.label = label;
  const bool has_own = std::ranges::any_of(
      mount.data, [](const auto& entry) { return is_context_option(entry.first); });
  if (!has_own && !takes_no_context(mount.type)) {
    mount.data.push_back(mount_label(draft));
  }
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "oci/validate.h"

#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// Properties of a namespace, and the namespaces.
void check_namespaced(const Linux& linux_part, const Place& place, Problems& problems) {
  const Namespaces& namespaces = linux_part.namespaces;
  check(namespaces, Place(place, "namespaces"), problems);
  check(linux_part.uidMappings, namespaces, Place(place, "uidMappings"), problems);
  check(linux_part.gidMappings, namespaces, Place(place, "gidMappings"), problems);
  check(linux_part.timeOffsets, namespaces, Place(place, "timeOffsets"), problems);
  check(linux_part.netDevices, namespaces, Place(place, "netDevices"), problems);
  check_sysctl(linux_part.sysctl, namespaces, Place(place, "sysctl"), problems);
}

void check_linux(const Linux& linux_part, const Place& place, Problems& problems) {
  const Namespaces& namespaces = linux_part.namespaces;
  check_masked(linux_part.maskedPaths, namespaces, Place(place, "maskedPaths"), problems);
  check_readonly(linux_part.readonlyPaths, namespaces, Place(place, "readonlyPaths"), problems);
  check_namespaced(linux_part, place, problems);
  check(linux_part.devices, Place(place, "devices"), problems);
  check_cgroups_path(linux_part.cgroupsPath, Place(place, "cgroupsPath"), problems);
  const auto check_part = [&](const auto& part, const char* name) {
    if (part) check(*part, Place(place, name), problems);
  };
  check_part(linux_part.personality, "personality");
  check_part(linux_part.memoryPolicy, "memoryPolicy");
  check_part(linux_part.intelRdt, "intelRdt");
  check_part(linux_part.resources, "resources");
  check_part(linux_part.seccomp, "seccomp");
}

Problems problems_of(const Config& config) {
  Problems problems;
  const Place document;
  const Linux none;
  const Linux& linux_part = config.linux_ ? *config.linux_ : none;
  check_top(config, document, problems);
  const Place process(document, "process");
  if (config.process) check(*config.process, process, problems);
  check_root(config.root ? &*config.root : nullptr, Place(document, "root"), problems);
  check(config.mounts, linux_part.namespaces, Place(document, "mounts"), problems);
  if (config.hooks) check(*config.hooks, Place(document, "hooks"), problems);
  check_linux(linux_part, Place(document, "linux"), problems);
  // After the mappings, because a mapping may be the actual problem.
  if (config.process) {
    check_mapped(config.process->user, linux_part.uidMappings, linux_part.gidMappings,
                 Place(process, "user"), problems);
  }
  return problems;
}

Result<void> first(Problems problems) {
  std::vector<Error> found = problems.take();
  if (found.empty()) return {};
  return std::move(found.front());
}

}  // namespace

Result<void> validate(const Config& config) {
  return first(problems_of(config));
}

Result<void> validate_mounts(const Config& config) {
  Problems problems;
  const Place document;
  check_added(config.mounts, Place(document, "mounts"), problems);
  return first(std::move(problems));
}

std::vector<Error> all_problems(const Config& config) {
  return problems_of(config).take();
}

Result<void> validate(const Process& process) {
  Problems problems;
  check(process, Place(), problems);
  return first(std::move(problems));
}

Result<void> validate(const Resources& resources) {
  Problems problems;
  check(resources, Place(), problems);
  return first(std::move(problems));
}

// ---- warnings ----------------------------------------------------------------------------------

namespace {

void warn_of_process(const Process& process, const Place& place, std::vector<Error>& said) {
  if (process.capabilities) warn(*process.capabilities, Place(place, "capabilities"), said);
}

std::vector<std::string> messages_of(const std::vector<Error>& said) {
  std::vector<std::string> lines;
  lines.reserve(said.size());
  for (const Error& error : said) lines.push_back(error.message());
  return lines;
}

}  // namespace

std::vector<std::string> warnings(const Process& process) {
  std::vector<Error> said;
  warn_of_process(process, Place(), said);
  return messages_of(said);
}

std::vector<std::string> warnings(const Resources& resources) {
  std::vector<Error> said;
  warn(resources, Place(), said);
  return messages_of(said);
}

std::vector<Error> doubts(const Config& config) {
  std::vector<Error> said;
  const Place document;
  const Place linux_part(document, "linux");
  if (config.linux_ && config.linux_->resources) {
    warn(*config.linux_->resources, Place(linux_part, "resources"), said);
  }
  if (config.process) warn_of_process(*config.process, Place(document, "process"), said);
  warn_of_mounts(config.mounts, Place(document, "mounts"), said);
  return said;
}

std::vector<std::string> warnings(const Config& config) {
  return messages_of(doubts(config));
}

}  // namespace tare::oci

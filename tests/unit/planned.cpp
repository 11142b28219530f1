// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/planned.h"

#include <doctest/doctest.h>

#include "oci/document.h"
#include "oci/validate.h"

namespace tare::runtime::planned {

namespace {

cgroups::Directory v1(const char* name, std::vector<std::string> controllers) {
  return {1, std::string("/sys/fs/cgroup/") + name, "/box", std::move(controllers), 0};
}

}  // namespace

Host v1_host() {
  Host host;
  host.cgroup = {v1("cpu,cpuacct", {"cpu", "cpuacct"}), v1("devices", {"devices"}),
                 v1("memory", {"memory"}), v1("pids", {"pids"}), v1("systemd", {"name=systemd"})};
  return host;
}

Host hybrid_host() {
  Host host = v1_host();
  host.cgroup.push_back({2, "/sys/fs/cgroup/unified", "/box", {}, 0});
  return host;
}

Host v2_host() {
  Host host;
  host.cgroup = {{2, "/sys/fs/cgroup", "/box", {"cpuset", "cpu", "io", "memory", "pids"}, 0}};
  host.cgroup_v2 = true;
  return host;
}

Host bare_host() {
  return {};
}

PlanOptions options() {
  PlanOptions options;
  options.id = "box";
  options.bundle = "/bundle";
  options.rootfs = "/bundle/rootfs";
  return options;
}

std::string document(std::string_view members) {
  std::string text = R"({"ociVersion":"1.2.0")";
  if (members.find("\"root\"") == std::string_view::npos) text += R"(,"root":{"path":"rootfs"})";
  if (members.find("\"process\"") == std::string_view::npos) {
    text += R"(,"process":{"cwd":"/","args":["/bin/true"],"env":["HOME=/"]})";
  }
  if (!members.empty()) text += "," + std::string(members);
  return text + "}";
}

std::string with_mounts(std::string_view linux_members) {
  std::string text = R"("linux":{"namespaces":[{"type":"mount"}])";
  if (!linux_members.empty()) text += "," + std::string(linux_members);
  return text + "}";
}

namespace {

oci::Config decoded(std::string_view members) {
  Result<oci::Config> config = oci::decode_config(document(members));
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message()));
  return std::move(config).value();
}

}  // namespace

oci::Config config(std::string_view members) {
  oci::Config config = decoded(members);
  const Result<void> valid = oci::validate(config);
  REQUIRE_MESSAGE(valid.ok(), (valid.ok() ? "" : valid.error().message()));
  return config;
}

Plan plan(std::string_view members, const Host& host, const PlanOptions& given) {
  Result<Plan> plan = make_plan(config(members), host, given);
  REQUIRE_MESSAGE(plan.ok(), (plan.ok() ? "" : plan.error().message()));
  return std::move(plan).value();
}

Error refusal(std::string_view members) {
  const Result<Plan> plan = make_plan(decoded(members), bare_host(), options());
  REQUIRE(!plan.ok());
  return plan.error();
}

}  // namespace tare::runtime::planned

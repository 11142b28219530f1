// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/labels.h"
#include "runtime/host/security_modules.h"

#include <doctest/doctest.h>
#include <linux/sched.h>

#include <cerrno>

#include "tests/unit/planned.h"
#include "tests/unit/scratch.h"

namespace tare::runtime::planned {

namespace {

Host confining_host() {
  Host host;
  host.apparmor = host.selinux = true;
  return host;
}

constexpr const char* labelled = R"("process":{"cwd":"/","args":["a"],"env":["HOME=/"],
  "apparmorProfile":"docker-default","selinuxLabel":"system_u:system_r:container_t:s0:c1,c2"},
  "linux":{"namespaces":[{"type":"mount"}],"mountLabel":"u:r:t:s0:c1,c2"},
  "mounts":[{"destination":"/proc","type":"proc"},{"destination":"/sys","type":"sysfs"},
    {"destination":"/dev","type":"tmpfs"},{"destination":"/dev/pts","type":"devpts"},
    {"destination":"/dev/mqueue","type":"mqueue"},
    {"destination":"/own","type":"tmpfs","options":["rootcontext=u:r:own:s0"]},
    {"destination":"/data","type":"bind","source":"/data"},
    {"destination":"/sys/fs/cgroup","type":"cgroup"}])";

// The option that gives a mount its label, as KEY=VALUE.
std::string label_of(const Plan& plan, const std::string& destination) {
  for (const auto& mount : all<step::MountFilesystem>(plan)) {
    if (mount.destination.shown != destination) continue;
    for (const auto& [key, value] : mount.data) {
      if (key.ends_with("context")) return key + "=" + value;
    }
    return mount.label.empty() ? "" : "xattr=" + mount.label;
  }
  return "no mount";
}

Error refused_on(const Host& host, const char* members) {
  const Result<Plan> plan = make_plan(config(members), host, options());
  REQUIRE_FALSE(plan.ok());
  return plan.error();
}

}  // namespace

TEST_CASE("AppArmor is on where its parameter says Y") {
  const Scratch root;
  CHECK_FALSE(security_modules(root.fd()).apparmor);
  root.directory("sys/module/apparmor/parameters");
  root.file("sys/module/apparmor/parameters/enabled", "N\n");
  CHECK_FALSE(security_modules(root.fd()).apparmor);
  root.file("sys/module/apparmor/parameters/enabled", "Y\n");
  CHECK(security_modules(root.fd()).apparmor);
  CHECK_FALSE(security_modules(root.fd()).selinux);
}

TEST_CASE("SELinux is on where its file system is mounted") {
  const Scratch root;
  root.directory("sys/fs/selinux");
  CHECK_FALSE(security_modules(root.fd()).selinux);
  root.file("sys/fs/selinux/enforce", "1");
  CHECK(security_modules(root.fd()).selinux);
}

TEST_CASE("an attribute is written beneath its directory, and through no link") {
  const Scratch attributes;
  attributes.file("keycreate");
  attributes.file("elsewhere");
  attributes.link("exec", "elsewhere");
  REQUIRE(write_attribute(attributes.fd(), "keycreate", "u:r:t:s0").ok());
  CHECK(attributes.content("keycreate") == "u:r:t:s0");
  CHECK(write_attribute(attributes.fd(), "exec", "x").error().error == ELOOP);
  CHECK(write_attribute(attributes.fd(), "../exec", "x").error().error == EXDEV);
  CHECK(write_attribute(attributes.fd(), "missing", "x").error().error == ENOENT);
  CHECK(attributes.content("elsewhere").empty());
}

TEST_CASE("the process gets its labels from the stub, before its filter and its new program") {
  const Plan made = plan(labelled, confining_host());
  const auto labels = all<step::SetLabel>(made);
  REQUIRE(labels.size() == 2);
  CHECK(labels[0].file == "apparmor/exec");
  CHECK(labels[0].text == "exec docker-default");
  CHECK(labels[0].read_back == "docker-default");
  CHECK(labels[1].file == "exec");
  CHECK(labels[1].text == "system_u:system_r:container_t:s0:c1,c2");
  const std::size_t opened = positions<step::OpenAttributes>(made).front();
  CHECK(opened < positions<step::SessionKeyring>(made).front());
  CHECK(opened < positions<step::EnterRoot>(made).front());
  CHECK(positions<step::SetLabel>(made).front() < positions<step::SetCapabilities>(made).front());
  CHECK(all<step::SessionKeyring>(made).front().label == labels[1].text);
}

TEST_CASE("the policy is asked for the labels before anything is made") {
  const Plan made = plan(labelled, confining_host());
  const auto asked = all<step::CheckLabel>(made);
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].label == "system_u:system_r:container_t:s0:c1,c2");
  CHECK(asked[1].label == "u:r:t:s0:c1,c2");
  CHECK(positions<step::CheckLabel>(made).back() < positions<step::CloneInit>(made).front());
  CHECK(all<step::CheckLabel>(plan(with_mounts(), confining_host())).empty());
}

TEST_CASE("without labels nothing is opened for them") {
  const Plan made = plan(with_mounts(), confining_host());
  CHECK(positions<step::OpenAttributes>(made).empty());
  CHECK(positions<step::SetLabel>(made).empty());
  CHECK(all<step::SessionKeyring>(made).front().label.empty());
}

TEST_CASE("new file systems get the mount label where the kernel lets them have one") {
  const Plan made = plan(labelled, confining_host());
  CHECK(label_of(made, "/dev") == "context=u:r:t:s0:c1,c2");
  CHECK(label_of(made, "/dev/pts") == "context=u:r:t:s0:c1,c2");
  CHECK(label_of(made, "/dev/mqueue") == "xattr=u:r:t:s0:c1,c2");
  CHECK(label_of(made, "/sys/fs/cgroup") == "context=u:r:t:s0:c1,c2");
  CHECK(label_of(made, "/own") == "rootcontext=u:r:own:s0");
  CHECK(label_of(made, "/proc").empty());
  CHECK(label_of(made, "/sys").empty());
}

TEST_CASE("what is mounted later has the label of what was mounted at first") {
  const Result<Plan> made =
      make_mounts_plan(config(R"("mounts":[{"destination":"/ram","type":"tmpfs"}],
        "linux":{"namespaces":[{"type":"mount"}],"mountLabel":"u:r:t:s0:c1,c2"})"),
                       bare_host(), options(), CLONE_NEWNS, MountsChange::add);
  REQUIRE(made.ok());
  CHECK(label_of(*made, "/ram") == "context=u:r:t:s0:c1,c2");
}

TEST_CASE("an annotation chooses the kind of context") {
  const auto with = [](const std::string& type) {
    return std::string(labelled) + R"(,"annotations":{"run.oci.mount_context_type":")" + type +
           "\"}";
  };
  CHECK(label_of(plan(with("rootcontext"), confining_host()), "/dev") ==
        "rootcontext=u:r:t:s0:c1,c2");
  const Error error = refused_on(confining_host(), with("nocontext").c_str());
  CHECK(error.at == "/annotations/run.oci.mount_context_type");
}

TEST_CASE("labels that the host's kernel cannot enforce are refused by name") {
  const Error profile = refused_on(bare_host(), R"("process":{"cwd":"/","args":["a"],
    "apparmorProfile":"p"})");
  CHECK(profile.message() == "/process/apparmorProfile: apparmor is not enabled on this host");
  const Error label = refused_on(bare_host(), R"("process":{"cwd":"/","args":["a"],
    "selinuxLabel":"u:r:t:s0"})");
  CHECK(label.message() == "/process/selinuxLabel: selinux is not enabled on this host");
  const Error mount = refused_on(bare_host(), R"("linux":{"mountLabel":"u:r:t:s0"})");
  CHECK(mount.message() == "/linux/mountLabel: selinux is not enabled on this host");
}

}  // namespace tare::runtime::planned

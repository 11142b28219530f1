// SPDX-License-Identifier: Apache-2.0
//
// Plans of callers without privilege over the host: an ordinary user, and the root of a user
// namespace.
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/mount.h>

#include "tests/unit/planned.h"

namespace tare::runtime::planned {

namespace {

Host ordinary_user() {
  Host host;
  host.uid = 1000;
  host.gid = 2000;
  host.capabilities = 0;
  host.rootless = true;
  host.takes_trees = false;
  return host;
}

Host root_of_a_user_namespace() {
  Host host;
  host.rootless = true;
  host.in_user_namespace = true;
  return host;
}

std::string mapped(std::string_view uids, std::string_view gids, std::string_view more = "",
                   std::string_view namespaces = "") {
  return std::string(R"("linux":{"namespaces":[{"type":"user"},{"type":"mount"})") +
         std::string(namespaces) + R"(],"uidMappings":[)" + std::string(uids) +
         R"(],"gidMappings":[)" + std::string(gids) + "]" + std::string(more) + "}";
}

constexpr const char* own_uid = R"({"containerID":0,"hostID":1000,"size":1})";
constexpr const char* own_gid = R"({"containerID":0,"hostID":2000,"size":1})";
constexpr const char* range = R"({"containerID":0,"hostID":100000,"size":65536})";

step::WriteMappings mappings(const std::string& members, const Host& host) {
  return all<step::WriteMappings>(plan(members, host)).front();
}

Error refused(const std::string& members, const Host& host) {
  const Result<Plan> made = make_plan(config(members), host, options());
  REQUIRE(!made.ok());
  return made.error();
}

}  // namespace

TEST_CASE(
    "device rules may fail only if tare itself has no privilege, whatever the container has") {
  const auto may_fail = [](const Host& host) {
    return all<step::RestrictDevices>(plan(mapped(range, range), host)).front().may_fail;
  };
  Host host = hybrid_host();
  CHECK_FALSE(may_fail(host));
  host.in_user_namespace = true;
  CHECK(may_fail(host));
  host.in_user_namespace = false;
  host.rootless = true;
  CHECK(may_fail(host));
}

TEST_CASE("a single own id is written by the user, and setgroups is denied for it") {
  const auto write = mappings(mapped(own_uid, own_gid), ordinary_user());
  CHECK(write.uids == step::MapWriter::self);
  CHECK(write.gids == step::MapWriter::self);
  CHECK(write.deny_groups);
}

TEST_CASE("everything else is written by the helpers, each kind for itself") {
  auto write = mappings(mapped(range, range), ordinary_user());
  CHECK(write.uids == step::MapWriter::helper);
  CHECK(write.gids == step::MapWriter::helper);
  CHECK(!write.deny_groups);
  write = mappings(mapped(own_uid, range), ordinary_user());
  CHECK(write.uids == step::MapWriter::self);
  CHECK(write.gids == step::MapWriter::helper);
  CHECK(!write.deny_groups);
  // Somebody else's single id is no own one.
  write = mappings(mapped(own_gid, own_uid), ordinary_user());
  CHECK(write.uids == step::MapWriter::helper);
  CHECK(write.gids == step::MapWriter::helper);
}

TEST_CASE("root writes all maps itself and denies nothing") {
  for (const Host& host : {bare_host(), root_of_a_user_namespace()}) {
    const auto write = mappings(mapped(range, range), host);
    CHECK(write.uids == step::MapWriter::self);
    CHECK(write.gids == step::MapWriter::self);
    CHECK(!write.deny_groups);
  }
}

TEST_CASE("only for a user who writes its maps init stays dumpable, and the stub is readable") {
  const Plan user = plan(mapped(own_uid, own_gid), ordinary_user());
  CHECK(user.mapped_by_user);
  CHECK(user.stub_is_readable);
  const Plan root = plan(mapped(range, range), root_of_a_user_namespace());
  CHECK(!root.mapped_by_user);
  CHECK(!root.stub_is_readable);
  const Plan joins =
      plan(R"("linux":{"namespaces":[{"type":"user","path":"/u"}]})", ordinary_user());
  CHECK(!joins.mapped_by_user);
}

TEST_CASE("what is written about init comes before init is hidden") {
  const std::string process =
      R"(,"process":{"cwd":"/","args":["a"],"env":["HOME=/"],"oomScoreAdj":5})";
  const Plan made = plan(mapped(own_uid, own_gid) + process, ordinary_user());
  const auto score = positions<step::OomScoreAdj>(made).front();
  const auto maps = positions<step::WriteMappings>(made).front();
  CHECK(score < maps);
  const auto root = positions<step::BecomeRoot>(made).front();
  CHECK(made.steps[root].after == static_cast<int>(maps));
}

TEST_CASE("groups are refused where setgroups is denied") {
  const std::string process =
      R"(,"process":{"cwd":"/","args":["a"],"user":{"uid":0,"gid":0,"additionalGids":[0]}})";
  CHECK(refused(mapped(own_uid, own_gid) + process, ordinary_user()).at ==
        "/process/user/additionalGids");
  Host denied = root_of_a_user_namespace();
  denied.groups_are_denied = true;
  CHECK(refused(mapped(range, range) + process, denied).at == "/process/user/additionalGids");
  CHECK(plan("\"root\":{\"path\":\"rootfs\"}", denied).groups_are_denied);
}

TEST_CASE("an ordinary user needs a user namespace") {
  const Error error = refused(with_mounts(), ordinary_user());
  CHECK(error.at == "/linux/namespaces");
  CHECK(error.hint.find("spec --rootless") != std::string::npos);
}

TEST_CASE("who may not clone mounts leaves all trees to init, before it mounts any") {
  const std::string members =
      mapped(own_uid, own_gid) +
      R"(,"mounts":[{"destination":"/a","source":"/host/a","options":["bind"]}])";
  const Plan made = plan(members, ordinary_user());
  const auto trees = positions<step::OpenTree>(made);
  REQUIRE(trees.size() == 8);  // the root, the source, six devices
  for (const std::size_t tree : trees) {
    CHECK(made.steps[tree].actor == Actor::init);
    CHECK(tree > positions<step::HostPropagation>(made).front());
    CHECK(tree < positions<step::AttachRoot>(made).front());
    CHECK(tree < positions<step::BecomeRoot>(made).front());
  }
  for (const std::size_t tree : positions<step::OpenTree>(plan(members))) {
    CHECK(plan(members).steps[tree].actor == Actor::host);
  }
}

TEST_CASE("owners cannot be mapped by who may not clone mounts") {
  const std::string members =
      mapped(range, range) +
      R"(,"mounts":[{"destination":"/a","source":"/host/a","options":["bind","idmap"]}])";
  CHECK(refused(members, ordinary_user()).at == "/mounts/0/options");
}

TEST_CASE("a user joins the user namespace first, root last") {
  const std::string members =
      R"("linux":{"namespaces":[{"type":"network","path":"/n"},{"type":"user","path":"/u"}]})";
  CHECK(all<step::JoinNamespace>(plan(members, ordinary_user())).front().path == "/u");
  CHECK(all<step::JoinNamespace>(plan(members)).front().path == "/n");
}

TEST_CASE("a user's stage is in the new user namespace already") {
  const std::string members =
      mapped(own_uid, own_gid, R"(,"timeOffsets":{"boottime":{"secs":1}})", R"(,{"type":"time"})");
  Plan made = plan(members, ordinary_user());
  CHECK(all<step::CloneStage>(made).front().namespaces == CLONE_NEWUSER);
  CHECK((all<step::CloneInit>(made).front().namespaces & CLONE_NEWUSER) == 0);
  made = plan(members);
  CHECK(all<step::CloneStage>(made).front().namespaces == 0);
  CHECK((all<step::CloneInit>(made).front().namespaces & CLONE_NEWUSER) != 0);
}

TEST_CASE("device nodes cannot be made in any user namespace but the first") {
  CHECK(positions<step::MakeDevice>(plan(with_mounts(), root_of_a_user_namespace())).empty());
  CHECK(positions<step::MakeDevice>(plan(mapped(range, range))).empty());
  CHECK(positions<step::BindDevice>(plan(with_mounts())).empty());
}

TEST_CASE("in a user namespace the host's sysfs is bound read-only where no new one may be made") {
  const std::string mounts =
      R"(,"mounts":[{"destination":"/sys","type":"sysfs","options":["nosuid"]},
                    {"destination":"/proc","type":"proc"}])";
  auto made = all<step::MountFilesystem>(plan(mapped(range, range) + mounts));
  REQUIRE(made.size() == 2);
  CHECK(made[0].fallback == "/sys");
  CHECK(made[0].fallback_attributes.tree.set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY));
  CHECK(made[1].fallback == "/proc");  // the pid namespace is the host's
  made = all<step::MountFilesystem>(plan(mapped(range, range, "", R"(,{"type":"pid"})") + mounts));
  CHECK(made[1].fallback.empty());
  made = all<step::MountFilesystem>(plan(with_mounts() + mounts));
  CHECK(made[0].fallback.empty());
  CHECK(made[1].fallback.empty());
}

}  // namespace tare::runtime::planned

// SPDX-License-Identifier: Apache-2.0
//
// What holds for every plan, and the order that keeps a container closed.
#include <doctest/doctest.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "oci/document.h"
#include "tests/unit/planned.h"

namespace tare::runtime::planned {

namespace {

// ---- a pointer into a document of ours, which has no blanks
// --------------------------------------

std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; json[at] != '"'; ++at) at += json[at] == '\\' ? 1 : 0;
  return at + 1;
}

// Where the value that begins at `at` ends.
std::size_t value_end(std::string_view json, std::size_t at) {
  if (json[at] == '"') return string_end(json, at);
  if (json[at] != '{' && json[at] != '[') return json.find_first_of(",]}", at);
  int depth = 0;
  do {
    if (json[at] == '"') {
      at = string_end(json, at);
      continue;
    }
    depth += json[at] == '{' || json[at] == '[' ? 1 : json[at] == '}' || json[at] == ']' ? -1 : 0;
    ++at;
  } while (depth > 0);
  return at;
}

std::optional<std::size_t> child(std::string_view json, std::size_t at, const std::string& token) {
  const bool object = json[at] == '{';
  if (!object && json[at] != '[') return std::nullopt;
  for (std::size_t index = 0; json[++at] != '}' && json[at] != ']'; ++index) {
    bool wanted = !object && token == std::to_string(index);
    if (object) {
      const std::size_t end = string_end(json, at);
      wanted = json.substr(at + 1, end - at - 2) == token;
      at = end + 1;
    }
    if (wanted) return at;
    at = value_end(json, at);
    if (json[at] != ',') break;
  }
  return std::nullopt;
}

std::string unescaped(std::string_view token) {
  std::string key;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~') {
      key += token[++i] == '1' ? '/' : '~';
    } else {
      key += token[i];
    }
  }
  return key;
}

bool points_to_something(std::string_view json, std::string_view pointer) {
  std::optional<std::size_t> at = 0;
  for (const std::string_view token : split(pointer.substr(1), '/')) {
    if (at) at = child(json, *at, unescaped(token));
  }
  return at.has_value();
}

// Steps that are also taken where the document leaves their member to its default.
const std::set<std::string> defaults = {
    "/linux/cgroupsPath",
    "/linux/namespaces",
    "/linux/resources/devices",
    "/linux/resources",
    "/linux/rootfsPropagation",
    "/process/capabilities/bounding",
    "/process/capabilities",
    "/process/env",
    "/process/user/umask",
    "/process/user",
    "/mounts",
};

void check_rules(const Plan& plan, const oci::Config& config) {
  const std::string json = oci::encode(config);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const Step& step = plan.steps[i];
    INFO("step ", i, " ", describe(step.action), " ", step.origin);
    if (step.after != no_step) {
      REQUIRE(step.after >= 0);
      REQUIRE(static_cast<std::size_t>(step.after) < i);
      CHECK(plan.steps[static_cast<std::size_t>(step.after)].actor != step.actor);
      CHECK(plan.steps[static_cast<std::size_t>(step.after)].is_awaited);
    }
    CHECK(calls(step.action)[0] != '\0');
    CHECK_FALSE(describe(step.action).empty());
    if (step.origin.empty() || defaults.contains(step.origin)) continue;
    CHECK(points_to_something(json, step.origin));
  }
}

constexpr const char* everything = R"(
  "hostname":"h","domainname":"d","root":{"path":"rootfs","readonly":true},
  "process":{"cwd":"/w","args":["p"],"env":["A=b"],"user":{"uid":1,"gid":2,"umask":0},
    "capabilities":{"bounding":["CAP_KILL"]},"noNewPrivileges":true,"oomScoreAdj":5,
    "rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":2},{"type":"RLIMIT_CORE","soft":1,"hard":2}],
    "scheduler":{"policy":"SCHED_OTHER"},"ioPriority":{"class":"IOPRIO_CLASS_IDLE"}},
  "mounts":[{"destination":"/proc","type":"proc"},{"destination":"/sys","type":"sysfs"},
    {"destination":"/sys/fs/cgroup","type":"cgroup"},{"destination":"/tmp","type":"tmpfs",
    "options":["ro"]},{"destination":"/b","type":"bind","source":"/b"}],
  "hooks":{"prestart":[{"path":"/1"}],"createRuntime":[{"path":"/2"},{"path":"/3"}],
    "createContainer":[{"path":"/4"}],"startContainer":[{"path":"/5"}]},
  "linux":{"namespaces":[{"type":"mount"},{"type":"uts"},{"type":"ipc"},{"type":"cgroup"},
      {"type":"pid"},{"type":"network"},{"type":"time"}],
    "timeOffsets":{"monotonic":{"secs":1}},"personality":{"domain":"LINUX32"},
    "rootfsPropagation":"shared","cgroupsPath":"/a/b",
    "resources":{"memory":{"limit":99999},"devices":[{"allow":false,"access":"rwm"}]},
    "sysctl":{"kernel.msgmax":"1","net/ipv4/ip_forward":"1"},
    "devices":[{"path":"/dev/x","type":"c","major":1,"minor":2}],
    "maskedPaths":["/proc/kcore","/sys/firmware"],"readonlyPaths":["/proc/sys","/proc/irq"],
    "seccomp":{"defaultAction":"SCMP_ACT_ALLOW"}})";

std::size_t only(const std::vector<std::size_t>& positions) {
  REQUIRE(positions.size() == 1);
  return positions.front();
}

template <class Type>
std::size_t only(const Plan& plan) {
  return only(positions<Type>(plan));
}

template <class First, class Second>
bool before(const Plan& plan) {
  const auto first = positions<First>(plan);
  const auto second = positions<Second>(plan);
  REQUIRE_FALSE(first.empty());
  REQUIRE_FALSE(second.empty());
  return first.back() < second.front();
}

std::string user_namespace(const std::string& more) {
  return R"("linux":{"namespaces":[{"type":"mount"},{"type":"user"})" + more + R"(],
    "uidMappings":[{"containerID":0,"hostID":1000,"size":2}],
    "gidMappings":[{"containerID":0,"hostID":2000,"size":3},{"containerID":3,"hostID":9,"size":1}]})";
}

}  // namespace

TEST_CASE("the search for pointers finds what is there and nothing else") {
  const std::string json = R"({"a":{"b/c":[1,{"d":"]}\""},[]],"e~":true},"f":[]})";
  for (const char* there :
       {"/a", "/a/b~1c", "/a/b~1c/0", "/a/b~1c/1/d", "/a/b~1c/2", "/a/e~0", "/f"})
    CHECK_MESSAGE(points_to_something(json, there), there);
  for (const char* missing : {"/b", "/a/b", "/a/b~1c/3", "/f/0", "/a/e~0/x", "/a/b~1c/1/e", "/"})
    CHECK_FALSE_MESSAGE(points_to_something(json, missing), missing);
}

TEST_CASE("a step waits only for an earlier step of another actor, and names its place") {
  for (const Host& host : {v1_host(), hybrid_host(), v2_host(), bare_host()}) {
    for (const bool waits : {true, false}) {
      PlanOptions given = options();
      given.waits_for_start = waits;
      check_rules(plan(everything, host, given), config(everything));
      for (const char* joined :
           {"", R"(,{"type":"network","path":"/n"})", R"(,{"type":"pid","path":"/n"})",
            R"(,{"type":"time","path":"/n"})"}) {
        const std::string members = user_namespace(joined);
        check_rules(plan(members, host, given), config(members));
      }
    }
  }
}

TEST_CASE("the same document gives the same plan") {
  CHECK(print_plan(plan(everything, v1_host())) == print_plan(plan(everything, v1_host())));
}

TEST_CASE("what the host takes comes before it clones anything") {
  const Plan made = plan(everything, v1_host());
  CHECK(before<step::OpenTree, step::CloneStage>(made));
  CHECK(before<step::CloneStage, step::TimeOffsets>(made));
  CHECK(before<step::TimeOffsets, step::CloneInit>(made));
}

namespace {

// All trees are the host's, between the steps to init's copy of the mounts and back.
bool takes_trees_in_copy(const Plan& made) {
  const auto enter = positions<step::EnterMountCopy>(made);
  const auto leave = positions<step::LeaveMountCopy>(made);
  if (enter.size() != 1 || leave.size() != 1) return false;
  return std::ranges::all_of(positions<step::OpenTree>(made), [&](std::size_t tree) {
    return made.steps[tree].actor == Actor::host && enter[0] < tree && tree < leave[0];
  });
}

int waits_for(const Plan& made, std::size_t step) {
  return made.steps[step].after;
}

std::string joins(const std::string& more) {
  return R"("linux":{"namespaces":[{"type":"user","path":"/u"},)" + more + R"(]},"mounts":[
    {"destination":"/a","type":"bind","source":"/a","options":["idmap"]}])";
}

}  // namespace

TEST_CASE("with a user namespace the trees are taken from init's copy before init changes it") {
  const Plan made = plan(user_namespace(""));
  CHECK(takes_trees_in_copy(made));
  CHECK(before<step::CloneInit, step::EnterMountCopy>(made));
  CHECK_FALSE(all<step::EnterMountCopy>(made).front().keeps_root);
  // The word of the mappings brings them: none more is sent.
  const auto maps = static_cast<int>(positions<step::WriteMappings>(made).front());
  CHECK(before<step::LeaveMountCopy, step::WriteMappings>(made));
  CHECK(waits_for(made, positions<step::HostPropagation>(made).front()) == maps);
  CHECK(waits_for(made, positions<step::AttachRoot>(made).front()) == maps);
}

TEST_CASE("with a stage that is so when it has cloned init") {
  const Plan made = plan(user_namespace(R"(,{"type":"network","path":"/n"})"));
  CHECK(takes_trees_in_copy(made));
  const auto enter = positions<step::EnterMountCopy>(made).front();
  CHECK(waits_for(made, enter) == static_cast<int>(positions<step::CloneInit>(made).front()));
}

TEST_CASE("without a user namespace, or without mounts of its own, nobody enters a copy") {
  for (const std::string& members :
       {with_mounts(), std::string(R"("linux":{"namespaces":[{"type":"user","path":"/u"}]})")}) {
    const Plan made = plan(members);
    CHECK(positions<step::EnterMountCopy>(made).empty());
    CHECK(positions<step::LeaveMountCopy>(made).empty());
  }
}

TEST_CASE("owners are mapped when the tree is taken, and before init gets it") {
  const Plan made = plan(joins(R"({"type":"mount"})"));
  CHECK(takes_trees_in_copy(made));
  CHECK(before<step::EnterMountCopy, step::MapTree>(made));
  CHECK(before<step::MapTree, step::LeaveMountCopy>(made));
}

TEST_CASE("with a joined user namespace init waits for the trees alone, and a chroot is kept") {
  const Plan made = plan(joins(R"({"type":"mount"})"));
  CHECK(all<step::EnterMountCopy>(made).front().keeps_root);
  const auto leave = static_cast<int>(positions<step::LeaveMountCopy>(made).front());
  CHECK(waits_for(made, positions<step::HostPropagation>(made).front()) == leave);
  CHECK(waits_for(made, positions<step::AttachRoot>(made).front()) == leave);
}

TEST_CASE("init joins other mounts only when the trees are taken from its copy") {
  const Plan made = plan(joins(R"({"type":"mount","path":"/m"})"));
  CHECK(takes_trees_in_copy(made));
  CHECK((all<step::CloneInit>(made).front().namespaces & CLONE_NEWNS) != 0);
  const auto leave = static_cast<int>(positions<step::LeaveMountCopy>(made).front());
  const auto joined = positions<step::JoinNamespace>(made);
  REQUIRE(joined.size() == 2);
  CHECK(made.steps[joined[0]].actor == Actor::stage);
  CHECK(std::get<step::JoinNamespace>(made.steps[joined[0]].action).type ==
        oci::NamespaceType::user);
  CHECK(made.steps[joined[1]].actor == Actor::init);
  CHECK(waits_for(made, joined[1]) == leave);
}

TEST_CASE("who may not enter the copy leaves the trees to init") {
  for (const int missing : {CAP_SYS_PTRACE, CAP_SYS_CHROOT}) {
    Host host;
    host.capabilities &= ~(std::uint64_t{1} << missing);
    const Plan made = plan(user_namespace(""), host);
    CHECK(positions<step::EnterMountCopy>(made).empty());
    for (const std::size_t tree : positions<step::OpenTree>(made)) {
      CHECK(made.steps[tree].actor == Actor::init);
      CHECK(tree < positions<step::AttachRoot>(made).front());
    }
    const Result<Plan> mapped =
        make_plan(config(user_namespace("") + R"(,"mounts":[{"destination":"/a","type":"bind",
        "source":"/a","options":["idmap"]}])"),
                  host, options());
    REQUIRE(!mapped.ok());
    CHECK(mapped.error().at == "/mounts/0/options");
    CHECK(mapped.error().what.find("CAP_SYS_PTRACE") != std::string::npos);
  }
}

TEST_CASE("a link that is copied is read before init exists, which has its text then") {
  const Plan made = plan(user_namespace("") + R"(,"mounts":[{"destination":"/a","type":"bind",
    "source":"/a","options":["copy-symlink"]}])");
  CHECK(before<step::ReadLink, step::CloneInit>(made));
  const Slot slot = all<step::ReadLink>(made).front().slot;
  for (const auto& tree : all<step::OpenTree>(made)) {
    CHECK((tree.slot == slot) == (tree.path == "/a"));
  }
}

TEST_CASE("kernel parameters are set before /proc/sys becomes read-only") {
  const Plan made = plan(everything);
  CHECK(before<step::WriteSysctl, step::ReadonlyPath>(made));
}

TEST_CASE("paths are protected after the hooks, which may mount, and before the root is entered") {
  const Plan made = plan(everything);
  CHECK(before<step::MountFilesystem, step::RunHook>(made));
  CHECK(before<step::RunHook, step::MaskPath>(made));
  CHECK(before<step::RunHook, step::ReadonlyPath>(made));
  CHECK(before<step::MaskPath, step::EnterRoot>(made));
  CHECK(before<step::ReadonlyPath, step::EnterRoot>(made));
  CHECK(before<step::MaskPath, step::VerifyMounts>(made));
}

TEST_CASE("what is read-only is sealed after everything beneath is made") {
  const Plan made = plan(everything);
  CHECK(before<step::MountFilesystem, step::SealMount>(made));
  CHECK(before<step::MakeDevice, step::SealMount>(made));
  CHECK(before<step::MaskPath, step::SealMount>(made));
  CHECK(before<step::MakeDirectory, step::SealMount>(made));
  CHECK(before<step::SealMount, step::EnterRoot>(made));
  CHECK(all<step::SealMount>(made).back().destination.shown == "/");
}

TEST_CASE("a shared root becomes so after pivot_root, which would refuse it") {
  const Plan made = plan(everything);
  CHECK(before<step::EnterRoot, step::RootPropagation>(made));
  CHECK(all<step::RootPropagation>(made).front().flags == MS_SHARED);
  CHECK(all<step::AttachRoot>(made).front().isolate_parent);
}

TEST_CASE("the container's program comes last, and privileges go in an order that works") {
  const Plan made = plan(everything);
  CHECK(only<step::Execute>(made) == made.steps.size() - 1);
  CHECK(before<step::EnterRoot, step::EnterStub>(made));
  CHECK(before<step::EnterStub, step::EnterDirectory>(made));
  CHECK(before<step::SetRlimit, step::SetUser>(made));
  CHECK(before<step::DropBounding, step::SetUser>(made));
  CHECK(before<step::SetUser, step::FindProgram>(made));
  CHECK(before<step::SetUser, step::SetCapabilities>(made));
  CHECK(before<step::SetCapabilities, step::NoNewPrivileges>(made));
  CHECK(before<step::NoNewPrivileges, step::LoadSeccomp>(made));
}

TEST_CASE("with no_new_privs the filter needs no capability; without, it takes CAP_SYS_ADMIN") {
  const std::string process = R"(,"process":{"cwd":"/","args":["p"],"noNewPrivileges":)";
  const std::string filter = R"("linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW"}})";
  const Plan with = plan(filter + process + "true}");
  CHECK(all<step::LoadSeccomp>(with).front().raise == 0);
  const Plan without = plan(filter + process + "false}");
  CHECK(all<step::NoNewPrivileges>(without).empty());
  CHECK((all<step::LoadSeccomp>(without).front().raise >> CAP_SYS_ADMIN & 1) == 1);
}

TEST_CASE("createRuntime hooks wait for the mounts, and init waits for the hooks") {
  const Plan made = plan(everything);
  const auto hooks = positions<step::RunHook>(made);
  REQUIRE(hooks.size() == 4);
  for (std::size_t i = 0; i < 3; ++i) CHECK(made.steps[hooks[i]].actor == Actor::host);
  const Step& first = made.steps[hooks[0]];
  const auto mounts = positions<step::MountFilesystem>(made);
  REQUIRE(first.after != no_step);
  CHECK(static_cast<std::size_t>(first.after) >= mounts.back());
  const Step& container = made.steps[hooks[3]];
  CHECK(container.actor == Actor::init);
  CHECK(container.after == static_cast<int>(hooks[2]));
}

TEST_CASE("init waits for its ids before it becomes root of its user namespace") {
  const Plan made = plan(user_namespace(""));
  const std::size_t mappings = only<step::WriteMappings>(made);
  CHECK(made.steps[only<step::BecomeRoot>(made)].after == static_cast<int>(mappings));
  CHECK(made.steps[mappings].actor == Actor::host);
  const auto maps = all<step::WriteMappings>(made).front();
  CHECK(maps.uid_map == "0 1000 2\n");
  CHECK(maps.gid_map == "0 2000 3\n3 9 1\n");
}

TEST_CASE("where a stage clones init, ids are mapped when it has done so") {
  const Plan made = plan(user_namespace(R"(,{"type":"network","path":"/n"})"));
  const std::size_t clone = only<step::CloneInit>(made);
  CHECK(made.steps[clone].actor == Actor::stage);
  CHECK(made.steps[only<step::WriteMappings>(made)].after == static_cast<int>(clone));
}

TEST_CASE("a user namespace is joined last") {
  const Plan made = plan(R"("linux":{"namespaces":[{"type":"user","path":"/u"},
    {"type":"mount","path":"/m"},{"type":"network","path":"/n"}]})");
  const auto joins = all<step::JoinNamespace>(made);
  REQUIRE(joins.size() == 3);
  // But for the mounts, which init leaves the host's for when it has the trees.
  CHECK(joins[0].type == oci::NamespaceType::network);
  CHECK(joins[1].type == oci::NamespaceType::user);
  CHECK(joins[2].type == oci::NamespaceType::mount);
  CHECK(before<step::OpenNamespace, step::JoinNamespace>(made));
}

namespace {

bool plans_stage_with_hook(const std::string& kind) {
  const Plan made = plan(R"("linux":{"namespaces":[{"type":"pid","path":"/p"}]},"hooks":{")" +
                         kind + R"(":[{"path":"/bin/true"}]})");
  return !positions<step::CloneStage>(made).empty();
}

}  // namespace

TEST_CASE("a kernel that makes a procfs only from inside its pid namespace needs a stage") {
  const auto stages = [](bool takes_pids, const std::string& mounts) {
    Host host = bare_host();
    host.takes_pids_of_procfs = takes_pids;
    return positions<step::CloneStage>(
        plan(R"("linux":{"namespaces":[{"type":"pid","path":"/p"},{"type":"mount"}]},"mounts":[)" +
                 mounts + "]",
             host));
  };
  const std::string procfs = R"({"destination":"/proc","type":"proc","source":"proc"})";
  CHECK(stages(false, procfs).size() == 1);
  CHECK(stages(false, R"({"destination":"/run","type":"tmpfs","source":"tmpfs"})").empty());
  CHECK(stages(true, procfs).empty());
}

TEST_CASE("a stage is there only where init cannot join itself") {
  const auto stages = [](const std::string& namespaces, const std::string& more = {}) {
    return positions<step::CloneStage>(
        plan("\"linux\":{\"namespaces\":[" + namespaces + "]" + more + "}"));
  };
  const std::string joined = R"({"type":"pid","path":"/p"})";
  CHECK(stages(R"({"type":"pid"},{"type":"network","path":"/n"},{"type":"ipc","path":"/i"})")
            .empty());
  CHECK(stages(R"({"type":"time"})").empty());
  CHECK(stages(joined).empty());
  CHECK(stages(joined, R"(,"resources":{"pids":{"limit":1}})").size() == 1);
  CHECK(plans_stage_with_hook("createRuntime"));
  CHECK(plans_stage_with_hook("createContainer"));
  CHECK(plans_stage_with_hook("prestart"));
  CHECK(!plans_stage_with_hook("startContainer"));
  CHECK(!plans_stage_with_hook("poststart"));
  CHECK(stages(R"({"type":"time","path":"/p"})").size() == 1);
  CHECK(stages(R"({"type":"user","path":"/p"})").size() == 1);
}

TEST_CASE("init is cloned into its new namespaces at once, but for the cgroup's") {
  const Plan made = plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"pid"},{"type":"uts"},
    {"type":"ipc"},{"type":"network"},{"type":"cgroup"},{"type":"time"}]})");
  CHECK(all<step::CloneInit>(made).front().namespaces ==
        (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWTIME));
  CHECK(positions<step::NewCgroupNamespace>(made).size() == 1);
  CHECK(positions<step::LoopbackUp>(made).size() == 1);
}

TEST_CASE("init is in its cgroup before it makes the namespace that is rooted there") {
  for (const Host& host : {v1_host(), hybrid_host(), v2_host()}) {
    const Plan made = plan(everything, host);
    CHECK(before<step::EnterCgroup, step::NewCgroupNamespace>(made));
    const std::size_t rooted = only<step::NewCgroupNamespace>(made);
    for (const std::size_t mount : positions<step::MountFilesystem>(made)) {
      const auto& type = std::get<step::MountFilesystem>(made.steps[mount].action).type;
      if (type.starts_with("cgroup")) CHECK(rooted < mount);
    }
  }
}

namespace {

// The versions that the host makes before it clones init, and after.
struct CgroupsMade {
  std::vector<cgroups::Versions> before, after;
};

CgroupsMade cgroups_made(const std::string& members, const Host& host) {
  const Plan made = plan(members, host);
  CgroupsMade found;
  for (const std::size_t i : positions<step::MakeCgroup>(made)) {
    const bool is_after = i > only<step::CloneInit>(made);
    const auto versions = std::get<step::MakeCgroup>(made.steps[i].action).versions;
    (is_after ? found.after : found.before).push_back(versions);
  }
  return found;
}

}  // namespace

TEST_CASE("v1 cgroups are made while init works, unless the host takes a mount from them") {
  using enum cgroups::Versions;
  using Made = std::vector<cgroups::Versions>;
  const std::string plain = R"("linux":{"namespaces":[{"type":"mount"},{"type":"cgroup"}]})";
  CHECK(cgroups_made(plain, v2_host()).before == Made{all});
  CHECK(cgroups_made(plain, v1_host()).after == Made{v1});
  CHECK(cgroups_made(plain, v1_host()).before.empty());
  CHECK(cgroups_made(plain, hybrid_host()).before == Made{v2});
  CHECK(cgroups_made(plain, hybrid_host()).after == Made{v1});
  const std::string mounts = R"("linux":{"namespaces":[{"type":"mount"}]},"mounts":[{
    "destination":"/sys/fs/cgroup",)";
  for (const char* mount : {R"("type":"cgroup","source":"cgroup"}])",
                            R"("type":"bind","source":"/sys/fs/cgroup/cpu/box",
                               "options":["bind"]}])"}) {
    CHECK(cgroups_made(mounts + mount, hybrid_host()).before == Made{all});
    CHECK(cgroups_made(mounts + mount, hybrid_host()).after.empty());
  }
}

TEST_CASE("init does not enter a v1 cgroup whose device rules are half written") {
  for (const Host& host : {v1_host(), hybrid_host()}) {
    const Plan made = plan("\"linux\":{}", host);
    const Step& enter = made.steps[only<step::EnterCgroup>(made)];
    CHECK(enter.after == static_cast<int>(only<step::RestrictDevices>(made)));
  }
  const Plan made = plan("\"linux\":{}", v2_host());
  CHECK(made.steps[only<step::EnterCgroup>(made)].after == no_step);
}

TEST_CASE("a v2 cgroup is given to the user of a container that may divide it") {
  const auto owners = [](const std::string& namespaces, const std::string& options,
                         const Host& host) {
    std::vector<std::uint32_t> uids;
    const std::string members =
        R"("process":{"cwd":"/","args":["p"],"user":{"uid":7,"gid":7}},"mounts":[)"
        R"({"destination":"/sys/fs/cgroup","type":"cgroup","source":"cgroup","options":[)" +
        options + R"(]}],"linux":{"uidMappings":[{"containerID":0,"hostID":1000,"size":10}],)" +
        R"("gidMappings":[{"containerID":0,"hostID":1000,"size":10}],"namespaces":[)" + namespaces +
        R"({"type":"mount"}]})";
    for (const auto& given : all<step::DelegateCgroup>(plan(members, host))) {
      uids.push_back(given.uid);
    }
    return uids;
  };
  const std::string user = R"({"type":"cgroup"},{"type":"user"},)";
  CHECK(owners(user, "", v2_host()) == std::vector<std::uint32_t>{1007});
  CHECK(owners(user, R"("ro")", v2_host()).empty());
  CHECK(owners(user, "", hybrid_host()).empty());
  CHECK(owners(R"({"type":"user"},)", "", v2_host()).empty());
}

TEST_CASE("on a host with v2 init is born in its cgroup") {
  CHECK(all<step::CloneInit>(plan("\"linux\":{}", v2_host())).front().into_cgroup);
  CHECK(all<step::CloneInit>(plan("\"linux\":{}", hybrid_host())).front().into_cgroup);
  CHECK_FALSE(all<step::CloneInit>(plan("\"linux\":{}", v1_host())).front().into_cgroup);
  CHECK_FALSE(all<step::CloneInit>(plan("\"linux\":{}")).front().into_cgroup);
}

TEST_CASE("limits of a user namespace's process are set by a host that may") {
  const std::string members = user_namespace("") + R"(,"process":{"cwd":"/","args":["p"],
    "rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":2}]})";
  const auto actor = [&](const Host& host) {
    const Plan made = plan(members, host);
    return made.steps[only<step::SetRlimit>(made)].actor;
  };
  Host host;
  CHECK(actor(host) == Actor::host);
  host.capabilities &= ~(std::uint64_t{1} << CAP_SYS_RESOURCE);
  CHECK(actor(host) == Actor::stub);
}

TEST_CASE("capabilities are cut to what the kernel would grant") {
  const std::string members = R"("process":{"cwd":"/","args":["p"],"capabilities":{
    "bounding":["CAP_KILL","CAP_CHOWN","CAP_NET_RAW"],"permitted":["CAP_KILL","CAP_NET_RAW"],
    "effective":["CAP_KILL","CAP_CHOWN"],"inheritable":["CAP_KILL","CAP_FOWNER"],
    "ambient":["CAP_KILL","CAP_NET_RAW"]}})";
  const auto bit = [](int capability) { return std::uint64_t{1} << capability; };
  Host host;
  host.capabilities = ~bit(CAP_NET_RAW);
  const Plan made = plan(members, host);
  const auto sets = all<step::SetCapabilities>(made).front();
  CHECK(all<step::DropBounding>(made).front().keep == (bit(CAP_KILL) | bit(CAP_CHOWN)));
  CHECK(sets.permitted == bit(CAP_KILL));
  CHECK(sets.effective == bit(CAP_KILL));
  CHECK(sets.inheritable == bit(CAP_KILL));
  CHECK(sets.ambient == bit(CAP_KILL));
}

TEST_CASE("a process without capabilities in its document gets none") {
  const auto sets = all<step::SetCapabilities>(plan("\"linux\":{}")).front();
  CHECK((sets.permitted | sets.effective | sets.inheritable | sets.ambient) == 0);
}

TEST_CASE("of several variables with one name the last counts, at the place of the first") {
  const Plan made =
      plan(R"("process":{"cwd":"/","args":["p"],"env":["A=1","B=2","A=3","HOME=/x"]})");
  CHECK(made.env == std::vector<std::string>{"A=3", "B=2", "HOME=/x"});
  CHECK(positions<step::FindHome>(made).empty());
}

TEST_CASE("HOME is looked for where it is missing or empty") {
  CHECK(positions<step::FindHome>(plan(R"("process":{"cwd":"/","args":["p"]})")).size() == 1);
  const Plan made = plan(R"("process":{"cwd":"/","args":["p"],"env":["HOME="]})");
  CHECK(positions<step::FindHome>(made).size() == 1);
  CHECK(made.env.empty());
}

TEST_CASE("of several HOMEs the last counts") {
  const auto looks = [](const std::string& env) {
    return positions<step::FindHome>(
               plan(R"("process":{"cwd":"/","args":["p"],"env":[)" + env + "]}"))
        .size();
  };
  CHECK(looks(R"("HOME=/x","HOME=")") == 1);
  CHECK(looks(R"("HOME=","HOME=/x")") == 0);
  CHECK(looks(R"("HOME=/x","HOMES=","A=HOME=")") == 0);
}

TEST_CASE("descriptors that systemd passes are told to the container") {
  PlanOptions given = options();
  given.listen_descriptors = 2;
  given.listen_names = "a:b";
  given.preserved_descriptors = 3;
  const Plan made =
      plan(R"("process":{"cwd":"/","args":["p"],"env":["LISTEN_PID=7"]})", bare_host(), given);
  CHECK(made.preserved_descriptors == 3);
  CHECK(made.env == std::vector<std::string>{"LISTEN_PID=1", "LISTEN_FDS=2", "LISTEN_FDNAMES=a:b"});
}

TEST_CASE("the program is searched in the PATH of the container's process") {
  const auto candidates = [](const char* arguments, const char* env) {
    return all<step::FindProgram>(plan(std::string(R"("process":{"cwd":"/","args":)") + arguments +
                                       ",\"env\":" + env + "}"))
        .front()
        .candidates;
  };
  using Names = std::vector<std::string>;
  CHECK(candidates(R"(["p"])", R"(["PATH=/a::/b"])") == Names{"/a/p", "./p", "/b/p"});
  CHECK(candidates(R"(["x/p"])", R"(["PATH=/a"])") == Names{"x/p"});
  CHECK(candidates(R"(["p"])", "[]").size() == 6);
}

TEST_CASE("every container has the default devices and links; a configured one wins") {
  const Plan made = plan(with_mounts(R"("devices":[{"path":"/dev/zero","type":"c","major":1,
    "minor":5,"fileMode":256,"uid":3,"gid":4}])"));
  const auto devices = all<step::MakeDevice>(made);
  REQUIRE(devices.size() == 6);
  const auto zero = std::find_if(devices.begin(), devices.end(),
                                 [](const auto& d) { return d.path.shown == "/dev/zero"; });
  REQUIRE(zero != devices.end());
  CHECK(zero->mode == (S_IFCHR | 0400));
  CHECK(zero->uid == 3);
  CHECK(zero->gid == 4);
  std::set<std::string> links;
  for (const auto& link : all<step::MakeSymlink>(made)) links.insert(link.path.shown);
  CHECK(links == std::set<std::string>{"/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr",
                                       "/dev/core", "/dev/ptmx"});
}

namespace {

std::size_t made_in_dev(const std::string& mounts) {
  const Plan made = plan(with_mounts() + ",\"mounts\":[" + mounts + "]");
  return positions<step::MakeDevice>(made).size() + positions<step::MakeSymlink>(made).size();
}

}  // namespace

TEST_CASE("where a directory of the host is bound on /dev, nothing is made in it") {
  for (const char* dev : {"/dev", "dev", "/dev/", "//dev", "/./dev", "/dev/.", "/dev/../dev",
                          "/../dev", "/x/../dev", "///dev///"}) {
    CAPTURE(dev);
    CHECK(made_in_dev(R"({"type":"bind","source":"/d","destination":")" + std::string(dev) +
                      "\"}") == 0);
  }
}

TEST_CASE("of several mounts on /dev the last decides whether something is made there") {
  const std::string bind = R"({"destination":"/dev/.","type":"bind","source":"/d"})";
  const std::string tmpfs = R"({"destination":"/dev","type":"tmpfs"})";
  CHECK(made_in_dev(tmpfs) == 12);
  CHECK(made_in_dev(tmpfs + "," + bind) == 0);
  CHECK(made_in_dev(bind + "," + tmpfs) == 12);
  CHECK(made_in_dev(bind + "," + bind) == 0);
}

namespace {

// For each mount: where it goes, and whether it is kept; then what is verified, and by which mount
// /proc/keys and /sys/firmware are found.
std::string protected_in(const std::string& mounts, const std::string& masked = "") {
  const Plan made =
      plan(with_mounts("\"maskedPaths\":[\"/proc/keys\",\"/sys/firmware\"" + masked + "]") +
           ",\"mounts\":[" + mounts + "]");
  std::string text;
  for (const Step& step : made.steps) {
    const auto* tree = std::get_if<step::MountTree>(&step.action);
    const auto* mount = std::get_if<step::MountFilesystem>(&step.action);
    if (tree != nullptr) text += tree->kept ? "kept " : "bound ";
    if (mount != nullptr) text += mount->kept ? "kept " : "made ";
  }
  text += "|";
  for (const auto& verify : all<step::VerifyMounts>(made)) {
    for (const InsidePath& path : verify.destinations) text += " " + path.shown;
  }
  text += " |";
  for (const auto& mask : all<step::MaskPath>(made)) text += " " + mask.mount;
  return text;
}

constexpr const char* proc = R"({"destination":"/proc","type":"proc"})";
constexpr const char* sys = R"({"destination":"/sys","type":"sysfs"})";
constexpr const char* sys_again = R"(,{"destination":"/sys","type":"bind","source":"/sys"})";

std::string both(const std::string& more = "") {
  return std::string(proc) + "," + sys + more;
}

}  // namespace

TEST_CASE("what is masked and verified is what is seen of several mounts") {
  CHECK(protected_in(both()) == "kept kept | /proc /sys | /proc /sys");
  CHECK(protected_in(both("," + std::string(proc))) == "made kept kept | /sys /proc | /proc /sys");
  CHECK(protected_in(both(sys_again)) == "kept made kept | /proc /sys | /proc /sys");
  CHECK(protected_in(both(R"(,{"destination":"/","type":"bind","source":"/r"})")) ==
        "made made bound | |  ");
  CHECK(protected_in(both(R"(,{"destination":"/sys/fs","type":"tmpfs"})")) ==
        "kept kept made | /proc /sys | /proc /sys");
  CHECK(protected_in(both(R"(,{"destination":"/sys","type":"tmpfs"})")) ==
        "kept made made | /proc | /proc ");
  CHECK(protected_in(both(R"(,{"destination":"/proc","options":["bind","remount","ro"]},
                            {"destination":"/sys","options":["rslave"]})")) ==
        "kept kept | /proc /sys | /proc /sys");
  CHECK(protected_in(R"({"destination":"/a/proc","type":"proc"})") == "kept | /a/proc |  ");
}

TEST_CASE(
    "a mount that is masked as a whole is found by its descriptor, and has no name to verify") {
  CHECK(protected_in(both(), R"(,"/sys")") == "kept kept | /proc | /proc /sys /sys");
  CHECK(protected_in(R"({"destination":"/a/proc","type":"proc"})", R"(,"/a")") == "kept | |   ");
}

TEST_CASE("a read-only root that is listed as a path is sealed last") {
  const Plan made = plan(with_mounts(R"("readonlyPaths":["/a","/"])"));
  CHECK(positions<step::ReadonlyPath>(made).size() == 1);
  const auto seals = all<step::SealMount>(made);
  REQUIRE(seals.size() == 1);
  CHECK(seals[0].destination.shown == "/");
  CHECK(seals[0].all_below);
  CHECK(made.steps[only<step::SealMount>(made)].origin == "/linux/readonlyPaths/1");
  CHECK(before<step::ReadonlyPath, step::SealMount>(made));
}

TEST_CASE("a path that is listed twice is planned once") {
  const Plan made = plan(
      with_mounts(R"("readonlyPaths":["/a","/b","/a/"],"maskedPaths":["/c/./","/c","/d","/c"])"));
  CHECK(positions<step::ReadonlyPath>(made).size() == 2);
  CHECK(positions<step::MaskPath>(made).size() == 2);
}

TEST_CASE("a read-only mount that another one covers is not sealed: its name leads to that one") {
  const auto seals = [](const std::string& mounts) {
    return positions<step::SealMount>(plan(with_mounts() + ",\"mounts\":[" + mounts + "]")).size();
  };
  const std::string sealed = R"({"destination":"/a","type":"tmpfs","options":["ro"]})";
  CHECK(seals(sealed) == 1);
  CHECK(seals(sealed + R"(,{"destination":"/a","type":"bind","source":"/b"})") == 0);
  CHECK(seals(sealed + "," + sealed) == 1);
  const std::string root = R"({"destination":"/","type":"bind","source":"/b","options":["ro"]})";
  CHECK(seals(root) == 1);
  CHECK(seals(sealed + "," + root) == 1);
  CHECK(seals(root + R"(,{"destination":"/","type":"bind","source":"/b"})") == 0);
}

TEST_CASE("a read-only mount that is masked is not sealed: nobody sees it") {
  const auto seals = [](const std::string& masked) {
    return positions<step::SealMount>(
               plan(with_mounts("\"maskedPaths\":[\"" + masked + "\"]") +
                    R"(,"mounts":[{"destination":"/a/b","type":"tmpfs","options":["ro"]}])"))
        .size();
  };
  CHECK(seals("/a") == 0);
  CHECK(seals("//a/./") == 0);
  CHECK(seals("/a/b") == 0);
  CHECK(seals("/a/b/c") == 1);
  CHECK(seals("/ab") == 1);
}

TEST_CASE(
    "a mount below a read-only cgroup mount of v1 gets its mount point before that is sealed") {
  const std::string mounts = R"(,"mounts":[{"destination":"/c","type":"cgroup","options":["ro"]},
    {"destination":"/c/systemd","type":"bind","source":"/s"}])";
  for (const bool has_cgroups : {true, false}) {
    CAPTURE(has_cgroups);
    Host host = bare_host();
    host.cgroup_v2 = false;
    if (has_cgroups) host.cgroup = {{1, "/sys/fs/cgroup/pids", "/x", {"pids"}}};
    const Plan made = make_plan(config(with_mounts() + mounts), host, options()).value();
    CHECK(only<step::SealMount>(made) > positions<step::MountTree>(made).back());
    for (const auto& mount : all<step::MountFilesystem>(made)) {
      CHECK((mount.attributes.top.set & MOUNT_ATTR_RDONLY) == 0);
    }
  }
}

TEST_CASE("a bind on / is the root of what follows, and its flag is set when all is made") {
  const Plan made = plan(with_mounts() + R"(,"mounts":[{"destination":"/.","type":"bind",
    "source":"/b","options":["rbind","ro","nosuid"]}])");
  const auto mount = all<step::MountTree>(made).front();
  CHECK(mount.is_root);
  CHECK(mount.attributes.top.set == MOUNT_ATTR_NOSUID);
  CHECK(before<step::MountTree, step::SealMount>(made));
  CHECK(before<step::MakeSymlink, step::SealMount>(made));
}

TEST_CASE("a protected path goes by the procfs that it is in, however it is spelled") {
  for (const char* path : {"/proc/keys", "//proc/keys/", "/x/../proc/./keys"}) {
    CAPTURE(path);
    const Plan made = plan(with_mounts("\"maskedPaths\":[\"" + std::string(path) + "\"]") +
                           R"(,"mounts":[{"destination":"/./proc","type":"proc"}])");
    const auto mask = all<step::MaskPath>(made).front();
    CHECK(mask.path.shown == "/proc/keys");
    CHECK(mask.mount == "/proc");
  }
}

TEST_CASE("in a user namespace the host's device nodes are bound, as the numbers expect them") {
  const Plan made = plan(user_namespace(""));
  CHECK(positions<step::MakeDevice>(made).empty());
  CHECK(positions<step::BindDevice>(made).size() == 6);
  for (const auto& tree : all<step::OpenTree>(made)) {
    if (tree.path != "/dev/tty") continue;
    CHECK(tree.device_type == S_IFCHR);
    CHECK(tree.device_major == 5);
    CHECK(tree.device_minor == 0);
  }
}

namespace {

// The node to make for /dev/x, "UID:GID of MODE" and who has the ids; empty if it must be there.
std::string node_for(const std::string& device, const Host& host, const std::string& user = "") {
  const Plan made =
      plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"user")" + user + R"(}],"devices":[
      {"path":"/dev/x","type":"c","major":10,"minor":229)" +
               device + "}]" +
               (user.empty() ? R"(,"uidMappings":[{"containerID":0,"hostID":1000,"size":2}],
      "gidMappings":[{"containerID":0,"hostID":3000,"size":1},
      {"containerID":5,"hostID":2000,"size":3}])"
                             : "") +
               "}",
           host);
  for (const auto& tree : all<step::OpenTree>(made)) {
    if (tree.path != "/dev/x" || !tree.node) continue;
    return std::to_string(tree.node->uid) + ":" + std::to_string(tree.node->gid) + " of " +
           std::to_string(tree.node->mode) + (tree.node->joined_users < 0 ? "" : ", joined");
  }
  return "";
}

}  // namespace

TEST_CASE("a host that may makes the devices of a user namespace that it has not got") {
  Host host;
  CHECK(node_for(R"(,"fileMode":416,"uid":1,"gid":7)", host) == "1001:2002 of 416");
  CHECK(node_for("", host) == "1000:3000 of 438");
  CHECK(node_for(R"(,"uid":9)", host) == "");  // nobody could own it
  CHECK(node_for(R"(,"gid":4)", host) == "");
  CHECK(node_for(R"(,"uid":1,"gid":7)", host, R"(,"path":"/proc/7/ns/user")") ==
        "1:7 of 438, joined");
  host.capabilities &= ~(std::uint64_t{1} << CAP_MKNOD);
  CHECK(node_for("", host) == "");
  host = Host();
  host.in_user_namespace = true;
  CHECK(node_for("", host) == "");
  host = Host();
  host.takes_trees = false;
  CHECK(node_for("", host) == "");
}

TEST_CASE("owners are mapped as a joined user namespace has them, if no mappings are given") {
  const auto mapped = [](const std::string& mapping) {
    return all<step::MapTree>(plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"user",
      "path":"/proc/7/ns/user"}]},"mounts":[{"destination":"/a","type":"bind","source":"/a",
      "options":["ridmap"])" + mapping +
                                   "}]"))
        .front();
  };
  CHECK(mapped("").joined_users >= 0);
  CHECK(mapped("").uid_map.empty());
  CHECK(mapped("").recursive);
  const auto own = mapped(R"(,"uidMappings":[{"containerID":0,"hostID":7,"size":1}],
    "gidMappings":[{"containerID":0,"hostID":8,"size":1}])");
  CHECK(own.joined_users < 0);
  CHECK(own.uid_map == "0 7 1\n");
}

TEST_CASE("a relative source counts from the bundle, a destination from the root") {
  const Plan made = plan(with_mounts() +
                         R"(,"mounts":[{"destination":"/x//./y/","type":"bind","source":"data"}])");
  const auto mount = all<step::MountTree>(made).front();
  CHECK(mount.source == "/bundle/data");
  CHECK(mount.destination.shown == "/x/y");
}

TEST_CASE("owners are mapped by the mount's own ids, else by the container's") {
  const auto mapped = [](const std::string& namespaces, const std::string& mount) {
    return all<step::MapTree>(plan(namespaces + R"(,"mounts":[{"destination":"/a","type":"bind",
      "source":"/a",)" + mount + "}]"));
  };
  const std::string own = R"("options":["ridmap"],
    "uidMappings":[{"containerID":0,"hostID":7,"size":1}],
    "gidMappings":[{"containerID":0,"hostID":8,"size":1}])";
  const auto by_mount = mapped(user_namespace(""), own);
  REQUIRE(by_mount.size() == 1);
  CHECK(by_mount[0].uid_map == "0 7 1\n");
  CHECK(by_mount[0].gid_map == "0 8 1\n");
  CHECK(by_mount[0].recursive);
  const auto by_container = mapped(user_namespace(""), R"("options":["idmap"])");
  REQUIRE(by_container.size() == 1);
  CHECK(by_container[0].uid_map == "0 1000 2\n");
  CHECK_FALSE(by_container[0].recursive);
  CHECK(refusal(with_mounts() + R"(,"mounts":[{"destination":"/a","type":"bind","source":"/a",
    "options":["idmap"]}])")
            .at == "/mounts/0/options");
}

TEST_CASE("owners are mapped by the option idmap, with @ counted from the container's mappings") {
  const std::string container = R"("linux":{"namespaces":[{"type":"mount"},{"type":"user"}],
    "uidMappings":[{"containerID":0,"hostID":5000,"size":1},{"containerID":1,"hostID":9000,"size":9}],
    "gidMappings":[{"containerID":0,"hostID":5000,"size":10}]})";
  const auto mount = [](const std::string& option) {
    return R"(,"mounts":[{"destination":"/a","type":"bind","source":"/a","options":["idmap=)" +
           option + R"("]}])";
  };
  const auto mapped = [&](const std::string& option) {
    return all<step::MapTree>(plan(container + mount(option))).front();
  };
  CHECK(mapped("uids=0-7-1#@8-3-2;gids=1-2-3").uid_map == "0 7 1\n8 9002 2\n");
  CHECK(mapped("uids=0-7-1;gids=1-2-3").gid_map == "1 2 3\n");
  CHECK(mapped("uids=@0-0-1").gid_map == "0 5000 10\n");  // those of the container
  for (const char* range : {"uids=@0-0-2", "uids=@0-9-2", "uids=@0-10-1"}) {
    CHECK(refusal(container + mount(range)).at == "/mounts/0/options");
  }
  const std::string none = R"("linux":{"namespaces":[{"type":"mount"}]})";
  CHECK(all<step::MapTree>(plan(none + mount("uids=@0-7-1;gids=0-8-1"))).front().uid_map ==
        "0 7 1\n");
  CHECK(refusal(none + mount("uids=0-7-1")).at == "/mounts/0/options");
  const std::string joined = R"("linux":{"namespaces":[{"type":"mount"},{"type":"user",
    "path":"/proc/7/ns/user"}]})";
  CHECK(all<step::MapTree>(plan(joined + mount("uids=0-7-1;gids=0-8-1"))).front().joined_users < 0);
  CHECK(refusal(joined + mount("uids=@0-7-1;gids=0-8-1")).kind == Error::Kind::unsupported);
}

TEST_CASE("a mount on / that pivot_root(2) could not make the root is refused") {
  const std::string mount = R"(,"mounts":[{"destination":"/.","type":"bind","source":"/b")";
  CHECK(refusal(with_mounts() + mount + R"(,"options":["rbind","rshared"]}])").at ==
        "/mounts/0/options");
  PlanOptions given = options();
  given.no_pivot = true;
  const Result<Plan> moved = make_plan(config(with_mounts() + mount + "}]"), bare_host(), given);
  REQUIRE(!moved.ok());
  CHECK(moved.error().kind == Error::Kind::unsupported);
  CHECK(moved.error().at == "/mounts/0/destination");
}

TEST_CASE("a bind mount needs a source, every other mount a type") {
  CHECK(refusal(with_mounts() + R"(,"mounts":[{"destination":"/a","options":["bind"]}])").at ==
        "/mounts/0/source");
  CHECK(refusal(with_mounts() + R"(,"mounts":[{"destination":"/a","source":"x"}])").at ==
        "/mounts/0/type");
}

TEST_CASE("sysctl keys have dots or slashes, the first one decides") {
  const Plan made = plan(R"("linux":{"namespaces":[{"type":"network"},{"type":"mount"}],"sysctl":{
    "net.ipv4.conf.eth0/1.rp_filter":"1","net/ipv4/conf/eth0.1/rp_filter":"2"}})");
  const auto writes = all<step::WriteSysctl>(made);
  REQUIRE(writes.size() == 2);
  CHECK(writes[0].path == "net/ipv4/conf/eth0.1/rp_filter");
  CHECK(writes[1].path == "net/ipv4/conf/eth0.1/rp_filter");
}

TEST_CASE("network parameters are only set in a joined namespace that is not the host's") {
  const auto opened = [](const char* more) {
    return all<step::OpenNamespace>(plan(std::string(R"("linux":{"namespaces":[{"type":"mount"},
                 {"type":"network","path":"/n"}])") +
                                         more + "}"))
        .front()
        .not_the_hosts;
  };
  CHECK_FALSE(opened(""));
  CHECK(opened(R"(,"sysctl":{"net.core.somaxconn":"9"})"));
  CHECK(opened(R"(,"netDevices":{"eth0":{}})"));
}

TEST_CASE("network devices are looked for first, and moved when all is mounted, before hooks") {
  const Plan moves = plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"network"}],
      "netDevices":{"a~":{"name":"eth0"},"b":{}},"sysctl":{"net.ipv4.ip_forward":"1"}},
      "mounts":[{"destination":"/m","type":"tmpfs"}],
      "hooks":{"createRuntime":[{"path":"/bin/a"}]})");
  const auto found = positions<step::FindNetDevice>(moves);
  const auto moved = positions<step::MoveNetDevice>(moves);
  REQUIRE(found.size() == 2);
  REQUIRE(moved.size() == 2);
  CHECK(found.back() < positions<step::CloneInit>(moves).front());
  CHECK(moves.steps[moved[0]].origin == "/linux/netDevices/a~0");
  CHECK(moves.steps[static_cast<std::size_t>(moves.steps[moved[0]].after)].actor == Actor::init);
  CHECK(positions<step::MountFilesystem>(moves).back() < moved[0]);
  CHECK(moved.back() < positions<step::RunHook>(moves).front());
  CHECK(all<step::MoveNetDevice>(moves)[0].new_name == "eth0");
  CHECK(all<step::MoveNetDevice>(moves)[1].new_name == "b");
  CHECK(all<step::MoveNetDevice>(moves)[1].joined == -1);
}

TEST_CASE("init waits for its network devices before it sets sysctls") {
  const Plan moves = plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"network"}],
      "netDevices":{"b":{}},"sysctl":{"net.ipv4.ip_forward":"1"}})");
  const auto sysctl = positions<step::WriteSysctl>(moves).front();
  CHECK(moves.steps[sysctl].after ==
        static_cast<int>(positions<step::MoveNetDevice>(moves).front()));
}

TEST_CASE("network devices go into the namespace that is joined") {
  const Plan moves = plan(R"("linux":{"namespaces":[{"type":"mount"},
      {"type":"network","path":"/n"}],"netDevices":{"b":{}}})");
  CHECK(all<step::MoveNetDevice>(moves).front().joined ==
        all<step::OpenNamespace>(moves).front().slot);
}

TEST_CASE("a group of resctrl is the class, its root, or the container's own") {
  const auto entered = [](const std::string& members) {
    return all<step::EnterResctrl>(plan(R"("linux":{"intelRdt":{)" + members + "}}")).front();
  };
  CHECK(entered("").group == options().id);
  CHECK_FALSE(entered("").keeps);
  CHECK_FALSE(entered("").must_exist);
  CHECK(entered(R"("closID":"/")").group.empty());
  CHECK(entered(R"("closID":"gold")").group == "gold");
  CHECK(entered(R"("closID":"gold")").must_exist);
  CHECK(entered(R"("closID":"gold")").keeps);
  CHECK(entered(R"("enableMonitoring":true)").monitor == options().id);
  CHECK(all<step::EnterResctrl>(plan(R"("linux":{})")).empty());
}

TEST_CASE("schemata are written in the specification's order; the first two are compared") {
  const auto entered = all<step::EnterResctrl>(plan(R"("linux":{"intelRdt":{"closID":"gold",
      "schemata":["L2:0=f","MB:0=30"],"memBwSchema":"MB:0=20","l3CacheSchema":"L3:0=7"}})"))
                           .front();
  REQUIRE(entered.schemata.size() == 4);
  CHECK(entered.schemata[0].text == "L3:0=7");
  CHECK(entered.schemata[0].origin == "/linux/intelRdt/l3CacheSchema");
  CHECK(entered.schemata[0].compared);
  CHECK(entered.schemata[1].text == "MB:0=20");
  CHECK(entered.schemata[1].compared);
  CHECK(entered.schemata[3].text == "MB:0=30");
  CHECK(entered.schemata[3].origin == "/linux/intelRdt/schemata/1");
  CHECK_FALSE(entered.schemata[3].compared);
  CHECK_FALSE(entered.must_exist);
}

TEST_CASE("a filter that cannot be compiled stops the plan") {
  std::string rules;
  for (int value = 0; value < 3000; ++value) {
    rules +=
        std::string(rules.empty() ? "" : ",") +
        R"({"names":["lseek"],"action":"SCMP_ACT_ERRNO","args":[{"index":1,"op":"SCMP_CMP_EQ",)" +
        "\"value\":" + std::to_string(value) + "}]}";
  }
  const Error error = refusal(R"("linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW",
    "syscalls":[)" + rules + "]}}");
  CHECK(error.kind == Error::Kind::unsupported);
  CHECK(error.at == "/linux/seccomp");
}

TEST_CASE("a filter that notifies is loaded while the host can hand over its listener") {
  for (const char* privileges : {"true", "false"}) {
    const Plan made = plan(std::string(R"("process":{"cwd":"/","args":["a"],"noNewPrivileges":)") +
                           privileges + R"(},"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW",
      "listenerPath":"/run/agent","listenerMetadata":"m",
      "syscalls":[{"names":["mount"],"action":"SCMP_ACT_NOTIFY"}]}})");
    const std::size_t loaded = positions<step::LoadSeccomp>(made).front();
    const std::size_t taken = positions<step::TakeListener>(made).front();
    CHECK(loaded < positions<step::Ready>(made).front());
    CHECK(made.steps[taken].after == static_cast<int>(loaded));
    CHECK(positions<step::SendListener>(made).front() == taken + 1);
    CHECK(made.steps[positions<step::CloseListener>(made).front()].after ==
          static_cast<int>(taken));
    CHECK(all<step::LoadSeccomp>(made).front().listens);
    CHECK(all<step::SendListener>(made).front().path == "/run/agent");
    CHECK(all<step::SendListener>(made).front().metadata == "m");
  }
}

TEST_CASE("who joins a full cgroup is not cloned into the hierarchy that counts processes") {
  const oci::Config box = config(R"("linux":{"namespaces":[{"type":"pid"}]})");
  ExecFacts facts;
  facts.namespaces = CLONE_NEWPID;
  for (const bool is_full : {false, true}) {
    facts.cgroup_is_full = is_full;
    const Result<Plan> v2 = make_exec_plan(box, v2_host(), options(), facts);
    const Result<Plan> hybrid = make_exec_plan(box, hybrid_host(), options(), facts);
    REQUIRE((v2.ok() && hybrid.ok()));
    CHECK(all<step::CloneInit>(*v2).front().into_cgroup == !is_full);
    CHECK(all<step::CloneInit>(*hybrid).front().into_cgroup);
    CHECK(all<step::EnterFullCgroup>(*v2).size() == (is_full ? 1 : 0));
    CHECK(all<step::OpenCgroup>(*hybrid).front().counts_last == is_full);
  }
}

TEST_CASE("only a cgroup of v2 is divided") {
  const char* divided = R"("linux":{},"annotations":{"run.oci.delegate-cgroup":"inner"})";
  const oci::Config wanted = config(divided);
  for (const Host& host : {bare_host(), v1_host(), hybrid_host()}) {
    const auto refused = make_plan(wanted, host, options());
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().kind == Error::Kind::unsupported);
    CHECK(refused.error().at == "/annotations/run.oci.delegate-cgroup");
  }
  const auto divide = all<step::DivideCgroup>(plan(divided, v2_host()));
  REQUIRE(divide.size() == 1);
  CHECK(divide.front().name == "inner");
}

TEST_CASE(
    "what the container may divide is given to its user, and not the cgroup with the limits") {
  const std::string members = R"("linux":{"namespaces":[{"type":"user"},{"type":"mount"},
    {"type":"cgroup"}],"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],
    "gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]},
    "mounts":[{"destination":"/sys/fs/cgroup","type":"cgroup","options":["rw"]}])";
  CHECK(all<step::DelegateCgroup>(plan(members, v2_host())).front().below.empty());
  const Plan divided =
      plan(members + R"(,"annotations":{"run.oci.delegate-cgroup":"inner"})", v2_host());
  const auto given = all<step::DelegateCgroup>(divided);
  REQUIRE(given.size() == 1);
  CHECK(given.front().below == "inner");
  CHECK(positions<step::DivideCgroup>(divided).front() <
        positions<step::DelegateCgroup>(divided).front());
}

TEST_CASE("a process that joins is in the resctrl group before it is visible") {
  ExecFacts facts;
  facts.namespaces = CLONE_NEWPID;
  facts.resctrl = step::JoinResctrl{"gold", ""};
  const auto joined = make_exec_plan(config(""), v2_host(), options(), facts);
  REQUIRE(joined.ok());
  const std::size_t entered = positions<step::JoinResctrl>(*joined).front();
  const std::size_t next = positions<step::EnterCgroup>(*joined).front();
  CHECK(joined->steps[next].after == static_cast<int>(entered));
  CHECK(next < positions<step::ForkIntoNamespaces>(*joined).front());
}

TEST_CASE("who appears in a container has given up its privileges before") {
  const auto check = [](const Plan& made) {
    const auto appears = positions<step::ForkIntoNamespaces>(made);
    REQUIRE(appears.size() == 1);
    CHECK(positions<step::DropBounding>(made).back() < appears.front());
    CHECK(positions<step::SetUser>(made).back() < appears.front());
    CHECK(positions<step::SetCapabilities>(made).back() < appears.front());
    CHECK(positions<step::NoNewPrivileges>(made).back() < appears.front());
  };
  const std::string process = R"("process":{"cwd":"/","args":["sh"],"noNewPrivileges":true})";
  ExecFacts facts;
  facts.namespaces = CLONE_NEWPID;
  const auto joined = make_exec_plan(config(process), v2_host(), options(), facts);
  REQUIRE(joined.ok());
  check(*joined);
  check(plan(process + R"(,"linux":{"namespaces":[{"type":"pid","path":"/proc/7/ns/pid"},
    {"type":"mount"}]})"));
}

}  // namespace tare::runtime::planned

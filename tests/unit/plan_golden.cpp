// SPDX-License-Identifier: Apache-2.0
//
// Whole plans beside tests/golden/NAME.plan. After a change that is meant, look at the difference
// that `TARE_GOLDEN_UPDATE=1 build-sanitize/unit -tc="*golden*"` makes in the tree.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/directory.h"
#include "base/file.h"
#include "oci/document.h"
#include "oci/spec_default.h"
#include "oci/validate.h"
#include "runtime/plan/seccomp/native_architecture.h"
#include "tests/unit/planned.h"

namespace tare::runtime::planned {

namespace {

std::string beside_golden(const std::string& path) {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind('/')) + "/../golden/" + path;
}

std::string golden_file(const std::string& name) {
  return beside_golden(name + ".plan");
}

// The goldens are x86-64's. On another processor calls have other numbers, and a filter another
// length.
std::string comparable(std::string text) {
  if (native_architecture == AUDIT_ARCH_X86_64) return text;
  constexpr std::string_view after = " instructions";
  for (std::size_t at = 0; (at = text.find(after, at)) != std::string::npos; at += after.size()) {
    std::size_t begin = at;
    while (begin > 0 && text[begin - 1] >= '0' && text[begin - 1] <= '9') --begin;
    text.replace(begin, at - begin, "N");
    at = begin;
  }
  return text;
}

void compare(const std::string& name, const Plan& plan) {
  const std::string path = golden_file(name);
  const std::string printed = print_plan(plan);
  if (::getenv("TARE_GOLDEN_UPDATE") != nullptr) {
    const auto file = open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    REQUIRE(file.ok());
    REQUIRE(write_all(file->get(), printed).ok());
  }
  const Call<std::string> golden = read_regular_file(AT_FDCWD, path.c_str(), 1 << 20);
  REQUIRE_MESSAGE(golden.ok(), path);
  CHECK_MESSAGE(comparable(printed) == comparable(*golden), name);
}

Plan default_plan(const Host& host, const PlanOptions& given = options()) {
  oci::Config config = oci::default_config(false, 0, 0);
  Result<Plan> plan = make_plan(config, host, given);
  REQUIRE(plan.ok());
  return std::move(plan).value();
}

Plan plan_of_file(const std::string& path) {
  const Call<std::string> text = read_regular_file(AT_FDCWD, path.c_str(), 1 << 20);
  REQUIRE_MESSAGE(text.ok(), path);
  const Result<oci::Config> config = oci::decode_config(*text);
  REQUIRE_MESSAGE(config.ok(), path);
  REQUIRE_MESSAGE(oci::validate(*config).ok(), path);
  Result<Plan> plan = make_plan(*config, hybrid_host(), options());
  REQUIRE_MESSAGE(plan.ok(), path);
  return std::move(plan).value();
}

constexpr const char* every_option = R"(
  "linux":{"namespaces":[{"type":"mount"}]},
  "mounts":[
    {"destination":"/plain","type":"bind","source":"data"},
    {"destination":"/tree","type":"none","source":"/data","options":["rbind","ro","nosuid"]},
    {"destination":"/all","type":"bind","source":"/data","options":["rbind","rro","rnosuid"]},
    {"destination":"/ram","type":"tmpfs","options":["size=64k","noexec"]},
    {"destination":"/sealed","type":"tmpfs","options":["ro"]},
    {"destination":"/proc","type":"proc","options":["nosuid","hidepid=2"]},
    {"destination":"/sys","type":"sysfs","options":["ro"]},
    {"destination":"/ram","options":["remount","ro"]},
    {"destination":"/plain","options":["bind","remount","noatime"]},
    {"destination":"/tree","options":["rshared"]},
    {"destination":"/late","type":"ext4","source":"/dev/vda","options":["sync","lazytime"]}
  ])";

constexpr const char* common_limits = R"(
  "memory":{"limit":1048576,"reservation":524288,"swap":3145728,"kernel":1048576,
    "kernelTCP":1048576,"disableOOMKiller":false,"useHierarchy":true,"checkBeforeUpdate":true},
  "pids":{"limit":9},
  "cpu":{"shares":512,"quota":1000,"period":10000,"burst":500,"cpus":"0-1","mems":"0","idle":0},
  "blockIO":{"weight":500,"weightDevice":[{"major":8,"minor":0,"weight":300}],
    "throttleReadBpsDevice":[{"major":8,"minor":0,"rate":1000}],
    "throttleWriteBpsDevice":[{"major":8,"minor":0,"rate":2000}],
    "throttleReadIOPSDevice":[{"major":8,"minor":0,"rate":30}],
    "throttleWriteIOPSDevice":[{"major":8,"minor":0,"rate":40}]},
  "hugepageLimits":[{"pageSize":"2MB","limit":4194304}],
  "rdma":{"mlx5_1":{"hcaHandles":3,"hcaObjects":4}},
  "network":{"classID":0,"priorities":[{"name":"lo","priority":0}]},
  "devices":[{"allow":false,"access":"rwm"}])";

constexpr const char* limits_of_v1 = R"(
  "memory":{"limit":1048576,"swappiness":7,"disableOOMKiller":true},
  "cpu":{"realtimeRuntime":1000,"realtimePeriod":500000},
  "blockIO":{"leafWeight":400,"weightDevice":[{"major":8,"minor":0,"leafWeight":200}]},
  "network":{"classID":1048577,"priorities":[{"name":"lo","priority":5}]})";

// All in one directory, also those that no kernel offers side by side.
Host host_with_all_controllers(int version) {
  Host host = version == 1 ? v1_host() : v2_host();
  host.cgroup.front().controllers = {"cpuset", "cpu", "memory", "pids", "hugetlb", "rdma"};
  const std::vector<std::string> others =
      version == 1 ? std::vector<std::string>{"blkio", "net_cls", "net_prio"}
                   : std::vector<std::string>{"io"};
  auto& all = host.cgroup.front().controllers;
  all.insert(all.end(), others.begin(), others.end());
  return host;
}

constexpr const char* cgroup_mount = R"(
  "mounts":[{"destination":"/sys/fs/cgroup","type":"cgroup","options":["ro","nosuid"]}])";

std::string cgroups_without_namespace() {
  return with_mounts() + "," + cgroup_mount;
}

std::string cgroups_with_namespace() {
  return std::string(R"("linux":{"namespaces":[{"type":"mount"},{"type":"cgroup"}]},)") +
         cgroup_mount;
}

constexpr const char* all_hooks = R"(
  "linux":{"namespaces":[{"type":"mount"}]},
  "hooks":{
    "prestart":[{"path":"/bin/a"}],
    "createRuntime":[{"path":"/bin/b","timeout":5},{"path":"/bin/c"}],
    "createContainer":[{"path":"/bin/d"}],
    "startContainer":[{"path":"/bin/e"}],
    "poststart":[{"path":"/bin/f"}],
    "poststop":[{"path":"/bin/g"}]
  })";

// `rules` is what linux.seccomp has behind "syscalls":
std::string with_filter(const char* no_new_privileges, const std::string& rules) {
  return std::string(R"("process":{"cwd":"/","args":["/bin/true"],"env":["HOME=/"],
    "capabilities":{"bounding":["CAP_KILL"],"permitted":["CAP_KILL"]},
    "noNewPrivileges":)") +
         no_new_privileges + R"(},
  "linux":{"namespaces":[{"type":"mount"}],"seccomp":{"defaultAction":"SCMP_ACT_ALLOW",
    "syscalls":)" +
         rules + "}}";
}

std::string filtered(const char* no_new_privileges) {
  return with_filter(no_new_privileges, R"([{"names":["getcwd"],"action":"SCMP_ACT_ERRNO"}])");
}

constexpr const char* limited_process = R"(
  "process":{"cwd":"/work","args":["prog","x"],"env":["PATH=/a:/b"],
    "user":{"uid":1000,"gid":1000,"umask":63,"additionalGids":[5,6]},
    "rlimits":[{"type":"RLIMIT_NOFILE","soft":10,"hard":20},
               {"type":"RLIMIT_CORE","soft":0,"hard":18446744073709551615}],
    "oomScoreAdj":100,
    "scheduler":{"policy":"SCHED_BATCH","nice":5},
    "ioPriority":{"class":"IOPRIO_CLASS_BE","priority":3}})";

constexpr const char* user_namespace = R"(
    "namespaces":[{"type":"user"},{"type":"mount"},{"type":"pid"}],
    "uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],
    "gidMappings":[{"containerID":0,"hostID":100000,"size":65536}])";

std::string in_user_namespace(const std::string& more = "") {
  return std::string(R"("linux":{)") + user_namespace + more + "}";
}

}  // namespace

TEST_CASE("golden: the specification that `spec` writes, on each kind of host") {
  compare("default-v1", default_plan(v1_host()));
  compare("default-hybrid", default_plan(hybrid_host()));
  compare("default-v2", default_plan(v2_host()));
  compare("default-no-cgroups", default_plan(bare_host()));
}

TEST_CASE("golden: the lessons of bundles/") {
  const std::string bundles = beside_golden("../../bundles");
  const Call<UniqueFd> directory = open_at(AT_FDCWD, bundles.c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(directory.ok());
  int lessons = 0;
  const auto compare_lesson = [&](const dirent& entry) {
    const std::string path = bundles + "/" + entry.d_name + "/config.json";
    if (::access(path.c_str(), F_OK) != 0) return;
    compare(std::string("lesson-") + entry.d_name, plan_of_file(path));
    ++lessons;
  };
  REQUIRE(for_each_entry(directory->get(), compare_lesson).ok());
  CHECK(lessons > 0);
}

TEST_CASE("golden: `run` does not wait for a start") {
  PlanOptions given = options();
  given.waits_for_start = false;
  compare("run", default_plan(v2_host(), given));
}

TEST_CASE("golden: without pivot_root and without a keyring") {
  PlanOptions given = options();
  given.no_pivot = given.no_new_keyring = true;
  compare("no-pivot", default_plan(v2_host(), given));
}

TEST_CASE("golden: user namespaces") {
  compare("user", plan(in_user_namespace(), v2_host()));
  compare("user-rlimits", plan(in_user_namespace() + "," + limited_process, v2_host()));
  Host rootless = v2_host();
  rootless.rootless = true;
  rootless.capabilities = 0;
  rootless.takes_trees = false;
  rootless.uid = rootless.gid = 1000;
  compare("user-rootless", plan(in_user_namespace() + "," + limited_process, rootless));
  compare("user-devices", plan(in_user_namespace(R"(,"devices":[
    {"path":"/dev/fuse","type":"c","major":10,"minor":229},
    {"path":"/dev/queue","type":"p","fileMode":384}])")));
}

TEST_CASE("golden: joined namespaces") {
  compare("join-network", plan(R"("linux":{"namespaces":[
    {"type":"mount"},{"type":"network","path":"/run/netns/a"}]})"));
  compare("join-pid", plan(R"("linux":{"namespaces":[
    {"type":"mount"},{"type":"pid","path":"/proc/7/ns/pid"}]})"));
  compare("join-user-network", plan(R"("linux":{"namespaces":[{"type":"mount"},
    {"type":"user","path":"/proc/7/ns/user"},{"type":"network","path":"/proc/7/ns/net"}]})"));
  compare("new-user-join-network", plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"user"},
    {"type":"network","path":"/run/netns/a"}],
    "uidMappings":[{"containerID":0,"hostID":1,"size":9}],
    "gidMappings":[{"containerID":0,"hostID":1,"size":9}]},
    "process":{"cwd":"/","args":["/bin/true"],"env":["HOME=/"],"oomScoreAdj":1})"));
  compare("join-mount",
          plan(R"("linux":{"namespaces":[{"type":"mount","path":"/proc/7/ns/mnt"}]})"));
}

TEST_CASE("golden: clocks of a time namespace") {
  compare("time", plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"time"}],
    "timeOffsets":{"monotonic":{"secs":7,"nanosecs":8},"boottime":{"secs":-9}}})"));
}

TEST_CASE("golden: mounts of each kind") {
  compare("mounts", plan(every_option));
}

TEST_CASE("golden: cgroups are mounted with a namespace, or their own part is bound") {
  compare("cgroup-v1-namespace", plan(cgroups_with_namespace(), v1_host()));
  compare("cgroup-v1-bound", plan(cgroups_without_namespace(), v1_host()));
  compare("cgroup-hybrid-namespace", plan(cgroups_with_namespace(), hybrid_host()));
  compare("cgroup-hybrid-bound", plan(cgroups_without_namespace(), hybrid_host()));
  compare("cgroup-v2-namespace", plan(cgroups_with_namespace(), v2_host()));
  compare("cgroup-v2-bound", plan(cgroups_without_namespace(), v2_host()));
  compare("cgroup-none", plan(cgroups_with_namespace(), bare_host()));
}

// Both versions from the same resources, with every field that both can hold.
TEST_CASE("golden: limits become writes to the cgroup") {
  const std::string limits = with_mounts(R"("resources":{)" + std::string(common_limits) + "}");
  compare("limits-v1", plan(limits, host_with_all_controllers(1)));
  compare("limits-v2", plan(limits, host_with_all_controllers(2)));
}

TEST_CASE("golden: limits that only cgroup v1 has") {
  compare("limits-v1-only", plan(with_mounts(R"("resources":{)" + std::string(limits_of_v1) + "}"),
                                 host_with_all_controllers(1)));
}

TEST_CASE("golden: limits of v2's own files") {
  compare("limits-unified", plan(with_mounts(R"("resources":{"unified":{"memory.high":"1048576",
    "io.latency":"8:0 target=10\n8:16 target=20","cgroup.max.depth":"3"}})"),
                                 host_with_all_controllers(2)));
}

TEST_CASE("golden: systemd makes the cgroup around init") {
  Host host = v2_host();
  host.scope = cgroups::Scope{"tare-box.scope", "system.slice"};
  compare("systemd", plan(with_mounts(R"("resources":{"pids":{"limit":9}})"), host));
  compare("systemd-namespace", plan(cgroups_with_namespace(), host));
  compare("systemd-bound", plan(cgroups_without_namespace(), host));
}

TEST_CASE("golden: the cgroup is divided when its namespace is made") {
  const std::string divided = R"(,"annotations":{"run.oci.delegate-cgroup":"inner"})";
  Host host = v2_host();
  compare("cgroup-v2-divided", plan(cgroups_with_namespace() + divided, host));
  compare("cgroup-v2-divided-user", plan(in_user_namespace(R"(,"resources":{})") + divided, host));
  host.scope = cgroups::Scope{"tare-box.scope", "system.slice", false, "part"};
  compare("systemd-divided", plan(cgroups_with_namespace() + divided, host));
}

TEST_CASE("golden: devices, kernel parameters, protected paths") {
  compare("protection", plan(with_mounts(R"("devices":[
      {"path":"/dev/null","type":"c","major":1,"minor":3,"fileMode":384,"uid":1},
      {"path":"/dev/deep/disk","type":"b","major":8,"minor":0}],
    "maskedPaths":["/proc/kcore","/sys/firmware"],"readonlyPaths":["/proc/sys"])") +
                             R"(,"root":{"path":"rootfs","readonly":true},
    "mounts":[{"destination":"/proc","type":"proc"},{"destination":"/sys","type":"sysfs"}])"));
  compare("sysctl", plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"ipc"},
    {"type":"network"}],"sysctl":{"kernel.msgmax":"9","net/ipv4/conf/eth0.1/forwarding":"1"}})"));
}

TEST_CASE("golden: hooks") {
  compare("hooks", plan(all_hooks));
}

TEST_CASE("golden: a terminal") {
  compare("terminal", plan(with_mounts() + R"(,"process":{"cwd":"/","args":["sh"],"terminal":true,
    "consoleSize":{"height":24,"width":80},"user":{"uid":5,"gid":6}})"));
}

TEST_CASE("golden: a seccomp filter with and without no_new_privs") {
  compare("seccomp-no-new-privs", plan(filtered("true")));
  compare("seccomp", plan(filtered("false")));
  const std::string notifying = R"(,"linux":{"namespaces":[{"type":"mount"}],"seccomp":{
    "defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/agent",
    "syscalls":[{"names":["mount"],"action":"SCMP_ACT_NOTIFY"}]}})";
  compare("seccomp-notify", plan(R"("process":{"cwd":"/","args":["/bin/true"],"env":["HOME=/"],
    "noNewPrivileges":true})" + notifying));
}

TEST_CASE("golden: labels of security modules") {
  Host host;
  host.apparmor = host.selinux = true;
  compare("labels", plan(R"("process":{"cwd":"/","args":["/bin/true"],"env":["HOME=/"],
    "apparmorProfile":"box","selinuxLabel":"u:r:box:s0"},
    "linux":{"namespaces":[{"type":"mount"}],"mountLabel":"u:r:boxes:s0"},
    "mounts":[{"destination":"/dev","type":"tmpfs"}])",
                         host));
  compare("labels-of-mounts", plan(R"("process":{"cwd":"/","args":["/bin/true"],"env":["HOME=/"],
    "terminal":true},
    "linux":{"namespaces":[{"type":"mount"}],"mountLabel":"u:r:boxes:s0",
      "maskedPaths":["/proc/acpi"]},
    "mounts":[{"destination":"/dev/pts","type":"devpts"}],
    "annotations":{"run.oci.mount_context_type":"rootcontext"})",
                                   host));
}

TEST_CASE("golden: limits of the process") {
  compare("process", plan(limited_process));
}

TEST_CASE("golden: network devices, resctrl, symbolic links as sources") {
  compare("net-devices", plan(R"("linux":{"namespaces":[{"type":"mount"},{"type":"network"}],
    "netDevices":{"eth0":{"name":"lan%d"},"eth1":{}},"sysctl":{"net.ipv4.ip_forward":"1"}})"));
  compare("resctrl", plan(R"("linux":{"intelRdt":{"closID":"gold","l3CacheSchema":"L3:0=7",
    "memBwSchema":"MB:0=20","schemata":["L2:0=f"],"enableMonitoring":true}})"));
  compare("links", plan(with_mounts() + R"(,"mounts":[
    {"destination":"/a","type":"bind","source":"/s","options":["copy-symlink"]},
    {"destination":"/b","type":"bind","source":"/s","options":["src-nofollow","dest-nofollow"]}])"));
}

TEST_CASE("golden: no mount namespace") {
  compare("host-mounts-none", plan(R"("linux":{})"));
  compare("host-mounts",
          plan(R"("mounts":[{"destination":"/data","type":"bind","source":"/data"}],"linux":{})"));
}

TEST_CASE("golden: propagation of the root file system") {
  for (const char* word : {"private", "slave", "shared", "unbindable"}) {
    const std::string propagation = R"("rootfsPropagation":")" + std::string(word) + '"';
    compare(std::string("root-") + word, plan(with_mounts(propagation)));
  }
}

ExecFacts own_namespaces() {
  ExecFacts facts;
  facts.namespaces = CLONE_NEWPID | CLONE_NEWNS;
  return facts;
}

Plan joining(const oci::Config& config, const Host& host, const ExecFacts& facts) {
  PlanOptions at_once = options();
  at_once.waits_for_start = false;
  Result<Plan> plan = make_exec_plan(config, host, at_once, facts);
  REQUIRE(plan.ok());
  return std::move(plan).value();
}

TEST_CASE("golden: the plan of a startContainer hook") {
  ExecFacts facts = own_namespaces();
  facts.is_hook = true;
  compare("start-container-hook", joining(config(filtered("true")), v1_host(), facts));
}

TEST_CASE("golden: an exec into a cgroup whose limit of processes is reached") {
  ExecFacts facts = own_namespaces();
  facts.cgroup_is_full = true;
  const oci::Config box = config(R"("linux":{"namespaces":[{"type":"pid"},{"type":"mount"}]})");
  compare("exec-full-v1", joining(box, v1_host(), facts));
  compare("exec-full-v2", joining(box, v2_host(), facts));
}

TEST_CASE("golden: a filter that lets the stub start is in force before an exec is visible") {
  for (const char* no_new_privileges : {"true", "false"}) {
    const oci::Config box = config(filtered(no_new_privileges));
    compare(std::string("exec-filter-") + no_new_privileges,
            joining(box, bare_host(), own_namespaces()));
  }
  const char* forbids_setsid = R"([{"names":["setsid"],"action":"SCMP_ACT_ERRNO"}])";
  const oci::Config late = config(with_filter("true", forbids_setsid));
  compare("exec-filter-late", joining(late, bare_host(), own_namespaces()));
}

TEST_CASE("golden: an exec with a filter that notifies tells the pid of who is forked") {
  const char* notifies = R"([{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}],
                            "listenerPath":"/run/agent")";
  const oci::Config box = config(with_filter("true", notifies));
  compare("exec-filter-notify", joining(box, bare_host(), own_namespaces()));
}

TEST_CASE("golden: the plan of an exec, on each kind of host and with a terminal") {
  const oci::Config box = config(
      R"("process":{"terminal":true,"cwd":"/","args":["sh"],"oomScoreAdj":5,"user":{"uid":0,"gid":0},
         "execCPUAffinity":{"initial":"0-1","final":"1"}},
         "linux":{"namespaces":[{"type":"pid"},{"type":"mount"}]})");
  ExecFacts facts = own_namespaces();
  compare("exec-terminal-v2", joining(box, v2_host(), facts));
  compare("exec-v1", joining(config(filtered("true")), v1_host(), facts));
  facts.resctrl = step::JoinResctrl{"gold", "box"};
  compare("exec-resctrl", joining(config(""), v2_host(), facts));
  facts.resctrl.reset();
  facts.namespaces = 0;
  facts.root = "/bundle/rootfs";
  compare("exec-on-the-host", joining(config(""), bare_host(), facts));
}

TEST_CASE("golden: mounts that are added to a running container, and removed") {
  const oci::Config box = config(R"("mounts":[
    {"destination":"/volume","type":"bind","source":"/srv","options":["rbind","ro"]},
    {"destination":"/ram","type":"tmpfs","options":["ro","size=64k"]},
    {"destination":"/proc/uptime","type":"bind","source":"/srv/uptime","options":["bind"]}],
    "linux":{"uidMappings":[{"containerID":0,"hostID":1000,"size":1}],
    "gidMappings":[{"containerID":0,"hostID":1000,"size":1}],
    "namespaces":[{"type":"mount"},{"type":"user"},{"type":"pid"},{"type":"ipc"}]})");
  constexpr std::uint64_t joined = CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC;
  const auto changed = [&](const Host& host, MountsChange change) {
    Result<Plan> plan = make_mounts_plan(box, host, options(), joined, change);
    REQUIRE(plan.ok());
    return std::move(plan).value();
  };
  compare("live-mounts-add", changed(bare_host(), MountsChange::add));
  compare("live-mounts-remove", changed(bare_host(), MountsChange::remove));
  Host users = bare_host();
  users.takes_trees = false;
  users.capabilities = 0;
  compare("live-mounts-user", changed(users, MountsChange::add));
}

}  // namespace tare::runtime::planned

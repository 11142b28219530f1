// SPDX-License-Identifier: Apache-2.0
#include "oci/validate.h"

#include <doctest/doctest.h>

using namespace tare;
using namespace tare::oci;

namespace {

// The least that a container needs, with every namespace but user and time.
Config minimal() {
  Config config;
  config.ociVersion = "1.3.0";
  config.process.emplace().cwd = "/";
  config.process->args = {"true"};
  config.root.emplace().path = "rootfs";
  config.linux_.emplace();
  for (const NamespaceType type : {NamespaceType::mount, NamespaceType::pid, NamespaceType::network,
                                   NamespaceType::uts, NamespaceType::ipc, NamespaceType::cgroup}) {
    config.linux_->namespaces.push_back({type, {}});
  }
  return config;
}

std::string lines(const std::vector<Error>& errors) {
  std::string text;
  for (const Error& error : errors) text += (text.empty() ? "" : "\n") + error.message();
  return text;
}

std::string problems(const Config& config) {
  const std::vector<Error> all = all_problems(config);
  // validate() is the first of all_problems(), always.
  const Result<void> first = validate(config);
  CHECK(first.ok() == all.empty());
  if (!first.ok()) CHECK(first.error().message() == all.front().message());
  return lines(all);
}

// What is wrong after `change`, in a document that was decoded.
template <class Change>
std::string after(const Change& change) {
  Config config = minimal();
  change(config);
  bring_into_normal_form(config);
  return problems(config);
}

template <class Change>
std::string after_process(const Change& change) {
  return after([&](Config& config) { change(*config.process); });
}

template <class Change>
std::string after_linux(const Change& change) {
  return after([&](Config& config) { change(*config.linux_); });
}

template <class Change>
std::string after_resources(const Change& change) {
  return after([&](Config& config) { change(config.linux_->resources.emplace()); });
}

template <class Change>
std::string after_seccomp(const Change& change) {
  return after([&](Config& config) { change(config.linux_->seccomp.emplace()); });
}

void new_user_namespace(Config& config, std::vector<IDMapping> uids, std::vector<IDMapping> gids) {
  config.linux_->namespaces.push_back({NamespaceType::user, {}});
  config.linux_->uidMappings = std::move(uids);
  config.linux_->gidMappings = std::move(gids);
}

void without(Config& config, NamespaceType type) {
  std::erase_if(config.linux_->namespaces, [&](const Namespace& n) { return n.type == type; });
}

}  // namespace

TEST_CASE("the least that a container needs has no problem") {
  CHECK(problems(minimal()) == "");
}

TEST_CASE("every problem is found, in the order of the document") {
  CHECK(after([](Config& config) {
          config.ociVersion = "2.0.0";
          config.process->cwd = "x";
          config.root.reset();
          config.linux_->maskedPaths = {"proc/kcore"};
        }) ==
        "/ociVersion: must be of version 1 of the specification, is 2.0.0\n"
        "/process/cwd: must be an absolute path, is \"x\"\n"
        "/root: is required\n"
        "/linux/maskedPaths/0: must be an absolute path, is \"proc/kcore\"");
}

TEST_CASE("problems are of kind config") {
  const std::vector<Error> all = all_problems(Config());
  REQUIRE(!all.empty());
  for (const Error& error : all) CHECK(error.kind == Error::Kind::config);
}

// ---- the top -----------------------------------------------------------------------------------

TEST_CASE("ociVersion is a semantic version of major version 1") {
  const auto version = [](const char* text) {
    return after([&](Config& config) { config.ociVersion = text; });
  };
  for (const char* good : {"1.0.0", "1.3.0", "1.3.0+dev", "1.0.2-dev", "1.0.0-rc5", "1.99.0",
                           "1.0.0-alpha.1+build.5", "1.0.0--x"}) {
    CAPTURE(good);
    CHECK(version(good) == "");
  }
  for (const char* bad : {"", "abc", "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.0-", "1.0.0+", "1.01.0",
                          "1.0.-1", "1.0.0-a..b", "1.0.0 ", "1.0.0+a+b", "1.0.0-\xC3\xBC"}) {
    CAPTURE(bad);
    CHECK(version(bad).starts_with("/ociVersion: must be a semantic version, is \""));
  }
  CHECK(version("0.9.0") == "/ociVersion: must be of version 1 of the specification, is 0.9.0");
  CHECK(version("9.9.9") == "/ociVersion: must be of version 1 of the specification, is 9.9.9");
  CHECK(version("10.0.0") == "/ociVersion: must be of version 1 of the specification, is 10.0.0");
}

TEST_CASE("an annotation has a key") {
  CHECK(after([](Config& config) { config.annotations = {{"a", ""}}; }) == "");
  CHECK(after([](Config& config) {
          config.annotations = {{"", "a"}};
        }) == "/annotations: has an empty key");
}

TEST_CASE("host and domain name have at most 64 bytes and need a uts namespace") {
  const std::string longest(64, 'h');
  CHECK(after([&](Config& config) { config.hostname = config.domainname = longest; }) == "");
  CHECK(after([&](Config& config) { config.hostname = longest + 'h'; }) ==
        "/hostname: must not be longer than 64 bytes, has 65");
  CHECK(after([&](Config& config) { config.domainname = longest + 'h'; }) ==
        "/domainname: must not be longer than 64 bytes, has 65");
  CHECK(after([&](Config& config) {
          config.hostname = "h";
          config.domainname = "d";
          without(config, NamespaceType::uts);
        }) == "/hostname: needs a uts namespace\n/domainname: needs a uts namespace");
  CHECK(after([&](Config& config) {
          config.hostname = "h";
          config.linux_.reset();
        }) == "/hostname: needs a uts namespace");
}

// ---- process -----------------------------------------------------------------------------------

TEST_CASE("a document without a process is complete") {
  CHECK(after([](Config& config) { config.process.reset(); }) == "");
}

TEST_CASE("there is a command to run") {
  CHECK(after_process([](Process& process) { process.args.clear(); }) ==
        "/process/args: must have at least one entry");
  CHECK(after_process([](Process& process) {
          process.args = {"", "a"};
        }) == "/process/args/0: must not be empty");
  CHECK(after_process([](Process& process) { process.args = {"a", ""}; }) == "");
}

TEST_CASE("the working directory is absolute") {
  CHECK(after_process([](Process& process) { process.cwd = ""; }) ==
        "/process/cwd: must be an absolute path, is \"\"");
  CHECK(after_process([](Process& process) { process.cwd = "./tmp"; }) ==
        "/process/cwd: must be an absolute path, is \"./tmp\"");
}

TEST_CASE("an environment entry is NAME=value") {
  CHECK(after_process([](Process& process) { process.env = {"A=", "B=c=d"}; }) == "");
  CHECK(after_process([](Process& process) {
          process.env = {"A=b", "C"};
        }) == "/process/env/1: \"C\" has no '=', must be NAME=value");
  // The name, and nothing of what may be a value.
  CHECK(after_process([](Process& process) {
          process.env = {"TOKEN hunter2", "MY_KEY1:hunter2", "-hunter2"};
        }) ==
        "/process/env/0: \"TOKEN\"... has no '=', must be NAME=value\n"
        "/process/env/1: \"MY_KEY1\"... has no '=', must be NAME=value\n"
        "/process/env/2: \"\"... has no '=', must be NAME=value");
  CHECK(after_process([](Process& process) {
          process.env = {"=x", ""};
        }) ==
        "/process/env/0: must be NAME=value, has no name\n"
        "/process/env/1: \"\" has no '=', must be NAME=value");
}

TEST_CASE("a console has 16-bit sides, and none counts without a terminal") {
  const auto console = [](bool terminal, std::uint64_t height, std::uint64_t width) {
    return after_process([&](Process& process) {
      process.terminal = terminal;
      process.consoleSize = {height, width};
    });
  };
  CHECK(console(true, 65535, 0) == "");
  CHECK(console(false, 70000, 70000) == "");
  CHECK(console(true, 70000, 80) ==
        "/process/consoleSize/height: must not be above 65535, is 70000");
  CHECK(console(true, 24, 65536) ==
        "/process/consoleSize/width: must not be above 65535, is 65536");
}

TEST_CASE("2^32 - 1 is no user and no group") {
  CHECK(after_process([](Process& process) {
          process.user = {4294967294, 4294967294, {}, {0}};
        }) == "");
  CHECK(after_process([](Process& process) {
          process.user = {4294967295, 4294967295, {}, {1, 4294967295}};
        }) ==
        "/process/user/uid: 4294967295 is not an id\n"
        "/process/user/gid: 4294967295 is not an id\n"
        "/process/user/additionalGids/1: 4294967295 is not an id");
}

TEST_CASE("a process has at most 65536 groups") {
  CHECK(after_process([](Process& process) { process.user.additionalGids.resize(65536); }) == "");
  CHECK(after_process([](Process& process) { process.user.additionalGids.resize(70000); }) ==
        "/process/user/additionalGids: has 70000 entries, the kernel accepts 65536");
}

TEST_CASE("a umask has permission bits") {
  CHECK(after_process([](Process& process) { process.user.umask = 0777; }) == "");
  CHECK(after_process([](Process& process) { process.user.umask = 01000; }) ==
        "/process/user/umask: must not be above 511 (0777), is 512");
}

TEST_CASE("resource limits are known, unique and ordered") {
  CHECK(after_process([](Process& process) {
          for (const char* name :
               {"AS", "CORE", "CPU", "DATA", "FSIZE", "LOCKS", "MEMLOCK", "MSGQUEUE", "NICE",
                "NOFILE", "NPROC", "RSS", "RTPRIO", "RTTIME", "SIGPENDING", "STACK"}) {
            process.rlimits.push_back({std::string("RLIMIT_") + name, 1, 1});
          }
        }) == "");
  CHECK(after_process([](Process& process) {
          process.rlimits = {{"RLIMIT_CORE", 0, 18446744073709551615u}, {"RLIMIT_BOGUS", 0, 0}};
        }) == "/process/rlimits/1/type: unknown limit \"RLIMIT_BOGUS\"");
  CHECK(after_process([](Process& process) {
          process.rlimits = {{"RLIMIT_CORE", 0, 0}, {"RLIMIT_AS", 0, 0}, {"RLIMIT_CORE", 0, 0}};
        }) == "/process/rlimits/2/type: \"RLIMIT_CORE\" occurs twice");
  CHECK(after_process([](Process& process) {
          process.rlimits = {{"RLIMIT_CORE", 2, 1}};
        }) == "/process/rlimits/0: soft limit 2 is above hard limit 1");
}

TEST_CASE("oomScoreAdj is from -1000 to 1000") {
  const auto score = [](std::int64_t value) {
    return after_process([&](Process& process) { process.oomScoreAdj = value; });
  };
  CHECK(score(-1000) == "");
  CHECK(score(1000) == "");
  CHECK(score(2000) == "/process/oomScoreAdj: must be from -1000 to 1000, is 2000");
  CHECK(score(-1001) == "/process/oomScoreAdj: must be from -1000 to 1000, is -1001");
}

TEST_CASE("an I/O priority is from 0 to 7") {
  const auto priority = [](std::int32_t value) {
    return after_process([&](Process& process) {
      process.ioPriority = {IOPriorityClass::BE, value};
    });
  };
  CHECK(priority(0) == "");
  CHECK(priority(7) == "");
  CHECK(priority(8) == "/process/ioPriority/priority: must be from 0 to 7, is 8");
  CHECK(priority(-1) == "/process/ioPriority/priority: must be from 0 to 7, is -1");
}

TEST_CASE("unknown capabilities are warnings, not problems") {
  Config config = minimal();
  config.process->capabilities.emplace().bounding = {"CAP_CHOWN", "CAP_ALL", "chown", "cap_kill"};
  CHECK(problems(config) == "");
  CHECK(warnings(config) ==
        std::vector<std::string>{"/process/capabilities/bounding: unknown \"CAP_ALL\"",
                                 "/process/capabilities/bounding: unknown \"chown\""});
}

TEST_CASE("ambient capabilities that cannot be raised are warnings") {
  Process process;
  process.capabilities.emplace().permitted = {"CAP_KILL", "CAP_CHOWN"};
  process.capabilities->inheritable = {"CAP_KILL"};
  process.capabilities->ambient = {"CAP_KILL", "CAP_CHOWN"};
  CHECK(warnings(process) ==
        std::vector<std::string>{"/capabilities/ambient: CAP_CHOWN is not both permitted and "
                                 "inheritable"});
}

// ---- scheduler ---------------------------------------------------------------------------------

namespace {

std::string scheduled(const Scheduler& scheduler) {
  return after_process([&](Process& process) { process.scheduler = scheduler; });
}

}  // namespace

TEST_CASE("nice goes with the policies that share time") {
  CHECK(scheduled({SchedulerPolicy::OTHER, -20, {}, {}, {}, {}, {}}) == "");
  CHECK(scheduled({SchedulerPolicy::BATCH, 19, {}, {}, {}, {}, {}}) == "");
  CHECK(scheduled({SchedulerPolicy::IDLE, 0, 0, {}, 0, 0, 0}) == "");
  CHECK(scheduled({SchedulerPolicy::OTHER, 99, {}, {}, {}, {}, {}}) ==
        "/process/scheduler/nice: must be from -20 to 19, is 99");
  CHECK(scheduled({SchedulerPolicy::FIFO, 1, 1, {}, {}, {}, {}}) ==
        "/process/scheduler/nice: needs SCHED_OTHER or SCHED_BATCH");
}

TEST_CASE("a static priority goes with the real-time policies") {
  CHECK(scheduled({SchedulerPolicy::FIFO, {}, 1, {}, {}, {}, {}}) == "");
  CHECK(scheduled({SchedulerPolicy::RR, {}, 99, {}, {}, {}, {}}) == "");
  CHECK(scheduled({SchedulerPolicy::RR, {}, {}, {}, {}, {}, {}}) ==
        "/process/scheduler/priority: must be from 1 to 99, is 0");
  CHECK(scheduled({SchedulerPolicy::FIFO, {}, 100, {}, {}, {}, {}}) ==
        "/process/scheduler/priority: must be from 1 to 99, is 100");
  CHECK(scheduled({SchedulerPolicy::OTHER, {}, 1, {}, {}, {}, {}}) ==
        "/process/scheduler/priority: needs SCHED_FIFO or SCHED_RR");
}

TEST_CASE("runtime, deadline and period go with SCHED_DEADLINE, in that order of size") {
  const auto deadline = [](std::uint64_t runtime, std::uint64_t until, std::uint64_t period) {
    return scheduled({SchedulerPolicy::DEADLINE, {}, {}, {}, runtime, until, period});
  };
  CHECK(deadline(1, 2, 3) == "");
  CHECK(deadline(2, 2, 0) == "");
  CHECK(deadline(0, 2, 3) == "/process/scheduler/runtime: must not be 0 with SCHED_DEADLINE");
  CHECK(deadline(3, 2, 3) == "/process/scheduler: must have runtime <= deadline <= period");
  CHECK(deadline(1, 4, 3) == "/process/scheduler: must have runtime <= deadline <= period");
  CHECK(scheduled({SchedulerPolicy::OTHER, {}, {}, {}, {}, {}, 1}) ==
        "/process/scheduler: runtime, deadline and period go only with SCHED_DEADLINE");
}

TEST_CASE("a policy that no kernel has is unsupported") {
  Config config = minimal();
  config.process->scheduler.emplace().policy = SchedulerPolicy::ISO;
  CHECK(validate(config).error().kind == Error::Kind::unsupported);
  CHECK(problems(config) == "/process/scheduler/policy: no kernel has SCHED_ISO");
}

TEST_CASE("the affinity of exec is made of lists of CPUs") {
  const auto affinity = [](const std::string& initial, const std::string& final) {
    return after_process([&](Process& process) { process.execCPUAffinity = {initial, final}; });
  };
  CHECK(affinity("0-3,7", "") == "");
  CHECK(affinity("0-8191", "8191") == "");
  CHECK(affinity("0", "1,9000-9001") ==
        "/process/execCPUAffinity/final: 9001 is above 8191, the highest number that a kernel "
        "gives to CPUs");
  CHECK(affinity("3-0", "0") == "/process/execCPUAffinity/initial: \"3-0\" is not a list of CPUs");
  CHECK(affinity("0", "0,") == "/process/execCPUAffinity/final: \"0,\" is not a list of CPUs");
  CHECK(affinity("-1", "a") ==
        "/process/execCPUAffinity/initial: \"-1\" is not a list of CPUs\n"
        "/process/execCPUAffinity/final: \"a\" is not a list of CPUs");
}

TEST_CASE("a process that comes alone has pointers of its own") {
  Process process;
  process.args = {"true"};
  CHECK(validate(process).error().message() == "/cwd: must be an absolute path, is \"\"");
  process.cwd = "/";
  CHECK(validate(process).ok());
}

// ---- root and mounts ---------------------------------------------------------------------------

TEST_CASE("a container has a root, and never the host's") {
  const auto root = [](const std::string& path) {
    return after([&](Config& config) { config.root->path = path; });
  };
  CHECK(root("/srv/../srv/x") == "");
  CHECK(root("..") == "");
  CHECK(after([](Config& config) { config.root.reset(); }) == "/root: is required");
  CHECK(root("") == "/root/path: must not be empty");
  CHECK(root("/") == "/root/path: is the root of the host");
  CHECK(root("//srv/../.") == "/root/path: is the root of the host");
}

namespace {

std::string mounted(const Mount& mount) {
  return after([&](Config& config) {
    config.mounts = {{"/first", "tmpfs", "", {}, {}, {}}, mount};
  });
}

Mount mount_on(const std::string& destination, const std::string& type = "tmpfs",
               std::vector<std::string> options = {}) {
  return {destination, type, "source", std::move(options), {}, {}};
}

}  // namespace

TEST_CASE("a mount has a destination inside the root") {
  CHECK(mounted(mount_on("/a")) == "");
  CHECK(mounted(mount_on("a/b")) == "");
  CHECK(mounted(mount_on("/../../x")) == "");
  CHECK(mounted(mount_on("")) == "/mounts/1/destination: must not be empty");
}

TEST_CASE("on the root goes a bind mount, in a mount namespace") {
  const std::string only_binds =
      "/mounts/1/destination: only a bind mount goes on /; root.readonly makes it read-only";
  for (const char* root : {"/", "//", "/a/..", "/../..", "."}) {
    CAPTURE(root);
    CHECK(mounted(mount_on(root)) == only_binds);
    CHECK(mounted(mount_on(root, "bind")) == "");
    CHECK(mounted(mount_on(root, "none", {"rbind", "ro"})) == "");
    CHECK(mounted(mount_on(root, "none", {"bind", "remount", "ro"})) == only_binds);
    CHECK(mounted(mount_on(root, "", {"rslave"})) == only_binds);
  }
  CHECK(after([](Config& config) {
          config.mounts = {mount_on("/", "bind")};
          without(config, NamespaceType::mount);
        }) == "/mounts/0/destination: a mount on / needs a mount namespace");
}

TEST_CASE("a relative destination is a warning") {
  Config config = minimal();
  config.mounts = {mount_on("/a"), mount_on("b/")};
  bring_into_normal_form(config);
  CHECK(warnings(config) ==
        std::vector<std::string>{"/mounts/1: the destination is relative, taken for \"/b\""});
}

TEST_CASE("shares out of the kernel's range are a warning that says what is taken") {
  const auto warned = [](std::uint64_t shares) {
    Config config = minimal();
    config.linux_->resources.emplace().cpu.emplace().shares = shares;
    const auto alone = warnings(*config.linux_->resources);
    const auto all = warnings(config);
    REQUIRE(alone.size() == all.size());
    if (all.empty()) return std::string();
    CHECK(all.front() == "/linux/resources" + alone.front());
    return alone.front();
  };
  for (const std::uint64_t shares : {0U, 2U, 1024U, 262144U}) CHECK(warned(shares) == "");
  CHECK(warned(1) == "/cpu/shares: 1 is out of the kernel's range, taken for 2");
  CHECK(warned(1000000) == "/cpu/shares: 1000000 is out of the kernel's range, taken for 262144");
}

TEST_CASE("on /proc goes a procfs or a bind mount") {
  CHECK(mounted(mount_on("/proc", "proc")) == "");
  CHECK(mounted(mount_on("/proc", "bind")) == "");
  CHECK(mounted(mount_on("/proc", "none", {"ro", "rbind"})) == "");
  CHECK(mounted(mount_on("/proc", "", {"bind"})) == "");
  for (const char* proc : {"/proc", "proc", "//proc/", "/x/../proc/."}) {
    CAPTURE(proc);
    CHECK(mounted(mount_on(proc, "tmpfs")) ==
          "/mounts/1: only a proc or a bind mount goes on /proc, not \"tmpfs\"");
  }
}

TEST_CASE("below /proc go only the files that lxcfs replaces") {
  for (const char* file :
       {"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo", "/proc/stat", "/proc/swaps",
        "/proc/uptime", "/proc/loadavg", "/proc/slabinfo", "/proc/sys/kernel/ns_last_pid",
        "/proc/sys/crypto/fips_enabled", "//proc/./stat"}) {
    CAPTURE(file);
    CHECK(mounted(mount_on(file, "bind")) == "");
  }
  for (const char* file : {"/proc/self", "/proc/sys", "/proc/1/attr", "/proc/net/dev",
                           "proc/sysrq-trigger", "/tmp/../proc/keys", "/proc/stat/x"}) {
    CAPTURE(file);
    CHECK(
        mounted(mount_on(file, "bind")).starts_with("/mounts/1: nothing may be mounted on /proc/"));
  }
  CHECK(mounted(mount_on("/process")) == "");
}

TEST_CASE("the options of a mount fit a page") {
  CHECK(mounted(mount_on("/a", "tmpfs", {std::string(4095, 'o')})) == "");
  CHECK(mounted(mount_on("/a", "tmpfs", {std::string(4096, 'o')})) ==
        "/mounts/1/options: must not be longer than 4095 bytes together, have 4096");
  CHECK(mounted(mount_on("/a", "tmpfs", {std::string(2048, 'o'), std::string(2047, 'o')})) ==
        "/mounts/1/options: must not be longer than 4095 bytes together, have 4096");
}

TEST_CASE("a mount maps users and groups or neither") {
  Mount mount = mount_on("/a", "bind");
  mount.uidMappings = {{0, 1000, 10}};
  CHECK(mounted(mount) == "/mounts/1: must have both uidMappings and gidMappings, or neither");
  mount.gidMappings = {{0, 1000, 0}};
  CHECK(mounted(mount) == "/mounts/1/gidMappings/0/size: must not be 0");
  mount.gidMappings = {{0, 1000, 10}};
  CHECK(mounted(mount) == "");
}

TEST_CASE("masked and read-only paths are absolute and need a mount namespace") {
  CHECK(after_linux([](Linux& linux_) {
          linux_.maskedPaths = {"/proc/kcore", "/../../etc"};
          linux_.readonlyPaths = {"/proc/sys", "/"};
        }) == "");
  CHECK(after_linux([](Linux& linux_) {
          linux_.readonlyPaths = {"/a", "b"};
        }) == "/linux/readonlyPaths/1: must be an absolute path, is \"b\"");
  CHECK(after_linux([](Linux& linux_) { linux_.maskedPaths = {"/x/.."}; }) ==
        "/linux/maskedPaths/0: is the root of the container itself");
  CHECK(after([](Config& config) {
          config.linux_->maskedPaths = {"/a"};
          config.linux_->readonlyPaths = {"/b"};
          without(config, NamespaceType::mount);
        }) ==
        "/linux/maskedPaths: needs a mount namespace\n"
        "/linux/readonlyPaths: needs a mount namespace");
}

TEST_CASE("a hook has an absolute path and a timeout above zero") {
  const auto hooked = [](std::vector<Hook> Hooks::*list, const Hook& hook) {
    return after([&](Config& config) { config.hooks.emplace().*list = {hook}; });
  };
  CHECK(hooked(&Hooks::prestart, {"/bin/true", {}, {}, 1}) == "");
  CHECK(hooked(&Hooks::prestart, {"true", {}, {}, {}}) ==
        "/hooks/prestart/0/path: must be an absolute path, is \"true\"");
  CHECK(hooked(&Hooks::createRuntime, {"", {}, {}, {}}) ==
        "/hooks/createRuntime/0/path: must be an absolute path, is \"\"");
  CHECK(hooked(&Hooks::createContainer, {"/a", {}, {}, 0}) ==
        "/hooks/createContainer/0/timeout: must be above 0 seconds, is 0");
  CHECK(hooked(&Hooks::startContainer, {"/a", {}, {}, -1}) ==
        "/hooks/startContainer/0/timeout: must be above 0 seconds, is -1");
  CHECK(hooked(&Hooks::poststart, {"a", {}, {}, {}}).starts_with("/hooks/poststart/0/path: "));
  CHECK(hooked(&Hooks::poststop, {"a", {}, {}, {}}).starts_with("/hooks/poststop/0/path: "));
}

// ---- namespaces --------------------------------------------------------------------------------

TEST_CASE("each type of namespace stands once") {
  CHECK(after_linux([](Linux& linux_) {
          linux_.namespaces = {{NamespaceType::pid, {}},
                               {NamespaceType::mount, {}},
                               {NamespaceType::pid, "/proc/1/ns/pid"}};
        }) == "/linux/namespaces/2: pid occurs twice");
}

TEST_CASE("the path of a namespace is absolute") {
  CHECK(after_linux([](Linux& linux_) {
          linux_.namespaces = {{NamespaceType::pid, "/proc/1/ns/pid"}, {NamespaceType::uts, "ns"}};
        }) == "/linux/namespaces/1/path: must be an absolute path, is \"ns\"");
}

TEST_CASE("id mappings and the user namespace need each other") {
  CHECK(after([](Config& config) { new_user_namespace(config, {{0, 1, 1}}, {{0, 1, 1}}); }) == "");
  CHECK(after([](Config& config) {
          config.linux_->uidMappings = {{0, 1, 1}};
        }) == "/linux/uidMappings: needs a user namespace");
  CHECK(after([](Config& config) {
          new_user_namespace(config, {{0, 1, 1}}, {});
        }) == "/linux/gidMappings: is required for a new user namespace");
  CHECK(after([](Config& config) { new_user_namespace(config, {}, {}); }) ==
        "/linux/uidMappings: is required for a new user namespace\n"
        "/linux/gidMappings: is required for a new user namespace");
  CHECK(after_linux([](Linux& linux_) {
          linux_.namespaces = {{NamespaceType::user, "/proc/1/ns/user"}};
        }) == "");
}

TEST_CASE("id mappings are what the kernel takes") {
  const auto mapped = [](const std::vector<IDMapping>& uids) {
    return after([&](Config& config) { new_user_namespace(config, uids, {{0, 0, 1}}); });
  };
  CHECK(mapped({{0, 0, 4294967295}}) == "");
  CHECK(mapped({{0, 1000, 1}, {1, 100000, 65536}}) == "");
  CHECK(mapped({{0, 0, 1}, {5, 5, 0}}) == "/linux/uidMappings/1/size: must not be 0");
  CHECK(mapped({{0, 0, 1}, {4294967295, 5, 1}}) ==
        "/linux/uidMappings/1/containerID: the range exceeds the last id, 4294967294");
  CHECK(mapped({{0, 4294967290, 10}}) ==
        "/linux/uidMappings/0/hostID: the range exceeds the last id, 4294967294");
  CHECK(mapped({{0, 0, 10}, {9, 100, 1}}) == "/linux/uidMappings/1/containerID: overlaps entry 0");
  CHECK(mapped({{10, 105, 10}, {0, 100, 10}}) == "/linux/uidMappings/1/hostID: overlaps entry 0");
}

TEST_CASE("the kernel takes 340 id mappings") {
  const auto many = [](std::uint32_t count) {
    std::vector<IDMapping> mappings;
    for (std::uint32_t i = 0; i < count; ++i) mappings.push_back({i * 2, i * 2, 1});
    return after([&](Config& config) { new_user_namespace(config, {{0, 0, 1}}, mappings); });
  };
  CHECK(many(340) == "");
  CHECK(many(341) == "/linux/gidMappings: has 341 entries, the kernel accepts 340");
}

TEST_CASE("the user of the process is mapped") {
  const auto run_as = [](const User& user) {
    return after([&](Config& config) {
      new_user_namespace(config, {{0, 1000, 1}, {5, 2000, 2}}, {{0, 1000, 10}});
      config.process->user = user;
    });
  };
  CHECK(run_as({0, 9, {}, {1, 2}}) == "");
  CHECK(run_as({6, 0, {}, {}}) == "");
  CHECK(run_as({7, 0, {}, {}}) == "/process/user/uid: 7 is not mapped in the user namespace");
  CHECK(run_as({1, 10, {}, {0, 10}}) ==
        "/process/user/uid: 1 is not mapped in the user namespace\n"
        "/process/user/gid: 10 is not mapped in the user namespace\n"
        "/process/user/additionalGids/1: 10 is not mapped in the user namespace");
}

TEST_CASE("time offsets need a new time namespace") {
  CHECK(after_linux([](Linux& linux_) {
          linux_.namespaces.push_back({NamespaceType::time, {}});
          linux_.timeOffsets = {{"monotonic", {-5, 999999999}}, {"boottime", {1, 0}}};
        }) == "");
  CHECK(after_linux([](Linux& linux_) {
          linux_.timeOffsets = {{"boottime", {}}};
        }) == "/linux/timeOffsets: needs a new time namespace");
  CHECK(after_linux([](Linux& linux_) {
          linux_.namespaces.push_back({NamespaceType::time, "/proc/1/ns/time"});
          linux_.timeOffsets = {{"boottime", {}}};
        }) == "/linux/timeOffsets: needs a new time namespace");
}

TEST_CASE("time offsets are of two clocks and less than a second beside the seconds") {
  CHECK(after_linux([](Linux& linux_) {
          linux_.namespaces.push_back({NamespaceType::time, {}});
          linux_.timeOffsets = {{"realtime", {}}, {"monotonic", {0, 1000000000}}};
        }) ==
        "/linux/timeOffsets/monotonic/nanosecs: must be below 1000000000, is 1000000000\n"
        "/linux/timeOffsets/realtime: unknown clock, must be monotonic or boottime");
}

TEST_CASE("network devices have names and a namespace to go to") {
  const auto devices = [](const std::map<std::string, NetDevice>& list) {
    return after_linux([&](Linux& linux_) { linux_.netDevices = list; });
  };
  CHECK(devices({{"eth0", {}}, {"eth1", {"lan0"}}, {"a", {"net%d"}}, {"b", {"net%d"}}}) == "");
  for (const char* bad : {"", ".", "..", "a/b", "a:b", "a b", "sixteen-letters-"}) {
    CAPTURE(bad);
    CHECK(devices({{bad, {}}}).ends_with("is not a valid network device name"));
  }
  CHECK(devices({{"eth0", {"a/b"}}}) ==
        "/linux/netDevices/eth0/name: \"a/b\" is not a valid network device name");
  for (const char* bad : {"%", "%s", "%d%d", "a%"}) {
    CHECK(devices({{"eth0", {bad}}}).ends_with("is not a valid network device name"));
  }
  CHECK(devices({{"eth0", {"x"}}, {"eth1", {"x"}}}) ==
        "/linux/netDevices/eth1: another device gets the name \"x\"");
  CHECK(after([](Config& config) {
          config.linux_->netDevices = {{"eth0", {}}};
          without(config, NamespaceType::network);
        }) == "/linux/netDevices: needs a network namespace");
}

// ---- sysctl ------------------------------------------------------------------------------------

namespace {

std::string sysctl(const std::string& key, const std::string& value = "1") {
  return after_linux([&](Linux& linux_) { linux_.sysctl = {{key, value}}; });
}

std::string sysctl_without(NamespaceType type, const std::string& key) {
  return after([&](Config& config) {
    config.linux_->sysctl = {{key, "1"}};
    without(config, type);
  });
}

}  // namespace

TEST_CASE("kernel parameters of the container's namespaces are allowed") {
  for (const char* key :
       {"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall",
        "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced", "kernel/shmmax",
        "fs.mqueue.msg_max", "net.ipv4.ip_forward", "net/ipv4/conf/eno2.100/forwarding",
        "net.ipv4.conf.eno2/100.forwarding", "kernel.domainname"}) {
    CAPTURE(key);
    CHECK(sysctl(key) == "");
  }
}

TEST_CASE("kernel parameters need the namespace that they belong to") {
  CHECK(sysctl_without(NamespaceType::ipc, "kernel.sem") ==
        "/linux/sysctl/kernel.sem: needs a namespace of type ipc");
  CHECK(sysctl_without(NamespaceType::ipc, "fs/mqueue/msg_max") ==
        "/linux/sysctl/fs~1mqueue~1msg_max: needs a namespace of type ipc");
  CHECK(sysctl_without(NamespaceType::network, "net.core.somaxconn") ==
        "/linux/sysctl/net.core.somaxconn: needs a namespace of type network");
  CHECK(sysctl_without(NamespaceType::uts, "kernel.domainname") ==
        "/linux/sysctl/kernel.domainname: needs a namespace of type uts");
  CHECK(sysctl("user.max_user_namespaces") ==
        "/linux/sysctl/user.max_user_namespaces: needs a namespace of type user");
}

TEST_CASE("kernel parameters of the host are refused") {
  for (const char* key : {"kernel.core_pattern", "vm.overcommit_memory", "fs.file-max",
                          "kernel.sem2", "kernel.shmmax.x", "fs.mqueuex", "net", "kernel"}) {
    CAPTURE(key);
    CHECK(sysctl(key) ==
          std::string("/linux/sysctl/") + key + ": belongs to no namespace, so to the host");
  }
  CHECK(sysctl("kernel.hostname") ==
        "/linux/sysctl/kernel.hostname: is set by the property /hostname");
}

TEST_CASE("the key of a kernel parameter leads nowhere else") {
  for (const char* key : {"net/../kernel/core_pattern", "net..ipv4", "net/./x", "net.", "net/",
                          "net.ipv4.a b", "net.ipv4.a\n", "net.ipv4.\xC3\xBC", "net//x"}) {
    CAPTURE(key);
    CHECK(sysctl(key).find("is not a kernel parameter name") != std::string::npos);
  }
  CHECK(sysctl("") != "");
  CHECK(sysctl(".net.x") != "");
  CHECK(sysctl("/net/x") != "");
  // A slash after the first dot is a dot of a name, so this stays below net.
  CHECK(sysctl("net.ipv4.conf.a/b.forwarding") == "");
}

TEST_CASE("the value of a kernel parameter is one line of less than a page") {
  CHECK(sysctl("kernel.sem", "250\t32000 100 128") == "");
  CHECK(sysctl("kernel.domainname", "") == "");
  CHECK(sysctl("kernel.sem", "1\n2") ==
        "/linux/sysctl/kernel.sem: must be one line, is \"1\\x0a2\"");
  CHECK(sysctl("kernel.sem", std::string(8192, '1')) ==
        "/linux/sysctl/kernel.sem: must not be longer than 4095 bytes, has 8192");
}

// ---- devices and the rest of linux -------------------------------------------------------------

namespace {

std::string with_devices(const std::vector<Device>& devices) {
  return after_linux([&](Linux& linux_) { linux_.devices = devices; });
}

}  // namespace

TEST_CASE("a device has a full path") {
  CHECK(with_devices({{"/dev/fuse", "c", 10, 229, 0666, 0, 0}}) == "");
  CHECK(with_devices({{"/opt/dev/x", "p", 0, 0, {}, {}, {}}}) == "");
  for (const char* path : {"", "dev/fuse", "/", "/dev/.."}) {
    CAPTURE(path);
    CHECK(with_devices({{path, "c", 1, 1, {}, {}, {}}})
              .starts_with("/linux/devices/0/path: must be an absolute path to a file, is "));
  }
  CHECK(with_devices({{"/dev/fuse/", "c", 10, 229, 0666, 0, 0}}) == "");
  CHECK(with_devices({{"/dev/../etc/x", "c", 1, 1, {}, {}, {}}}) == "");
}

TEST_CASE("a device has a type and numbers that can exist") {
  CHECK(with_devices({{"/a", "u", 4095, 1048575, {}, {}, {}}, {"/b", "b", 0, 0, {}, {}, {}}}) ==
        "");
  CHECK(with_devices({{"/a", "p", -1, -1, {}, {}, {}}}) == "");
  CHECK(with_devices({{"/a", "p", {}, {}, {}, {}, {}}}) == "");
  CHECK(with_devices({{"/a", "c", 1, {}, {}, {}, {}}, {"/b", "b", {}, 1, {}, {}, {}}}) ==
        "/linux/devices/0/minor: is required for a device\n"
        "/linux/devices/1/major: is required for a device");
  CHECK(with_devices({{"/a", "z", 0, 0, {}, {}, {}}}) ==
        "/linux/devices/0/type: must be c, b, u or p, is \"z\"");
  CHECK(with_devices({{"/a", "c", -1, 1048576, {}, {}, {}}}) ==
        "/linux/devices/0/major: must be from 0 to 4095, is -1\n"
        "/linux/devices/0/minor: must be from 0 to 1048575, is 1048576");
  CHECK(with_devices({{"/a", "b", 4096, 0, {}, {}, {}}}) ==
        "/linux/devices/0/major: must be from 0 to 4095, is 4096");
}

TEST_CASE("the mode of a device has permissions and at most the type that it has") {
  const auto mode = [](const char* type, std::uint32_t bits) {
    return with_devices({{"/a", type, 1, 1, bits, {}, {}}});
  };
  CHECK(mode("c", 07777) == "");
  CHECK(mode("c", 0020666) == "");
  CHECK(mode("b", 0060660) == "");
  CHECK(mode("c", 0060660) ==
        "/linux/devices/0/fileMode: 25008 has bits that are not permission bits");
  CHECK(mode("c", 0170000) ==
        "/linux/devices/0/fileMode: 61440 has bits that are not permission bits");
  CHECK(mode("c", 1u << 26) ==
        "/linux/devices/0/fileMode: 67108864 has bits that are not permission bits");
}

TEST_CASE("2^32 - 1 owns no device") {
  CHECK(with_devices({{"/a", "c", 1, 1, {}, 4294967295, 4294967295}}) ==
        "/linux/devices/0/uid: 4294967295 is not an id\n"
        "/linux/devices/0/gid: 4294967295 is not an id");
}

TEST_CASE("two devices do not ask for the same path") {
  const Device null{"/dev/null", "c", 1, 3, {}, {}, {}};
  CHECK(with_devices({null, null}) == "");
  CHECK(with_devices(
            {null, {"/dev/zero", "c", 1, 5, {}, {}, {}}, {"/dev//null", "c", 1, 5, {}, {}, {}}}) ==
        "/linux/devices/2/path: is another device than that of entry 0");
}

TEST_CASE("a cgroup path has no control character") {
  CHECK(after_linux([](Linux& linux_) { linux_.cgroupsPath = "system.slice:tare:x"; }) == "");
  CHECK(after_linux([](Linux& linux_) { linux_.cgroupsPath = "/a\nb"; }) ==
        "/linux/cgroupsPath: \"/a\\x0ab\" has a control character");
}

TEST_CASE("a personality has no flags") {
  CHECK(after_linux([](Linux& linux_) {
          linux_.personality = {PersonalityDomain::LINUX32, {}};
        }) == "");
  CHECK(after_linux([](Linux& linux_) {
          linux_.personality = {PersonalityDomain::LINUX, {"ADDR_NO_RANDOMIZE"}};
        }) == "/linux/personality/flags: must be empty, no flag is defined");
}

TEST_CASE("a memory policy has nodes and flags that go with its mode") {
  using Mode = MemoryPolicyMode;
  using Flag = MemoryPolicyFlag;
  const auto policy = [](const MemoryPolicy& value) {
    return after_linux([&](Linux& linux_) { linux_.memoryPolicy = value; });
  };
  CHECK(policy({Mode::DEFAULT, "", {}}) == "");
  CHECK(policy({Mode::PREFERRED, "", {}}) == "");
  CHECK(policy({Mode::BIND, "0-3,7", {Flag::STATIC_NODES, Flag::NUMA_BALANCING}}) == "");
  CHECK(policy({Mode::LOCAL, "0", {}}) ==
        "/linux/memoryPolicy/nodes: must be empty with this mode");
  CHECK(policy({Mode::INTERLEAVE, "", {}}) ==
        "/linux/memoryPolicy/nodes: must name at least one node with this mode");
  CHECK(policy({Mode::BIND, "0-1023", {}}) == "");
  CHECK(policy({Mode::BIND, "0,1024", {}}) ==
        "/linux/memoryPolicy/nodes: 1024 is above 1023, the highest number that a kernel gives to "
        "nodes");
  CHECK(policy({Mode::BIND, "0-", {}}) ==
        "/linux/memoryPolicy/nodes: \"0-\" is not a list of nodes");
  CHECK(policy({Mode::BIND, "0", {Flag::STATIC_NODES, Flag::RELATIVE_NODES}}) ==
        "/linux/memoryPolicy/flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each "
        "other");
  CHECK(policy({Mode::INTERLEAVE, "0", {Flag::NUMA_BALANCING}}) ==
        "/linux/memoryPolicy/flags: MPOL_F_NUMA_BALANCING can be used only with MPOL_BIND and "
        "MPOL_PREFERRED_MANY");
}

TEST_CASE("a class of resctrl is one directory, and its schemata are lines") {
  const auto rdt = [](const IntelRdt& value) {
    return after_linux([&](Linux& linux_) { linux_.intelRdt = value; });
  };
  CHECK(rdt({"class", {"L3:0=f"}, "L3:0=f", "MB:0=20", true}) == "");
  CHECK(rdt({"/", {}, "", "", false}) == "");
  for (const char* id : {".", "..", "a/b", "/a"}) {
    CAPTURE(id);
    CHECK(rdt({id, {}, "", "", false}).ends_with("is not a valid directory name"));
  }
  CHECK(rdt({"a", {"x", "L3:0=f\nMB:0=1"}, "", "", false}) ==
        "/linux/intelRdt/schemata/1: must be one line");
  CHECK(rdt({"a", {}, "L3:0=f\n", "MB:\n", false}) ==
        "/linux/intelRdt/l3CacheSchema: must be one line\n"
        "/linux/intelRdt/memBwSchema: must be one line");
  CHECK(rdt({"a", {}, "", "0=20", false}) ==
        "/linux/intelRdt/memBwSchema: must begin with MB:, is \"0=20\"");
}

// ---- resources ---------------------------------------------------------------------------------

TEST_CASE("a rule for devices has a type, accesses and numbers") {
  const auto rule = [](const DeviceCgroup& value) {
    return after_resources([&](Resources& resources) { resources.devices = {value}; });
  };
  CHECK(rule({false, "", {}, {}, "rwm"}) == "");
  CHECK(rule({false, "a", {}, {}, ""}) == "");
  CHECK(rule({true, "c", 1, 3, "rm"}) == "");
  CHECK(rule({true, "p", 1, 3, "r"}) ==
        "/linux/resources/devices/0/type: must be a, b or c, is \"p\"");
  CHECK(rule({true, "c", 1, 3, "rx"}) ==
        "/linux/resources/devices/0/access: must be made of r, w and m, is \"rx\"");
  CHECK(rule({true, "c", 1, 3, ""}) == "/linux/resources/devices/0/access: allows no access");
  CHECK(rule({true, "c", -1, -1, "r"}) == "");  // decoded as absent
  CHECK(rule({true, "c", -2, 1048576, "r"}) ==
        "/linux/resources/devices/0/major: must be from 0 to 4095, is -2\n"
        "/linux/resources/devices/0/minor: must be from 0 to 1048575, is 1048576");
}

TEST_CASE("memory limits are bytes or -1") {
  CHECK(after_resources([](Resources& resources) {
          resources.memory = {-1, 0, -1, -1, 5, 100, true, {}, {}};
        }) == "");
  CHECK(after_resources([](Resources& resources) {
          resources.memory = {-5, -2, -3, -4, -6, 101, {}, {}, {}};
        }) ==
        "/linux/resources/memory/limit: must be bytes or -1, is -5\n"
        "/linux/resources/memory/reservation: must be bytes or -1, is -2\n"
        "/linux/resources/memory/swap: must be bytes or -1, is -3\n"
        "/linux/resources/memory/kernel: must be bytes or -1, is -4\n"
        "/linux/resources/memory/kernelTCP: must be bytes or -1, is -6\n"
        "/linux/resources/memory/swappiness: must be from 0 to 100, is 101");
}

TEST_CASE("swap counts memory too") {
  const auto memory = [](std::int64_t limit, std::int64_t swap) {
    return after_resources([&](Resources& resources) {
      resources.memory.emplace().limit = limit;
      resources.memory->swap = swap;
    });
  };
  CHECK(memory(1000, 1000) == "");
  CHECK(memory(1000, -1) == "");
  CHECK(memory(1000, 0) == "");
  CHECK(memory(-1, 500) == "");
  CHECK(memory(1000, 999) ==
        "/linux/resources/memory/swap: is memory and swap together, so must not be below limit: "
        "999 < 1000");
}

TEST_CASE("cpu values are what the kernel takes") {
  const auto cpu = [](const CPU& value) {
    return after_resources([&](Resources& resources) { resources.cpu = value; });
  };
  CHECK(cpu({1024, 1000, 1000, 1000, {}, {}, "0-3,7", "0", 1}) == "");
  CHECK(cpu({0, -1, 500, 1000000, {}, {}, "", "", 0}) == "");
  CHECK(cpu({{}, 0, {}, 0, {}, {}, "", "", {}}) == "");
  CHECK(cpu({{}, {}, {}, 999, {}, {}, "", "", {}}) ==
        "/linux/resources/cpu/period: must be from 1000 to 1000000 us, is 999");
  CHECK(cpu({{}, {}, {}, 1000001, {}, {}, "", "", {}}) ==
        "/linux/resources/cpu/period: must be from 1000 to 1000000 us, is 1000001");
  CHECK(cpu({{}, 999, {}, {}, {}, {}, "", "", {}}) ==
        "/linux/resources/cpu/quota: must be at least 1000 us, is 999");
  CHECK(cpu({{}, 1000, 1001, {}, {}, {}, "", "", {}}) ==
        "/linux/resources/cpu/burst: must not be above quota: 1001 > 1000");
  CHECK(cpu({{}, {}, {}, {}, {}, {}, "3-1", "x", 2}) ==
        "/linux/resources/cpu/idle: must be 0 or 1, is 2\n"
        "/linux/resources/cpu/cpus: \"3-1\" is not a list of CPUs\n"
        "/linux/resources/cpu/mems: \"x\" is not a list of memory nodes");
}

TEST_CASE("a number of tasks may be 0 or unlimited") {
  const auto pids = [](std::int64_t limit) {
    return after_resources([&](Resources& resources) { resources.pids = {limit}; });
  };
  CHECK(pids(0) == "");
  CHECK(pids(-1) == "");
  CHECK(pids(-2) == "/linux/resources/pids/limit: must be a number of tasks or -1, is -2");
}

TEST_CASE("weights of block devices are from 10 to 1000") {
  const auto block = [](const BlockIO& value) {
    return after_resources([&](Resources& resources) { resources.blockIO = value; });
  };
  CHECK(block({10, 1000, {{8, 0, 500, {}}, {8, 16, {}, 10}}, {{8, 0, 0}}, {}, {}, {}}) == "");
  CHECK(block({0, {}, {}, {}, {}, {}, {}}) == "");
  CHECK(block({5, 1001, {{8, 0, 9, 9}, {8, 16, {}, {}}}, {}, {}, {}, {}}) ==
        "/linux/resources/blockIO/weight: must be from 10 to 1000, is 5\n"
        "/linux/resources/blockIO/leafWeight: must be from 10 to 1000, is 1001\n"
        "/linux/resources/blockIO/weightDevice/0/weight: must be from 10 to 1000, is 9\n"
        "/linux/resources/blockIO/weightDevice/0/leafWeight: must be from 10 to 1000, is 9\n"
        "/linux/resources/blockIO/weightDevice/1: needs weight or leafWeight");
  CHECK(
      block(
          {{}, {}, {{-1, 0, 10, {}}}, {{0, -1, 1}}, {{4096, 0, 1}}, {{-1, 0, 1}}, {{-1, 0, 1}}}) ==
      "/linux/resources/blockIO/weightDevice/0/major: must be from 0 to 4095, is -1\n"
      "/linux/resources/blockIO/throttleReadBpsDevice/0/minor: must be from 0 to 1048575, is -1\n"
      "/linux/resources/blockIO/throttleWriteBpsDevice/0/major: must be from 0 to 4095, is 4096\n"
      "/linux/resources/blockIO/throttleReadIOPSDevice/0/major: must be from 0 to 4095, is -1\n"
      "/linux/resources/blockIO/throttleWriteIOPSDevice/0/major: must be from 0 to 4095, is -1");
}

TEST_CASE("huge pages have sizes as the kernel writes them") {
  const auto pages = [](const char* size) {
    return after_resources([&](Resources& resources) { resources.hugepageLimits = {{size, 0}}; });
  };
  for (const char* good : {"64KB", "2MB", "1GB", "512MB", "1024KB"}) {
    CAPTURE(good);
    CHECK(pages(good) == "");
  }
  for (const char* bad : {"", "B", "KB", "3KB", "2", "2M", "2MiB", "2mb", "02MB", "0KB", "-2MB",
                          "1TB", "2 MB", "../2MB"}) {
    CAPTURE(bad);
    CHECK(pages(bad).starts_with(
        "/linux/resources/hugepageLimits/0/pageSize: must be a page size like 2MB, is \""));
  }
}

TEST_CASE("a priority is of one network interface") {
  const auto priority = [](const char* name) {
    return after_resources([&](Resources& resources) {
      resources.network = {1, {{"eth0", 1}, {name, 5}}};
    });
  };
  CHECK(priority("eth1") == "");
  CHECK(priority("eth1 7\neth2") ==
        "/linux/resources/network/priorities/1/name: \"eth1 7\\x0aeth2\" is not a valid network "
        "interface name");
  CHECK(priority("").ends_with("\"\" is not a valid network interface name"));
}

TEST_CASE("a device of rdma has a limit") {
  const auto rdma = [](const std::map<std::string, Rdma>& value) {
    return after_resources([&](Resources& resources) { resources.rdma = value; });
  };
  CHECK(rdma({{"mlx5_1", {3, {}}}, {"mlx4_0", {{}, 0}}}) == "");
  CHECK(rdma({{"mlx5_1", {}}}) == "/linux/resources/rdma/mlx5_1: needs hcaHandles or hcaObjects");
  CHECK(rdma({{"a b", {1, 1}}}) == "/linux/resources/rdma/a b: is not a valid device name");
}

TEST_CASE("a unified limit is a file of the container's cgroup") {
  const auto unified = [](const std::string& key) {
    return after_resources([&](Resources& resources) { resources.unified = {{key, "1"}}; });
  };
  for (const char* good : {"memory.high", "io.max", "hugetlb.1GB.max", "cgroup.max.depth",
                           "new_controller.new-file"}) {
    CAPTURE(good);
    CHECK(unified(good) == "");
  }
  for (const char* bad :
       {"", "memory", ".max", "memory.", "../x", "memory/x.max", "a.b c", "a.\n"}) {
    CAPTURE(bad);
    CHECK(unified(bad).ends_with("must be of the form CONTROLLER.PARAMETER"));
  }
  for (const char* bad : {"cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "cgroup.type",
                          "cgroup.freeze", "cgroup.kill"}) {
    CAPTURE(bad);
    CHECK(unified(bad) == std::string("/linux/resources/unified/") + bad +
                              ": is not a limit, the runtime writes it");
  }
}

TEST_CASE("resources that come alone have pointers of their own") {
  Resources resources;
  CHECK(validate(resources).ok());
  resources.pids = {-2};
  CHECK(validate(resources).error().message() ==
        "/pids/limit: must be a number of tasks or -1, is -2");
}

// ---- seccomp -----------------------------------------------------------------------------------

TEST_CASE("an errno goes only with an action that carries one") {
  const auto rule = [](SeccompAction action, std::optional<std::uint32_t> number) {
    return after_seccomp([&](Seccomp& seccomp) {
      seccomp.syscalls = {{{"read"}, action, number, {}}};
    });
  };
  CHECK(rule(SeccompAction::ERRNO, 4095) == "");
  CHECK(rule(SeccompAction::TRACE, 65535) == "");
  CHECK(rule(SeccompAction::ALLOW, std::nullopt) == "");
  CHECK(rule(SeccompAction::ERRNO, 4096) ==
        "/linux/seccomp/syscalls/0/errnoRet: must be from 0 to 4095, is 4096");
  CHECK(rule(SeccompAction::TRACE, 65536) ==
        "/linux/seccomp/syscalls/0/errnoRet: must be from 0 to 65535, is 65536");
  CHECK(rule(SeccompAction::ALLOW, 1) ==
        "/linux/seccomp/syscalls/0/errnoRet: can be used only with SCMP_ACT_ERRNO and "
        "SCMP_ACT_TRACE, not "
        "with SCMP_ACT_ALLOW");
  CHECK(after_seccomp([](Seccomp& seccomp) {
          seccomp.defaultAction = SeccompAction::KILL;
          seccomp.defaultErrnoRet = 1;
        }) ==
        "/linux/seccomp/defaultErrnoRet: can be used only with SCMP_ACT_ERRNO and SCMP_ACT_TRACE, "
        "not with "
        "SCMP_ACT_KILL");
  CHECK(after_seccomp([](Seccomp& seccomp) { seccomp.defaultErrnoRet = 38; }) == "");
}

TEST_CASE("a rule of seccomp names system calls") {
  CHECK(after_seccomp([](Seccomp& seccomp) {
          seccomp.syscalls = {{{"no_such_call"}, SeccompAction::ALLOW, {}, {}},
                              {{}, SeccompAction::ALLOW, {}, {}},
                              {{"read", ""}, SeccompAction::ALLOW, {}, {}}};
        }) ==
        "/linux/seccomp/syscalls/1/names: must have at least one entry\n"
        "/linux/seccomp/syscalls/2/names/1: must not be empty");
}

TEST_CASE("a system call has six arguments") {
  const auto index = [](std::uint32_t value) {
    return after_seccomp([&](Seccomp& seccomp) {
      seccomp.syscalls = {{{"read"}, SeccompAction::ALLOW, {}, {{value, 0, 0, {}}}}};
    });
  };
  CHECK(index(5) == "");
  CHECK(index(9) == "/linux/seccomp/syscalls/0/args/0/index: must be from 0 to 5, is 9");
}

TEST_CASE("a notification has a listener and cannot stop the runtime") {
  const auto notify = [](const std::string& call, const std::string& path) {
    return after_seccomp([&](Seccomp& seccomp) {
      seccomp.listenerPath = path;
      seccomp.syscalls = {{{"read", call}, SeccompAction::NOTIFY, {}, {}}};
    });
  };
  CHECK(notify("mount", "/run/agent") == "");
  CHECK(notify("write", "/run/agent") ==
        "/linux/seccomp/syscalls/0/action: must not be SCMP_ACT_NOTIFY for write");
  CHECK(notify("mount", "") ==
        "/linux/seccomp/syscalls/0/action: SCMP_ACT_NOTIFY needs listenerPath");
  CHECK(after_seccomp([](Seccomp& seccomp) { seccomp.defaultAction = SeccompAction::NOTIFY; }) ==
        "/linux/seccomp/defaultAction: must not be SCMP_ACT_NOTIFY");
  CHECK(after_seccomp([](Seccomp& seccomp) { seccomp.listenerMetadata = "x"; }) ==
        "/linux/seccomp/listenerMetadata: needs listenerPath");
}

TEST_CASE("waiting killably is for notifications") {
  CHECK(after_seccomp(
            [](Seccomp& seccomp) { seccomp.flags = {{SeccompFlag::WAIT_KILLABLE_RECV}}; }) ==
        "/linux/seccomp/flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with "
        "SCMP_ACT_NOTIFY");
  CHECK(after_seccomp([](Seccomp& seccomp) {
          seccomp.flags = {{SeccompFlag::WAIT_KILLABLE_RECV, SeccompFlag::LOG}};
          seccomp.listenerPath = "/run/agent";
          seccomp.syscalls = {{{"mount"}, SeccompAction::NOTIFY, {}, {}}};
        }) == "");
}

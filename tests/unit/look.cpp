// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <chrono>

#include "cgroups/devices/devices.h"
#include "runtime/look/child.h"
#include "runtime/look/differences.h"
#include "runtime/look/expected_mounts.h"
#include "runtime/look/memory_policy.h"
#include "runtime/look/program_now.h"
#include "runtime/look/same_value.h"
#include "tests/unit/planned.h"

using namespace tare;
using namespace tare::runtime;

TEST_CASE("a cgroup file holds what was written to it, in the kernel's spelling") {
  CHECK(is_same_value("pids.max", "50", "50\n"));
  CHECK(is_same_value("cpu.max", "50000", "50000 100000\n"));
  CHECK(is_same_value("memory.max", "4097", "4096\n"));
  CHECK(is_same_value("memory.high", "10M", "10485760\n"));
  CHECK(is_same_value("memory.limit_in_bytes", "-1", "9223372036854771712\n"));
  CHECK(is_same_value("hugetlb.2MB.max", "3145728", "2097152\n"));
  CHECK(is_same_value("cpuset.cpus", "0,1,3", "0-1,3\n"));
  CHECK(is_same_value("memory.oom_control", "1", "oom_kill_disable 1\nunder_oom 0\n"));
  CHECK(is_same_value("io.max", "8:16 rbps=100", "8:0 rbps=7\n8:16 rbps=100 wbps=max\n"));
  CHECK(is_same_value("io.max", "8:16 rbps=max", ""));
  CHECK(is_same_value("rdma.max", "mlx4_0 hca_handle=2", "mlx4_0 hca_handle=2 hca_object=max\n"));
}

TEST_CASE("a cgroup file with another value is told from one in another spelling") {
  CHECK_FALSE(is_same_value("pids.max", "50", "51\n"));
  CHECK_FALSE(is_same_value("pids.max", "50", "max\n"));
  CHECK_FALSE(is_same_value("pids.max", "50", ""));
  CHECK_FALSE(is_same_value("cpu.max", "50000 100000", "50000 90000\n"));
  CHECK_FALSE(is_same_value("memory.max", "8192", "4096\n"));
  CHECK_FALSE(is_same_value("memory.max", "4096", "8192\n"));
  CHECK_FALSE(is_same_value("cpuset.cpus", "0-1", "0-2\n"));
  CHECK_FALSE(is_same_value("cpuset.cpus", "0", "4294967295-0\n"));
  CHECK_FALSE(is_same_value("memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\n"));
  CHECK_FALSE(is_same_value("io.max", "8:16 rbps=100", "8:16 rbps=101 wbps=100\n"));
  CHECK_FALSE(is_same_value("io.max", "8:16 rbps=100", ""));
}

TEST_CASE("options of file systems are compared by what they mean") {
  CHECK(is_same_option("size", "64m", "65536k"));
  CHECK(is_same_option("size", "65537", "68k"));
  CHECK(is_same_option("mode", "0620", "620"));
  CHECK_FALSE(is_same_option("size", "64m", "65540k"));
  CHECK_FALSE(is_same_option("mode", "0620", "666"));
  CHECK(is_same_sysctl("1024 65000", "1024\t65000"));
  CHECK_FALSE(is_same_sysctl("1024 65000", "1024\t65001"));
}

TEST_CASE("execve(2) gives root all that is in the bounding set, and others what is ambient") {
  const CapabilitySets given{.permitted = 1, .effective = 1, .bounding = 3};
  CHECK(after_execve(given, true, false).permitted == 3);
  CHECK(after_execve(given, true, false).effective == 3);
  CHECK(after_execve(given, true, true).permitted == 1);
  CHECK(after_execve(given, false, false).permitted == 0);
  const CapabilitySets ambient{
      .inheritable = 1, .permitted = 3, .effective = 3, .bounding = 3, .ambient = 1};
  CHECK(after_execve(ambient, false, false).permitted == 1);
  CHECK(after_execve(ambient, false, true).effective == 1);
}

TEST_CASE("the status of a process is read, whatever it is called") {
  const StatusNow now = parse_status(
      "Name:\tUid:\\n\nUmask:\t0027\nUid:\t1000\t1001\t1002\t1003\nGid:\t7\t7\t7\t7\n"
      "Groups:\t10 2000 \nCapInh:\t0000000000000001\nCapBnd:\t00000000a80425fb\n"
      "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t3\n");
  CHECK(now.uids == std::vector<std::uint32_t>{1000, 1001, 1002, 1003});
  CHECK(now.groups == std::vector<std::uint32_t>{10, 2000});
  CHECK(now.umask == 027);
  CHECK(now.no_new_privileges);
  CHECK(now.seccomp_mode == 2);
  CHECK(now.seccomp_filters == 3);
  CHECK(now.capabilities.bounding == 0xa80425fb);
  CHECK(parse_status("").uids.empty());
}

TEST_CASE("the room for arguments is read behind a name that has any character") {
  std::string stat = "17 (a) S 9 (b) S";
  for (int field = 4; field <= 52; ++field) stat += " " + std::to_string(1000 + field * field);
  CHECK(room_for_arguments(stat + "\n") == 49 * 49 - 48 * 48);
  CHECK(room_for_arguments("17 (a) S 1 2 3") == 0);
  CHECK(room_for_arguments("17 (a") == 0);
}

TEST_CASE("a child that writes nothing is not waited for without end") {
  const auto begin = std::chrono::steady_clock::now();
  const Result<std::string> told = read_from_child(
      "ask", "ask", 10,
      [](int) -> Call<void> {
        ::sleep(4);
        return {};
      },
      std::chrono::milliseconds(50));
  REQUIRE_FALSE(told.ok());
  CHECK(told.error().error == ETIMEDOUT);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(3));
}

TEST_CASE("a file in the memory of a process is read as far as a limit") {
  CHECK(*read_memory_of(::getpid(), "cmdline", 3) ==
        read_memory_of(::getpid(), "cmdline", 4096)->substr(0, 3));
  CHECK(read_memory_of(::getpid(), "nothing", 3).error().error == ENOENT);
}

TEST_CASE("a memory policy is told by its mode, its flags and nodes that the cpuset has") {
  const step::SetMemoryPolicy bind{2 | 1 << 15, {0b1010}};
  CHECK(shown_policy(bind) == "bind=static:1,3");
  CHECK(has_policy("7f00 default file=/bin/x\n7f01 bind=static:1,3 anon=1\n", bind));
  CHECK(has_policy("7f01 bind=static:3 heap\n", bind));
  CHECK_FALSE(has_policy("7f01 bind=static:0-3 heap\n", bind));
  CHECK_FALSE(has_policy("7f01 bind:1,3 heap\n", bind));
  CHECK_FALSE(has_policy("7f01 default file=bind=static:1,3\n", bind));
  CHECK(has_policy("7f01 prefer (many):0 heap\n", {5, {1}}));
  CHECK_FALSE(has_policy("7f01 prefer:0 heap\n", {5, {1}}));
  CHECK_FALSE(has_policy("7f01 prefer (many):0 heap\n", {1, {1}}));
  CHECK(has_policy("7f01 local stack\n", {1, {}}));
  CHECK(has_policy("7f01 bind=balancing:0\n", {2 | 1 << 13, {1}}));
  CHECK(has_policy("7f01 weighted interleave=relative:0-1 anon=1\n", {6 | 1 << 14, {0b1100}}));
  CHECK(first_policy("7f01 prefer (many):0 heap\n7f02 default\n") == "prefer (many):0");
  CHECK(first_policy("").empty());
}

TEST_CASE("devices.list reads as the rules, or only that all is allowed") {
  const auto list = [](const std::vector<oci::DeviceCgroup>& rules) {
    return cgroups::device_list_v1(*cgroups::device_writes_v1(*cgroups::device_rules(rules)));
  };
  CHECK(list({}).size() == 11);
  CHECK(list({}).back() == "c 10:200 rwm");
  CHECK(list({{.allow = true, .access = "rwm"}}) == std::vector<std::string>{"a *:* rwm"});
}

TEST_CASE("limits are known by their names and columns") {
  const auto limits = parse_limits(
      "Limit                     Soft Limit           Hard Limit           Units     \n"
      "Max cpu time              unlimited            unlimited            seconds   \n"
      "Max open files            1024                 524288               files     \n"
      "Max realtime timeout      5                    unlimited            us        \n");
  CHECK(limits.at(RLIMIT_NOFILE).soft == 1024);
  CHECK(limits.at(RLIMIT_NOFILE).hard == 524288);
  CHECK(limits.at(RLIMIT_CPU).soft == RLIM_INFINITY);
  CHECK(limits.at(RLIMIT_RTTIME).soft == 5);
  CHECK(limits.size() == 3);
}

namespace {

const ExpectedMount* at(const std::vector<ExpectedMount>& mounts, std::string_view path) {
  for (const ExpectedMount& mount : mounts) {
    if (mount.path == path) return &mount;
  }
  return nullptr;
}

std::vector<ExpectedMount> mounts_of(const std::string& mounts, std::string_view more = "") {
  return expected_mounts(
      planned::plan(R"("mounts": [)" + mounts + "], " + planned::with_mounts(more)));
}

}  // namespace

TEST_CASE("the last mount on a place is expected there, with what was sealed at the end") {
  const auto mounts = mounts_of(
      R"({"destination": "/a", "type": "tmpfs", "options": ["ro", "nosuid", "size=1m"]},
         {"destination": "/b", "type": "tmpfs"}, {"destination": "/b/c", "type": "tmpfs"},
         {"destination": "/b", "type": "bind", "source": "/srv", "options": ["rbind", "rshared"]})");
  const ExpectedMount* sealed = at(mounts, "/a");
  REQUIRE(sealed != nullptr);
  CHECK(sealed->is_read_only());
  CHECK((sealed->flags & MOUNT_ATTR_NOSUID) != 0);
  CHECK((sealed->known & MOUNT_ATTR_NOEXEC) != 0);
  CHECK(at(mounts, "/b/c") == nullptr);
  const ExpectedMount* bound = at(mounts, "/b");
  REQUIRE(bound != nullptr);
  CHECK(bound->source == "/srv");
  CHECK(bound->brings_more);
  CHECK(bound->propagation == MS_SHARED);
  CHECK((bound->known & MOUNT_ATTR_NOEXEC) == 0);
}

TEST_CASE("a read-only path is the mount that is there, or a new one; a mask covers") {
  const auto mounts = mounts_of(
      R"({"destination": "/proc", "type": "proc"}, {"destination": "/sys", "type": "sysfs"})",
      R"("readonlyPaths": ["/sys", "/proc/sys"], "maskedPaths": ["/proc/kcore"])");
  REQUIRE(at(mounts, "/sys") != nullptr);
  CHECK(at(mounts, "/sys")->kind == ExpectedMount::Kind::mount);
  CHECK(at(mounts, "/sys")->is_read_only());
  REQUIRE(at(mounts, "/proc/sys") != nullptr);
  CHECK(at(mounts, "/proc/sys")->kind == ExpectedMount::Kind::read_only);
  REQUIRE(at(mounts, "/proc/kcore") != nullptr);
  CHECK(at(mounts, "/proc/kcore")->kind == ExpectedMount::Kind::mask);
  CHECK_FALSE(at(mounts, "/proc")->is_read_only());
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/cause.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <cerrno>

#include "runtime/errors/failure.h"
#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

step::SetLabel profile(const std::string& name) {
  return {"AppArmor profile", "apparmor/exec", "exec " + name, name};
}

step::SetLabel context(const std::string& text) {
  return {"SELinux label", "exec", text, ""};
}

// A host whose AppArmor has two profiles, and confines tare by one of them.
class ConfinedHost : public Scratch {
 public:
  ConfinedHost() {
    directory("sys/kernel/security/apparmor");
    file("sys/kernel/security/apparmor/profiles", "tare-own (enforce)\nweb server (complain)\n");
    directory("proc/self/attr/apparmor");
    file("proc/self/attr/apparmor/current", "tare-own (enforce)\n");
  }
};

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

}  // namespace

TEST_CASE("a profile that is not among those of the kernel is not loaded, whatever the errno") {
  const ConfinedHost host;
  for (const int error : {ENOENT, EACCES, EINVAL}) {
    CHECK(cause_of_label(error, profile("web"), host.fd()) == "the profile is not loaded");
  }
}

TEST_CASE("a profile that is loaded was refused to what confines tare") {
  const ConfinedHost host;
  CHECK(
      cause_of_label(EACCES, profile("web server"), host.fd()) ==
      "the profile is loaded; tare itself runs under \"tare-own (enforce)\", which does not let it "
      "change to it");
}

TEST_CASE("where the profiles cannot be read nothing is said but what the errno does") {
  const Scratch host;
  CHECK(cause_of_label(ENOENT, profile("p"), host.fd()) == "the profile is not loaded");
  CHECK(cause_of_label(EACCES, profile("p"), host.fd()).empty());
  CHECK(cause_of_label(EBADMSG, profile("p"), host.fd()) == "the kernel has taken something else");
}

TEST_CASE("a profile of another AppArmor namespace is not looked for in this one") {
  const ConfinedHost host;
  step::SetLabel elsewhere = profile(":other:p");
  elsewhere.read_back = "";
  CHECK(cause_of_label(EACCES, elsewhere, host.fd()).empty());
}

TEST_CASE("a context that the policy has was refused to tare's own") {
  const Scratch host;
  CHECK(cause_of_label(EACCES, context("u:r:t:s0"), host.fd()).empty());
  host.directory("sys/fs/selinux");
  host.file("sys/fs/selinux/context");
  host.directory("proc/self/attr");
  host.file("proc/self/attr/current", std::string_view("u:r:tare:s0\0", 12));
  CHECK(cause_of_label(EACCES, context("u:r:t:s0"), host.fd())
            .find("tare itself runs as \"u:r:tare:s0\"") != std::string::npos);
  CHECK(host.content("sys/fs/selinux/context") == "u:r:t:s0");
}

TEST_CASE("more open files than the kernel allows anybody") {
  const std::string most = read_kernel_file(AT_FDCWD, "/proc/sys/fs/nr_open").value_or("");
  const std::string value = most.substr(0, most.find('\n'));
  const step::SetRlimit over{"RLIMIT_NOFILE", RLIMIT_NOFILE, 1, std::stoull(value) + 1};
  CHECK(cause_of_rlimit(over) == "fs.nr_open is " + value);
}

TEST_CASE("a hard limit above that of tare itself") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_CORE, &before) == 0);
  const rlimit little{0, 4096};
  REQUIRE(::prlimit(0, RLIMIT_CORE, &little, nullptr) == 0);
  const std::string cause = cause_of_rlimit({"RLIMIT_CORE", RLIMIT_CORE, 0, 8192});
  CHECK(
      cause.starts_with("the hard limit of tare itself is " + number(little.rlim_max) + ", and "));
  CHECK(cause.find("CAP_SYS_RESOURCE") != std::string::npos);
  CHECK(cause_of_rlimit({"RLIMIT_CORE", RLIMIT_CORE, 0, 4096}).empty());
  [[maybe_unused]] const int back = ::prlimit(0, RLIMIT_CORE, &before, nullptr);  // root only
}

TEST_CASE(
    "a process that was killed for want of memory, by its own cgroup's limit and by another") {
  const auto words = [](const std::string& limit) {
    return death_words({}, no_step, SIGKILL, cgroups::OomReport{1, limit}).message();
  };
  CHECK(words("/c").find("its cgroup reached the memory limit") != std::string::npos);
  CHECK(words("").find("had not reached its memory limit") != std::string::npos);
  CHECK(death_words({}, no_step, SIGKILL, std::nullopt).hint.empty());
}

}  // namespace tare::runtime

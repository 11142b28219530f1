// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/file.h"
#include "oci/value_at.h"
#include "runtime/errors/history.h"
#include "runtime/errors/requirements.h"

namespace tare::runtime {

namespace {

struct History {
  std::string directory = "/tmp/tare-unit-XXXXXX";
  std::string file;
  History() {
    REQUIRE(::mkdtemp(directory.data()) != nullptr);
    file = directory + "/failures";
  }
  History(const History&) = delete;
  History& operator=(const History&) = delete;
  ~History() {
    ::unlink(file.c_str());
    ::unlink((file + ".old").c_str());
    ::rmdir(directory.c_str());
  }
};

off_t size_of(const std::string& file) {
  struct stat status {};
  return ::stat(file.c_str(), &status) == 0 ? status.st_size : -1;
}

oci::Failure failure_of(const std::string& id, const std::string& message = "it failed") {
  oci::Failure failure;
  failure.time = "2026-11-30T10:00:00Z";
  failure.container = id;
  failure.problem = oci::problem(Error(message), "create");
  return failure;
}

}  // namespace

TEST_CASE("why: a row about this errno and place is taken before a general one") {
  CHECK(requirement_of("fsopen", "ENODEV", "/mounts/3").look == "cat /proc/filesystems");
  CHECK(requirement_of("fsconfig", "EINVAL", "/mounts/3").rule.find("parameter") !=
        std::string_view::npos);
  CHECK(requirement_of("write", "EINVAL", "/linux/resources/pids/limit").look ==
        "tare cgroup show ID");
  CHECK(requirement_of("socket", "EMFILE", "").look == "ulimit -n");
  CHECK(requirement_of("fsopen", "ENOSYS", "/mounts/3").rule.find("system call") !=
        std::string_view::npos);
}

TEST_CASE("why: what is not known has no rule") {
  CHECK(requirement_of("gettimeofday", "EFAULT", "").rule.empty());
  CHECK(requirement_of("", "", "/mountsy").rule.empty());
}

TEST_CASE("why: a property belongs to the nearest section") {
  CHECK(section_of("/mounts/0/source") == "config.md, \"Mounts\"");
  CHECK(section_of("/linux/resources/memory/limit") == "config-linux.md, \"Memory\"");
  CHECK(section_of("/linux/resources/other") == "config-linux.md, \"Control groups\"");
  CHECK(section_of("/process/user/uid") == "config.md, \"POSIX-platform User\"");
  CHECK(section_of("/mountsy").empty());
  CHECK(section_of("").empty());
}

TEST_CASE("why: a value is found by its pointer") {
  const std::string config = R"({"a":[{"b/c":"x"},-1.5],"d~":{"e":[true,null,7]}})";
  CHECK(oci::value_at(config, "/a/0") == R"({"b/c":"x"})");
  CHECK(oci::value_at(config, "/a/0/b~1c") == R"("x")");
  CHECK(oci::value_at(config, "/d~0/e") == "[true,null,7]");
  CHECK(oci::value_at(config, "/a/1") == "...");
  CHECK_FALSE(oci::value_at(config, "/a/2"));
  CHECK_FALSE(oci::value_at(config, "no pointer"));
  CHECK_FALSE(oci::value_at("no JSON", "/a"));
}

TEST_CASE("why: failures are remembered, the newest first") {
  const History history;
  CHECK(remembered_failures(history.file).empty());
  remember_failure(history.file, failure_of("one"));
  remember_failure(history.file, failure_of("two"));
  const auto failures = remembered_failures(history.file);
  REQUIRE(failures.size() == 2);
  CHECK(failures.front().container == "two");
  CHECK(failures.back().problem.message == "it failed");
}

TEST_CASE("why: however often something fails, the files stay small") {
  const History history;
  const std::string long_message(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 60; ++i) remember_failure(history.file, failure_of("c", long_message));
  remember_failure(history.file, failure_of("last"));
  CHECK(size_of(history.file) < (64 << 10));
  CHECK(size_of(history.file + ".old") < (80 << 10));
  CHECK(remembered_failures(history.file).front().container == "last");
  CHECK(remembered_failures(history.file).size() > 5);
}

TEST_CASE("why: where the file cannot be made nothing is remembered") {
  const std::string missing = "/tmp/tare-unit-missing/failures";
  remember_failure(missing, failure_of("c"));
  CHECK(remembered_failures(missing).empty());
}

TEST_CASE("why: a link or a fifo in the place of the file is left alone") {
  const History history;
  const std::string other = history.file + ".old";
  REQUIRE(::symlink(other.c_str(), history.file.c_str()) == 0);
  remember_failure(history.file, failure_of("c"));
  CHECK(size_of(other) == -1);
  REQUIRE(::unlink(history.file.c_str()) == 0);
  REQUIRE(::mkfifo(history.file.c_str(), 0600) == 0);
  remember_failure(history.file, failure_of("c"));
  CHECK(remembered_failures(history.file).empty());
}

TEST_CASE("why: a damaged line is left out") {
  const History history;
  remember_failure(history.file, failure_of("one"));
  const auto file = open_at(AT_FDCWD, history.file.c_str(), O_WRONLY | O_APPEND);
  REQUIRE(file.ok());
  REQUIRE(write_all(file->get(), "{\"time\":7}\nnot JSON\n").ok());
  remember_failure(history.file, failure_of("two"));
  CHECK(remembered_failures(history.file).size() == 2);
}

}  // namespace tare::runtime

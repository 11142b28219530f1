// SPDX-License-Identifier: Apache-2.0
#include "oci/record.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "base/file.h"

using namespace tare;
using namespace tare::oci;

namespace {

Record full() {
  Record record;
  record.config.ociVersion = "1.3.0";
  record.id = "web";
  record.bundle = "/srv/web";
  record.rootfs = "/srv/web/rootfs";
  record.created = "2026-11-24T10:00:00.123456789Z";
  record.bootId = "e1f3";
  record.phase = "created";
  record.pid = 4242;
  record.pidStartTime = 18446744073709551615u;
  record.creatorPid = 4241;
  record.creatorStartTime = 7;
  record.cgroupManager = "cgroupfs";
  record.cgroups = {{1, "/sys/fs/cgroup/cpu", "/web", {"cpu", "cpuacct"}, 2},
                    {2, "/sys/fs/cgroup/unified", "/web", {}, 0}};
  Linux& linux_part = record.config.linux_.emplace();
  linux_part.namespaces = {{NamespaceType::pid, {}}, {NamespaceType::network, "/run/netns/x"}};
  record.streams = {{"/dev/null", 0, 0}, {"/var/log/box", 48, 4660}, {"pipe:[5]", 0, 0}};
  record.hostMount = 77;
  record.config.annotations = {{"a", "b"}};
  record.config.hooks.emplace().poststop = {{"/bin/true", {"true"}, {"A=B"}, 5}};
  record.config.process.emplace().cwd = "/";
  record.config.process->args = {"sh", "-c", "true"};
  record.config.process->rlimits = {{"RLIMIT_NOFILE", 1024, 18446744073709551615u}};
  linux_part.seccomp.emplace().flags.emplace();
  linux_part.personality.emplace().domain = PersonalityDomain::LINUX32;
  linux_part.mountLabel = "system_u:object_r:container_file_t:s0";
  return record;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string failure(const std::string& json) {
  const Result<Record> record = decode_record(json);
  REQUIRE(!record.ok());
  return record.error().message();
}

}  // namespace

TEST_CASE("a record is read back as it was written") {
  const std::string text = encode_record(full());
  CHECK(text.back() == '\n');
  CHECK(text.find('\n') == text.size() - 1);
  const Result<Record> read = decode_record(text);
  REQUIRE(read.ok());
  CHECK(encode_record(*read) == text);
  CHECK(read->pidStartTime == 18446744073709551615u);
  REQUIRE(read->cgroups.size() == 2);
  CHECK(read->cgroups[0].controllers == std::vector<std::string>{"cpu", "cpuacct"});
  CHECK(read->cgroups[0].made == 2);
  CHECK(read->config.linux_->namespaces[1].path == "/run/netns/x");
  REQUIRE(read->streams.size() == 3);
  CHECK(read->streams[1].inode == 4660);
  CHECK(read->config.hooks->poststop[0].timeout == 5);
  CHECK(read->config.process->rlimits[0].hard == 18446744073709551615u);
  CHECK(read->config.linux_->seccomp->flags.has_value());
  CHECK(read->config.linux_->personality->domain == PersonalityDomain::LINUX32);
  CHECK(read->config.linux_->mountLabel == "system_u:object_r:container_file_t:s0");
}

TEST_CASE("a damaged record is refused with the place of the damage") {
  const std::string text = encode_record(full());
  CHECK(failure("") == "is empty");
  CHECK(failure("null") == "must be an object, is null");
  CHECK(failure(text.substr(0, text.size() / 2)).starts_with("line 1, column "));
  CHECK(failure(replaced(text, R"("pid":4242)", R"("pid":"4242")")) ==
        "/pid: must be an integer, is a string");
  CHECK(failure(replaced(text, R"("pid":4242)", R"("pid":-1)")) == "/pid: -1 is not a process id");
  CHECK(failure(replaced(text, R"("pid":4242)", R"("pid":1099511627776)")) ==
        "/pid: 1099511627776 is not a process id");
  CHECK(failure(replaced(text, R"("creatorPid":4241)", R"("creatorPid":-2)")) ==
        "/creatorPid: -2 is not a process id");
  CHECK(failure(replaced(text, R"("version":2)", R"("version":3)")) ==
        "/version: written by a later tare, as version 3: this one reads records up to version 2");
  CHECK(failure(replaced(text, R"("version":2)", R"("version":0)")) ==
        "/version: 0 is not a valid version");
  CHECK(failure(replaced(text, R"("id":"web",)", "")) == "/id: is required");
  CHECK(failure(replaced(text, R"("path":"/web")", R"("path":[])")) ==
        "/cgroups/0/path: must be a string, is an array");
}

TEST_CASE("a record with properties of a later tare is read") {
  CHECK(decode_record(replaced(encode_record(full()), "{", R"({"later":{"x":[1]},)")).ok());
}

// ---- what an older tare has written -------------------------------------------------------------

namespace {

// tests/records has one record of each version, as it was written then. They are never changed.
std::string kept_record(int version) {
  const std::string here = __FILE__;
  const std::string path =
      here.substr(0, here.rfind('/')) + "/../records/" + std::to_string(version) + ".json";
  const Call<std::string> text = read_regular_file(AT_FDCWD, path.c_str(), 1 << 20);
  REQUIRE_MESSAGE(text.ok(), path);
  return *text;
}

}  // namespace

TEST_CASE("a record of each version says the same") {
  for (int version = 1; version <= record_version; ++version) {
    CAPTURE(version);
    const Result<Record> read = decode_record(kept_record(version));
    REQUIRE(read.ok());
    CHECK(encode_record(*read) == encode_record(full()));
  }
}

TEST_CASE("a record of an older version is written as one of this version") {
  const Result<Record> old = decode_record(kept_record(1));
  REQUIRE(old.ok());
  const Result<Record> again = decode_record(encode_record(*old));
  REQUIRE(again.ok());
  CHECK(again->version == record_version);
  CHECK(again->config.process->env == old->config.process->env);
}

TEST_CASE("this version of a record is kept, too") {
  CHECK(encode_record(full()) == kept_record(record_version));
}

TEST_CASE("of a config a record has what later commands need") {
  Config config;
  config.ociVersion = "1.3.0";
  config.mounts.resize(40);
  config.process.emplace().cwd = "/";
  config.linux_.emplace().mountLabel = "label";
  config.linux_->maskedPaths = {"/proc/kcore"};
  const Config part = kept(config);
  CHECK(part.mounts.empty());
  CHECK(part.process->cwd == "/");
  CHECK(part.linux_->mountLabel == "label");
  CHECK(part.linux_->maskedPaths.empty());
}

// SPDX-License-Identifier: Apache-2.0
#include "oci/record.h"

#include <doctest/doctest.h>

using namespace tare;
using namespace tare::oci;

namespace {

Record full() {
  Record record;
  record.ociVersion = "1.3.0";
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
  record.namespaces = {{NamespaceType::pid, {}}, {NamespaceType::network, "/run/netns/x"}};
  record.streams = {{"/dev/null", 0, 0}, {"/var/log/box", 48, 4660}, {"pipe:[5]", 0, 0}};
  record.hostMount = 77;
  record.annotations = {{"a", "b"}};
  record.hooks.emplace().poststop = {{"/bin/true", {"true"}, {"A=B"}, 5}};
  record.process.emplace().cwd = "/";
  record.process->args = {"sh", "-c", "true"};
  record.process->rlimits = {{"RLIMIT_NOFILE", 1024, 18446744073709551615u}};
  record.seccomp.emplace().flags.emplace();
  record.personality.emplace().domain = PersonalityDomain::LINUX32;
  record.mountLabel = "system_u:object_r:container_file_t:s0";
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
  CHECK(read->namespaces[1].path == "/run/netns/x");
  REQUIRE(read->streams.size() == 3);
  CHECK(read->streams[1].inode == 4660);
  CHECK(read->hooks->poststop[0].timeout == 5);
  CHECK(read->process->rlimits[0].hard == 18446744073709551615u);
  CHECK(read->seccomp->flags.has_value());
  CHECK(read->personality->domain == PersonalityDomain::LINUX32);
  CHECK(read->mountLabel == "system_u:object_r:container_file_t:s0");
}

TEST_CASE("a damaged record is refused with the place of the damage") {
  const std::string text = encode_record(full());
  CHECK(failure("") == "is empty");
  CHECK(failure("null") == "must be an object, is null");
  CHECK(failure(text.substr(0, text.size() / 2)).starts_with("line 1, column "));
  CHECK(failure(replaced(text, R"("pid":4242)", R"("pid":"4242")")) ==
        "/pid: must be an integer, is a string");
  CHECK(failure(replaced(text, R"("pid":4242)", R"("pid":-1)")) == "/pid: -1 is no process id");
  CHECK(failure(replaced(text, R"("pid":4242)", R"("pid":1099511627776)")) ==
        "/pid: 1099511627776 is no process id");
  CHECK(failure(replaced(text, R"("creatorPid":4241)", R"("creatorPid":-2)")) ==
        "/creatorPid: -2 is no process id");
  CHECK(failure(replaced(text, R"("version":1)", R"("version":2)")) ==
        "/version: written by another version of tare");
  CHECK(failure(replaced(text, R"("id":"web",)", "")) == "/id: is required");
  CHECK(failure(replaced(text, R"("path":"/web")", R"("path":[])")) ==
        "/cgroups/0/path: must be a string, is an array");
}

TEST_CASE("a record with properties of a later tare is read") {
  CHECK(decode_record(replaced(encode_record(full()), "{", R"({"later":{"x":[1]},)")).ok());
}

// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/mountinfo.h"
#include "oci/descriptors.h"
#include "runtime/criu/mounts.h"
#include "runtime/criu/service.h"
#include "tests/unit/planned.h"

using namespace tare;
using namespace tare::runtime;

namespace {

constexpr const char* container =
    "133 47 0:35 /b/rootfs / rw,nosuid - tmpfs tmpfs rw\n"
    "134 133 0:39 / /proc rw,relatime - proc proc rw\n"
    "135 133 0:40 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k\n"
    "140 133 8:1 /srv/a\\040b /data\\040here ro - ext4 /dev/vda1 rw\n"
    "54 134 0:5 /null /proc/kcore ro,nosuid - devtmpfs udev rw\n"
    "55 134 0:5 /full /dev/full ro - devtmpfs udev rw\n";

bool has(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

TEST_CASE("mountinfo is read line by line, names as they are") {
  const auto mounts = parse_mountinfo(container);
  REQUIRE(mounts.size() == 6);
  CHECK(mounts[3].number == 140);
  CHECK(mounts[3].device == "8:1");
  CHECK(mounts[3].root == "/srv/a b");
  CHECK(mounts[3].point == "/data here");
}

TEST_CASE("what is no line of mountinfo is left out") {
  CHECK(parse_mountinfo("").empty());
  CHECK(parse_mountinfo("1 2 3\nx 2 0:1 / / rw\n-1 2 0:1 / / rw\n").empty());
}

TEST_CASE("an escape that is none stays as it is") {
  CHECK(unescape_mountinfo("a\\134b") == "a\\b");
  CHECK(unescape_mountinfo("a\\9") == "a\\9");
  CHECK(unescape_mountinfo("a\\") == "a\\");
}

TEST_CASE("a dump leaves out binds by their destination and the host's devices by their path") {
  const auto found = dumped_mounts(container, {{140, "/data"}}, makedev(0, 5));
  CHECK(found == std::vector<std::string>{"mnt[/data here]:/data", "mnt[/proc/kcore]:/dev/null",
                                          "mnt[/dev/full]:/dev/full"});
}

TEST_CASE("a bind that the container has taken away is not looked for") {
  CHECK(dumped_mounts(container, {{999, "/data"}}, makedev(9, 9)).empty());
}

TEST_CASE("what shows something of the host and is no bind of the config is foreign") {
  const std::string own =
      "150 133 0:35 /b/rootfs/etc /etc2 rw - tmpfs tmpfs rw\n"
      "151 133 8:1 /srv/a\\040b/below /below rw - ext4 /dev/vda1 rw\n"
      "152 134 0:39 /sys /proc/sys ro - proc proc rw\n"
      "153 133 0:26 /tare/id /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
  const std::string added = "160 133 8:1 /srv/a\\040bc /new\\040one rw - ext4 /dev/vda1 rw\n";
  const auto foreign = [&](const std::string& more) {
    return foreign_mounts(container + own + more, {{140, "/data"}}, makedev(0, 5));
  };
  CHECK(foreign("").empty());
  CHECK(foreign(added) == std::vector<std::string>{"/new one"});
  CHECK(foreign_mounts(container, {}, makedev(0, 5)) == std::vector<std::string>{"/data here"});
  CHECK(foreign("161 133 0:4 net:[42] /ns rw - nsfs nsfs rw\n") == std::vector<std::string>{"/ns"});
}

TEST_CASE("a file in none of the container's mounts has a name of CRIU's") {
  CHECK(outside_file(container, {"/var/log/box", 48, 4660}) == "file[30:1234]");
  CHECK(outside_file(container, {"/file", 133, 1}) == std::nullopt);
  CHECK(outside_file(container, {"pipe:[5]", 0, 0}) == std::nullopt);
}

TEST_CASE("a restore says where each bind of the config comes from") {
  const Plan plan = planned::plan(
      R"("mounts": [{"destination": "/data", "source": "/srv/a", "type": "bind", "options": ["rbind"]},
                    {"destination": "/proc", "type": "proc", "source": "proc"}],)" +
      planned::with_mounts());
  CHECK(bind_destinations(plan) == std::vector<std::string>{"/data"});
  const auto found = restored_mounts(plan);
  CHECK(has(found, "mnt[/data]:/srv/a"));
  CHECK(has(found, "mnt[/dev/null]:/dev/null"));
}

TEST_CASE("the standard streams are an array of strings") {
  const std::vector<std::string> streams{"/dev/null", "pipe:[17]", "file[1a:2b]"};
  CHECK(oci::encode_descriptors(streams) == R"(["/dev/null","pipe:[17]","file[1a:2b]"])");
  const auto read = oci::decode_descriptors(oci::encode_descriptors(streams));
  REQUIRE(read.ok());
  CHECK(*read == streams);
  CHECK_FALSE(oci::decode_descriptors("{}").ok());
  CHECK_FALSE(oci::decode_descriptors("[1]").ok());
  CHECK_FALSE(oci::decode_descriptors("").ok());
}

TEST_CASE("of CRIU's log the first errors count") {
  CHECK(criu_errors("(00.1) fine\n(00.2) Error (a.c:1): first\n(00.3) Error (b.c:2): second\n") ==
        "Error (a.c:1): first; Error (b.c:2): second");
  CHECK(criu_errors("(00.1) fine\n").empty());
}

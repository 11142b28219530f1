// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "runtime/command_line/tree.h"
#include "runtime/look/mount_relations.h"

using namespace tare;
using namespace tare::runtime;

namespace {

constexpr const char* host =
    "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw\n"
    "2 1 0:20 / /data rw,relatime shared:7 master:1 - tmpfs tmpfs rw\n";
constexpr const char* container =
    "10 9 8:1 /rootfs / ro,relatime - ext4 /dev/root rw\n"
    "11 10 0:20 / /a\\040b rw,nosuid master:7 - tmpfs tmpfs rw\n"
    "12 11 0:21 / /a\\040b/c rw unbindable - tmpfs tmpfs rw\n"
    "13 10 0:22 / /d rw master:99 - tmpfs tmpfs rw\n";

}  // namespace

TEST_CASE("a shared mount and its slave in another namespace name each other") {
  const std::vector<MountsOfNamespace> all{{"the host", parse_mountinfo(host)},
                                           {"web", parse_mountinfo(container)}};
  const auto outside = mount_views(all[0].mounts, {}, all);
  CHECK(outside[0].propagation == "shared");
  CHECK(outside[0].peers.empty());
  REQUIRE(outside[0].slaves.size() == 1);
  CHECK(outside[0].slaves[0].point == "/data");
  CHECK(outside[1].propagation == "shared and slave");
  const auto inside = mount_views(all[1].mounts, {}, all);
  CHECK(inside[0].propagation == "private");
  REQUIRE(inside[1].masters.size() == 1);
  CHECK(inside[1].masters[0].where == "the host");
  CHECK(inside[1].masters[0].point == "/data");
  CHECK(inside[2].propagation == "unbindable");
  CHECK(inside[3].propagation == "slave");
  CHECK(inside[3].masters.empty());
}

TEST_CASE("a remount is refused for locked flags, and where no path leads to the mount") {
  const auto mounts = parse_mountinfo(container);
  const std::map<std::uint64_t, MountProbe> probes{{10, {{"ro"}, false}}, {11, {{}, true}}};
  const auto views = mount_views(mounts, probes, {});
  CHECK(views[0].remount == "ro locked: set in a more privileged mount namespace");
  CHECK(views[1].remount.starts_with("covered"));
  CHECK(views[2].remount.empty());
}

TEST_CASE("a tree as deep as a container likes is drawn") {
  std::vector<TreeNode> nodes;
  constexpr std::uint64_t depth = 100000;
  for (std::uint64_t i = 1; i <= depth; ++i) nodes.push_back({i, i - 1, "x"});
  const auto lines = tree_lines(nodes);
  REQUIRE(lines.size() == depth);
  CHECK(lines.back().node == depth - 1);
  CHECK(lines.back().branch.ends_with("└─ "));
  CHECK(lines.back().branch.size() < 300);
}

TEST_CASE("a mount that is its own parent is a root") {
  CHECK(as_tree({{1, 1, "/"}, {2, 1, "/a b"}, {3, 2, "/a b/c"}, {4, 1, "/d"}}) ==
        "/\n├─ /a b\n│  └─ /a b/c\n└─ /d\n");
}

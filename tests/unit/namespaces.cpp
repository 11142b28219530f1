// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "base/file.h"
#include "runtime/command_line/colours.h"
#include "runtime/command_line/tree.h"
#include "runtime/namespaces/links.h"
#include "runtime/namespaces/relations.h"
#include "tests/unit/scratch.h"

namespace tare::runtime {

TEST_CASE("a link of /proc/PID/ns names a kind and an inode, and nothing else is taken for one") {
  const auto link = parse_namespace_link("uts:[4026531838]");
  REQUIRE(link);
  CHECK(link->type == oci::NamespaceType::uts);
  CHECK(link->inode == 4026531838);
  CHECK(parse_namespace_link("mnt:[1]")->type == oci::NamespaceType::mount);
  for (const char* other : {"", "uts", "uts:", "uts:[]", "uts:[0]", "uts:[1", "uts:[1]x",
                            "uts:[-1]", "uts:[ 1]", "uts:[18446744073709551616]", "socket:[17]",
                            "/uts:[1]", "mount:[1]", "uts:[1]:[2]", "[1]", ":[1]"}) {
    CAPTURE(other);
    CHECK_FALSE(parse_namespace_link(other));
  }
}

TEST_CASE("a kind is named by the kernel's word or by that of config.json") {
  CHECK(kind_named("mnt") == oci::NamespaceType::mount);
  CHECK(kind_named("mount") == oci::NamespaceType::mount);
  CHECK(kind_named("net") == oci::NamespaceType::network);
  CHECK_FALSE(kind_named("network "));
  CHECK_FALSE(kind_named(""));
}

TEST_CASE("the kernel says the same of an open namespace as its link") {
  const auto links = namespaces_of_process(::getpid());
  CHECK(links.size() == kinds_by_name.size());
  for (const NamespaceLink& link : links) {
    const std::string path = std::string("/proc/self/ns/") + kind_of(link.type).proc_name;
    const auto fd = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
    REQUIRE(fd.ok());
    const auto found = identify(fd->get());
    REQUIRE(found);
    CHECK(found->type == link.type);
    CHECK(found->inode == link.inode);
    CHECK(inode_of_kind(links, link.type) == link.inode);
  }
}

TEST_CASE("what is no namespace is not identified as one") {
  const Scratch scratch;
  scratch.file("file");
  for (const std::string& path : {scratch.path("file"), std::string("/dev/null"),
                                  std::string("/proc/self/status"), scratch.path()}) {
    const auto fd = open_at(AT_FDCWD, path.c_str(), O_RDONLY);
    REQUIRE(fd.ok());
    CHECK_FALSE(identify(fd->get()));
    CHECK_FALSE(is_namespace_file(fd->get()));
  }
}

TEST_CASE("a tree has every node below its parent, and a circle does not hang it") {
  CHECK(as_tree({{1, 0, "a"}, {2, 1, "b"}, {3, 2, "c"}, {4, 1, "d"}, {5, 9, "e"}}) ==
        "a\n├─ b\n│  └─ c\n└─ d\ne\n");
  CHECK(as_tree({{1, 2, "a"}, {2, 1, "b"}}).empty());
  CHECK(as_tree({}).empty());
}

TEST_CASE("colour adds the same number of bytes to every cell") {
  const Paint paint(true);
  CHECK(paint.marked("x").size() == paint.plain("x").size());
  CHECK(paint.marked("x") == "\x1b[33mx\x1b[0m");
  CHECK(Paint(false).marked("x") == "x");
  CHECK(Paint(::open("/dev/null", O_RDONLY | O_CLOEXEC)).marked("x") == "x");
}

}  // namespace tare::runtime

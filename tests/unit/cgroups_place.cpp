// SPDX-License-Identifier: Apache-2.0
#include "cgroups/hierarchy/place.h"

#include <doctest/doctest.h>

namespace tare::cgroups {

namespace {

const Layout& hybrid() {
  static const Layout layout{{{1, "/cg/memory", {"memory"}, "/own/deep"},
                              {1, "/cg/pids", {"pids"}, "/"},
                              {2, "/cg/unified", {"hugetlb"}, "/slice/service"}}};
  return layout;
}

std::vector<std::string> paths(const std::string& wanted, const std::string& id = "id") {
  const auto places = place(hybrid(), wanted, id);
  REQUIRE_MESSAGE(places.ok(), wanted);
  std::vector<std::string> list;
  for (const Directory& directory : *places) list.push_back(directory.path);
  return list;
}

std::string refusal(const std::string& wanted) {
  const auto places = place(hybrid(), wanted, "id");
  REQUIRE_FALSE(places.ok());
  CHECK(places.error().kind == Error::Kind::config);
  CHECK(places.error().at == "/linux/cgroupsPath");
  return places.error().what;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("an absolute cgroupsPath counts from the mount point in every hierarchy") {
  CHECK(paths("/a/b") == Paths{"/a/b", "/a/b", "/a/b"});
  CHECK(paths("//a/./b/") == Paths{"/a/b", "/a/b", "/a/b"});
}

TEST_CASE("a relative cgroupsPath lies below our own v1 cgroups and beside our v2 cgroup") {
  CHECK(paths("a") == Paths{"/own/deep/a", "/a", "/slice/a"});
}

TEST_CASE("without a cgroupsPath the container's id is a relative one") {
  CHECK(paths("", "web") == Paths{"/own/deep/web", "/web", "/slice/web"});
}

TEST_CASE("our own v2 cgroup may be the root, which has no beside") {
  const Layout layout{{{2, "/cg", {}, "/"}}};
  CHECK(place(layout, "a", "id")->front().path == "/a");
}

TEST_CASE("dots never lead out of the start of the path") {
  CHECK(paths("/../../a") == Paths{"/a", "/a", "/a"});
  CHECK(paths("../../a/../b") == Paths{"/own/deep/b", "/b", "/slice/b"});
}

TEST_CASE("a path that leaves nothing of the container's own is an error") {
  for (const char* path : {"/", "//", "/..", ".", "..", "a/..", "/a/../.."}) {
    CHECK(refusal(path).find("is not a cgroup of the container") != std::string::npos);
  }
}

TEST_CASE("control characters and names over 255 bytes are errors, and shown safely") {
  CHECK(refusal("/a\nb").find("\\x0a") != std::string::npos);
  CHECK(refusal("/" + std::string(256, 'x')).find("255") != std::string::npos);
  CHECK(paths("/" + std::string(255, 'x')).size() == 3);
  std::string deep;
  for (int i = 0; i < 2100; ++i) deep += "/x";
  CHECK(refusal(deep).find("4095") != std::string::npos);
}

TEST_CASE("a place keeps what the hierarchy is") {
  const auto places = place(hybrid(), "/a", "id");
  CHECK((*places)[2].version == 2);
  CHECK((*places)[2].mount == "/cg/unified");
  CHECK((*places)[2].controllers == std::vector<std::string>{"hugetlb"});
  CHECK(full_path((*places)[0]) == "/cg/memory/a");
}

TEST_CASE("only a clean path below the mount may be touched") {
  const auto safe = [](const std::string& path) { return is_safe(Directory{2, "/cg", path, {}}); };
  CHECK(safe("/a"));
  CHECK(safe("/a/b.c"));
  for (const char* path : {"", "/", "a", "/a/", "/a/..", "/../a", "/a//b", "/./a"}) {
    CHECK_FALSE(safe(path));
  }
  CHECK_FALSE(is_safe(Directory{2, "", "/a", {}}));
}

}  // namespace tare::cgroups

// SPDX-License-Identifier: Apache-2.0
//
// A root file system that tries to lead its runtime out. What stands outside is the oracle: it must
// be as it was.
#include "runtime/do/inside.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

// outside/ with a secret, and rootfs/ beside it.
struct Trap {
  Trap() {
    scratch.directory("outside/dir");
    scratch.file("outside/secret", "untouched");
    scratch.directory("rootfs/etc");
    auto opened = open_at(scratch.fd(), "rootfs", O_PATH | O_DIRECTORY);
    REQUIRE(opened.ok());
    root = std::move(opened).value();
  }
  ~Trap() { CHECK(seen() == std::vector<std::string>{"dir", "secret=untouched"}); }

  // All that is outside: names, and what the files hold.
  [[nodiscard]] std::vector<std::string> seen() const {
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(scratch.path("outside"))) {
      const std::string name = entry.path().filename();
      names.push_back(entry.is_regular_file() ? name + "=" + scratch.content("outside/" + name)
                                              : name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  void link(const std::string& name, const std::string& target) const {
    scratch.link("rootfs/" + name, target);
  }
  [[nodiscard]] bool has(const std::string& name) const { return scratch.exists("rootfs/" + name); }
  [[nodiscard]] Inside inside() const { return Inside(root.get()); }

  Scratch scratch;
  UniqueFd root;
};

InsidePath at(const std::string& path) {
  return InsidePath(path);
}

bool same_file(int fd, const std::string& path) {
  struct stat a {};
  struct stat b {};
  return ::fstat(fd, &a) == 0 && ::stat(path.c_str(), &b) == 0 && a.st_ino == b.st_ino &&
         a.st_dev == b.st_dev;
}

constexpr const char* upwards = "../../../../../../../../../../../..";

}  // namespace

TEST_CASE("what is missing is made, directories 0755 and files 0644") {
  const Trap trap;
  const mode_t before = ::umask(0);
  CHECK(trap.inside().make_directory(at("/a/b/c")).ok());
  CHECK(trap.inside().make_file(at("/a/f/file")).ok());
  ::umask(before);
  struct stat status {};
  REQUIRE(::stat(trap.scratch.path("rootfs/a/b/c").c_str(), &status) == 0);
  CHECK(status.st_mode == (S_IFDIR | 0755));
  REQUIRE(::stat(trap.scratch.path("rootfs/a/f/file").c_str(), &status) == 0);
  CHECK(status.st_mode == (S_IFREG | 0644));
  CHECK(status.st_size == 0);
}

TEST_CASE("what is there is used as it is") {
  const Trap trap;
  trap.scratch.file("rootfs/etc/passwd", "root", 0600);
  const auto file = trap.inside().make_file(at("/etc/passwd"));
  REQUIRE(file.ok());
  CHECK(same_file(file->fd.get(), trap.scratch.path("rootfs/etc/passwd")));
  CHECK(trap.scratch.content("rootfs/etc/passwd") == "root");
  CHECK(trap.inside().make_directory(at("/etc/")).ok());
  CHECK(trap.inside().make_directory(at("/")).ok());
  CHECK(trap.inside().make_directory(at("")).ok());
}

TEST_CASE("an absolute link counts from the container's root") {
  const Trap trap;
  trap.link("out", trap.scratch.path("outside"));
  CHECK_FALSE(trap.inside().open(at("/out/secret"), O_RDONLY).ok());
  const auto made = trap.inside().make_directory(at("/out/made"));
  REQUIRE(made.ok());
  CHECK(trap.has(trap.scratch.path("outside/made").substr(1)));  // beneath the root
}

TEST_CASE("dots and links of dots stop at the container's root") {
  const Trap trap;
  const std::string outside = std::string(upwards) + trap.scratch.path("outside");
  trap.link("relative", outside);
  trap.link("etc/up", "../../outside");
  for (const std::string& path :
       {outside + "/secret", std::string("/relative/secret"), std::string("/etc/up/secret"),
        std::string("/etc/../../outside/secret")}) {
    INFO(path);
    CHECK_FALSE(trap.inside().open(at(path), O_RDONLY).ok());
  }
  for (const std::string& path : {outside + "/new", std::string("/relative/new"),
                                  std::string("/etc/up/new"), std::string("/../outside/dir/new")}) {
    INFO(path);
    CHECK(trap.inside().make_file(at(path)).ok());  // and the oracle says where it is not
  }
  CHECK(trap.has("outside/new"));
}

TEST_CASE("a link that leads nowhere yet is followed, within the root") {
  const Trap trap;
  trap.link("lib", "usr/lib");
  trap.link("etc/conf", "/var/conf");
  trap.link("chain", "etc/conf");
  CHECK(trap.inside().make_directory(at("/lib/modules")).ok());
  CHECK(trap.has("usr/lib/modules"));
  CHECK(trap.inside().make_file(at("/chain")).ok());
  CHECK(trap.has("var/conf"));
  trap.link("outwards", trap.scratch.path("outside/created"));
  CHECK(trap.inside().make_file(at("/outwards")).ok());
}

TEST_CASE("links in a circle end") {
  const Trap trap;
  trap.link("a", "b");
  trap.link("b", "a");
  trap.link("self", "self");
  trap.link("deeper", "deeper/x");
  for (const char* path : {"/a", "/a/x", "/self", "/self/x", "/deeper", "/deeper/y"}) {
    INFO(path);
    CHECK(trap.inside().make_directory(at(path)).error().error == ELOOP);
    CHECK(trap.inside().make_file(at(path)).error().error == ELOOP);
    CHECK(trap.inside().open(at(path), O_PATH).error().error == ELOOP);
  }
}

TEST_CASE("where no link may be, none is followed") {
  const Trap trap;
  trap.link("proc", "etc");
  trap.scratch.file("rootfs/etc/file");
  CHECK(trap.inside().open_without_links(at("/etc/file"), O_PATH).ok());
  CHECK(trap.inside().open_without_links(at("/proc"), O_PATH).error().error == ELOOP);
  CHECK(trap.inside().open_without_links(at("/proc/file"), O_PATH).error().error == ELOOP);
}

TEST_CASE("magic links of a procfs in the root lead nowhere") {
  const Scratch scratch;
  const auto proc = open_at(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY);
  REQUIRE(proc.ok());
  Inside inside(proc->get());
  CHECK(inside.open(at("/self/root"), O_PATH).error().error == ELOOP);
  CHECK(inside.open(at("/self/cwd/x"), O_PATH).error().error == ELOOP);
  CHECK(inside.open(at("/self/fd/0"), O_PATH).error().error == ELOOP);
  CHECK(inside.make_file(at("/self/root" + scratch.path("made"))).error().error == ELOOP);
  CHECK_FALSE(scratch.exists("made"));
}

TEST_CASE("a fifo or a file in the way is told, and not waited for") {
  const Trap trap;
  REQUIRE(::mkfifo(trap.scratch.path("rootfs/fifo").c_str(), 0600) == 0);
  trap.scratch.file("rootfs/file");
  CHECK(trap.inside().make_directory(at("/fifo")).error().error == ENOTDIR);
  CHECK(trap.inside().make_directory(at("/file")).error().error == ENOTDIR);
  CHECK(trap.inside().make_directory(at("/file/below")).error().error == ENOTDIR);
  CHECK(trap.inside().make_file(at("/fifo/below")).error().error == ENOTDIR);
  CHECK(trap.inside().make_file(at("/fifo")).ok());  // O_PATH: it is there
}

TEST_CASE("the parent of a last component is made, the component is not looked at") {
  const Trap trap;
  trap.link("etc/node", trap.scratch.path("outside/secret"));
  Inside inside = trap.inside();
  const auto place = inside.make_parent(at("/etc/node"));
  REQUIRE(place.ok());
  CHECK(place->name == "node");
  CHECK(same_file(place->directory, trap.scratch.path("rootfs/etc")));
  const auto deep = inside.make_parent(at("/dev/deep/node/"));
  REQUIRE(deep.ok());
  CHECK(deep->name == "node");
  CHECK(trap.has("dev/deep"));
  CHECK_FALSE(trap.has("dev/deep/node"));
  CHECK(trap.inside().make_parent(at("node"))->name == "node");
}

TEST_CASE("a target tells whether it was there, and whether its directory is kept") {
  const Trap trap;
  trap.link("link", "etc");
  Inside inside = trap.inside();
  const auto made = inside.make_directory(at("/etc/made"));
  REQUIRE(made.ok());
  CHECK_FALSE(made->was_there);
  CHECK(made->is_in_kept);
  const auto again = inside.make_directory(at("/etc/made"));
  REQUIRE(again.ok());
  CHECK(again->was_there);
  CHECK(again->is_in_kept);
  const auto linked = inside.make_directory(at("/link/other"));
  REQUIRE(linked.ok());
  CHECK_FALSE(linked->was_there);
  CHECK_FALSE(linked->is_in_kept);  // what is mounted there may cover /etc or /link
  CHECK_FALSE(inside.make_directory(at("/etc"))->is_in_kept);
}

TEST_CASE("a link in the directory that is kept is followed from the root, or refused") {
  const Trap trap;
  trap.link("etc/out", trap.scratch.path("outside/dir"));
  trap.link("etc/in", "/lib");
  trap.scratch.directory("rootfs/lib");
  Inside inside = trap.inside();
  REQUIRE(inside.make_parent(at("/etc/x")).ok());
  const auto in = inside.make_directory(at("/etc/in"));
  REQUIRE(in.ok());
  CHECK(same_file(in->fd.get(), trap.scratch.path("rootfs/lib")));
  CHECK_FALSE(in->is_in_kept);
  REQUIRE(inside.make_parent(at("/etc/x")).ok());
  const auto refused = inside.make_directory(at("/etc/in"), Inside::Links::refused);
  CHECK(refused.error().error == ELOOP);
  CHECK(inside.make_directory(at("/etc/out")).ok());  // below rootfs, says the oracle
}

TEST_CASE("a directory is looked up again once it is forgotten") {
  const Trap trap;
  Inside inside = trap.inside();
  REQUIRE(inside.make_parent(at("/etc/x")).ok());
  std::filesystem::rename(trap.scratch.path("rootfs/etc"), trap.scratch.path("rootfs/old"));
  REQUIRE(inside.make_directory(at("/etc/kept")).ok());
  CHECK(trap.has("old/kept"));
  inside.forget();
  REQUIRE(inside.make_directory(at("/etc/new")).ok());
  CHECK(trap.has("etc/new"));
}

TEST_CASE("dots are no last component") {
  const Trap trap;
  for (const char* path : {"", "/", "//", "/etc/..", "/.", ".."}) {
    INFO(path);
    CHECK(trap.inside().make_parent(at(path)).error().error == EINVAL);
  }
}

TEST_CASE("names that are too long for a path are an errno") {
  const Trap trap;
  CHECK(trap.inside().make_file(at("/" + std::string(300, 'x'))).error().error == ENAMETOOLONG);
  CHECK_FALSE(trap.inside().make_directory(at(std::string(5000, '/') + "x")).ok());
}

}  // namespace tare::runtime

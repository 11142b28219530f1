// SPDX-License-Identifier: Apache-2.0
#include "cgroups/permitted.h"

#include <doctest/doctest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/scratch.h"

namespace tare::cgroups {

namespace {

// A hierarchy as a tree of plain files, looked at by a user to whom a part of it may be given.
class Tree {
 public:
  Tree() {
    scratch_.directory("delegated/inner");
    for (const char* directory : {".", "delegated", "delegated/inner"}) {
      scratch_.file(std::string(directory) + "/cgroup.procs");
    }
    REQUIRE(::chmod(scratch_.path().c_str(), 0755) == 0);
  }

  void give(const std::string& name) const {
    REQUIRE(::chown(scratch_.path(name).c_str(), user, user) == 0);
  }

  [[nodiscard]] Result<std::vector<Directory>> permitted(int version, const std::string& own,
                                                         const std::string& place,
                                                         std::vector<Write> limits = {}) const {
    Layout layout;
    layout.hierarchies = {{version, scratch_.path(), {}, own}};
    REQUIRE(::seteuid(user) == 0);
    auto kept = cgroups::permitted(layout, {{version, scratch_.path(), place, {}, 0}}, limits);
    REQUIRE(::seteuid(0) == 0);
    REQUIRE(::prctl(PR_SET_DUMPABLE, 1) == 0);  // as it was: seteuid(2) clears it
    return kept;
  }

  [[nodiscard]] const Scratch& scratch() const { return scratch_; }

 private:
  static constexpr uid_t user = 65533;
  Scratch scratch_;
};

Write limit() {
  Write write;
  write.file = "pids.max";
  write.origin = "/linux/resources/pids/limit";
  return write;
}

}  // namespace

TEST_SUITE("cgroups that a caller may use" * doctest::skip(::geteuid() != 0)) {
  TEST_CASE("what is nobody's to give is done without") {
    const Tree tree;
    for (const int version : {1, 2}) {
      const auto kept = tree.permitted(version, "/", "/c1");
      REQUIRE(kept.ok());
      CHECK(kept->empty());
    }
  }

  TEST_CASE("a limit in it is an error that names the file") {
    const Tree tree;
    const auto kept = tree.permitted(2, "/", "/c1", {limit()});
    REQUIRE(!kept.ok());
    CHECK(kept.error().at == "/linux/resources/pids/limit");
    CHECK(kept.error().error == EACCES);
    CHECK(kept.error().what.find("pids.max") != std::string::npos);
    CHECK(kept.error().what.find(tree.scratch().path()) != std::string::npos);
  }

  TEST_CASE("a delegated cgroup is used by who is in it") {
    const Tree tree;
    tree.give("delegated");
    tree.give("delegated/cgroup.procs");
    const auto kept = tree.permitted(2, "/delegated/inner", "/delegated/a/b", {limit()});
    REQUIRE(kept.ok());
    CHECK(kept->size() == 1);
  }

  TEST_CASE("a v2 cgroup that cannot be entered from where the caller is, is none") {
    const Tree tree;
    tree.give("delegated");
    tree.give("delegated/cgroup.procs");
    const auto without = tree.permitted(2, "/", "/delegated/a");
    REQUIRE(without.ok());
    CHECK(without->empty());
    const auto limited = tree.permitted(2, "/", "/delegated/a", {limit()});
    REQUIRE(!limited.ok());
    CHECK(limited.error().what.find("/cgroup.procs") != std::string::npos);
    const auto v1 = tree.permitted(1, "/", "/delegated/a");
    REQUIRE(v1.ok());
    CHECK(v1->size() == 1);
  }

  TEST_CASE("names that begin alike have no common cgroup by that") {
    const Tree tree;
    tree.give("delegated");
    tree.give("delegated/cgroup.procs");
    const auto kept = tree.permitted(2, "/delegatedx", "/delegated/a");
    REQUIRE(kept.ok());
    CHECK(kept->empty());
  }
}

}  // namespace tare::cgroups

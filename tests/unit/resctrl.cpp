// SPDX-License-Identifier: Apache-2.0
//
// A group of resctrl, on a tree of directories that looks like one. What the kernel does by itself,
// the files of a new directory, the tests do between two calls.
#include "runtime/do/resctrl_group.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

struct Tree : Scratch {
  UniqueFd open() const { return open_at(AT_FDCWD, path().c_str(), O_PATH | O_DIRECTORY).value(); }
  // What the kernel puts into a group.
  void fill(const std::string& group, const std::string& schemata = "") const {
    directory(group + "/mon_groups");
    file(group + "/schemata", schemata);
    file(group + "/tasks");
  }
};

step::EnterResctrl wanted(std::string group) {
  step::EnterResctrl step;
  step.group = std::move(group);
  return step;
}

}  // namespace

TEST_CASE("values are the same however they are written") {
  const char* schemata = "    MB:0=100;1= 20\n    L3:0=007ff;1=f\n";
  CHECK(has_schema(schemata, "L3:0=7FF;1=00f"));
  CHECK(has_schema(schemata, "L3:1=f"));
  CHECK(has_schema(schemata, "MB:1=20"));
  CHECK_FALSE(has_schema(schemata, "MB:1=2"));
  CHECK_FALSE(has_schema(schemata, "L3:2=f"));
  CHECK_FALSE(has_schema(schemata, "L2:0=f"));
  CHECK_FALSE(has_schema("", "L3:0=f"));
  CHECK(has_schema("L3:0=0\n", "L3:0=000"));
}

TEST_CASE("without a closID a group of the container's id is made, and removed by delete") {
  const Tree tree;
  const auto step = wanted("id");
  const auto intended = intended_resctrl(tree.open().get(), step);
  CHECK(intended.made);
  Resctrl group(tree.open(), step);
  REQUIRE(group.make().ok());
  CHECK(tree.exists("id"));
  CHECK(group.made().made);
  group.keep();
  CHECK(remove_resctrl(tree.open().get(), group.made()).ok());
  CHECK_FALSE(tree.exists("id"));
  CHECK(remove_resctrl(tree.open().get(), group.made()).ok());
}

TEST_CASE("a group that was there is used, and stays") {
  const Tree tree;
  tree.fill("id");
  const auto step = wanted("id");
  CHECK_FALSE(intended_resctrl(tree.open().get(), step).made);
  Resctrl group(tree.open(), step);
  REQUIRE(group.make().ok());
  REQUIRE(group.enter(123).ok());
  CHECK(tree.content("id/tasks") == "123\n");
  CHECK_FALSE(group.made().made);
}

TEST_CASE("the root is the default class") {
  const Tree tree;
  tree.fill(".");
  auto step = wanted("");
  step.keeps = true;
  Resctrl group(tree.open(), step);
  REQUIRE(group.make().ok());
  REQUIRE(group.enter(7).ok());
  CHECK(tree.content("tasks") == "7\n");
}

TEST_CASE("a closID without a schema must be there") {
  const Tree tree;
  auto step = wanted("gold");
  step.must_exist = step.keeps = true;
  Resctrl group(tree.open(), step);
  const auto made = group.make();
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().error == ENOENT);
  CHECK_FALSE(made.error().hint.empty());
  CHECK_FALSE(tree.exists("gold"));
}

TEST_CASE("a class that a create has made stays with the container, but not with a failure") {
  const Tree tree;
  auto step = wanted("gold");
  step.keeps = true;
  step.schemata = {{"L3:0=7", "/linux/intelRdt/l3CacheSchema", true}};
  {
    Resctrl failed(tree.open(), step);
    REQUIRE(failed.make().ok());
    CHECK_FALSE(failed.write_schemata().ok());  // a plain directory has no such file
  }
  CHECK_FALSE(tree.exists("gold"));
  Resctrl group(tree.open(), step);
  REQUIRE(group.make().ok());
  group.keep();
  CHECK_FALSE(group.made().made);
}

TEST_CASE("every line of the schemata is written, the last one last") {
  const Tree tree;
  auto step = wanted("id");
  step.schemata = {{"L3:0=7", "", false}, {"MB:0=20", "", false}};
  Resctrl group(tree.open(), step);
  REQUIRE(group.make().ok());
  tree.fill("id");
  REQUIRE(group.write_schemata().ok());
  CHECK(tree.content("id/schemata") == "MB:0=20\n");  // the kernel takes each write by itself
  std::filesystem::remove_all(tree.path("id"));
}

TEST_CASE("a class that is there must have the values that are asked for") {
  const Tree tree;
  tree.fill("gold", "L3:0=7;1=7\n");
  auto step = wanted("gold");
  step.keeps = true;
  step.schemata = {{"L3:0=07", "/linux/intelRdt/l3CacheSchema", true}, {"L2:0=1", "/x", false}};
  CHECK(Resctrl(tree.open(), step).make().ok());
  step.schemata[0].text = "L3:0=f";
  const auto made = Resctrl(tree.open(), step).make();
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().at == "/linux/intelRdt/l3CacheSchema");
  CHECK(made.error().kind == Error::Kind::config);
  CHECK(tree.exists("gold"));
}

TEST_CASE("what the kernel says of a refused line is in the error") {
  const Tree tree;
  tree.fill("gold");
  std::filesystem::remove(tree.path("gold/schemata"));
  tree.directory("info");
  tree.file("info/last_cmd_status", "Mask out of range\n");
  auto step = wanted("gold");
  step.keeps = true;
  step.schemata = {{"L9:0=f", "/linux/intelRdt/schemata/0", false}};
  Resctrl group(tree.open(), step);
  REQUIRE(group.make().ok());
  const auto written = group.write_schemata();
  REQUIRE_FALSE(written.ok());
  CHECK(written.error().at == "/linux/intelRdt/schemata/0");
  CHECK(written.error().what.find("Mask out of range") != std::string::npos);
}

TEST_CASE("a monitoring group is the container's alone") {
  const Tree tree;
  tree.fill("gold");
  auto step = wanted("gold");
  step.keeps = true;
  step.monitor = "id";
  tree.directory("gold/mon_groups/id");
  CHECK(intended_resctrl(tree.open().get(), step).monitor.empty());
  {
    Resctrl group(tree.open(), step);
    REQUIRE(group.make().ok());
    const auto entered = group.enter(7);
    REQUIRE_FALSE(entered.ok());
    CHECK(entered.error().error == EEXIST);
    CHECK(entered.error().at == "/linux/intelRdt/enableMonitoring");
  }
  CHECK(tree.exists("gold/mon_groups/id"));
}

TEST_CASE("a monitoring group is removed with the container, and by a failure") {
  const Tree tree;
  tree.fill("gold");
  auto step = wanted("gold");
  step.keeps = true;
  step.monitor = "id";
  CHECK(intended_resctrl(tree.open().get(), step).monitor == "id");
  {
    Resctrl group(tree.open(), step);
    REQUIRE(group.make().ok());
    CHECK_FALSE(group.enter(7).ok());  // a plain directory has no tasks
  }
  CHECK_FALSE(tree.exists("gold/mon_groups/id"));
  tree.directory("gold/mon_groups/id");
  CHECK(remove_resctrl(tree.open().get(), {"gold", "id", false}).ok());
  CHECK_FALSE(tree.exists("gold/mon_groups/id"));
  CHECK(tree.exists("gold"));
}

TEST_CASE("an update writes the schemata of the container's group") {
  const Tree tree;
  tree.fill("gold", "L3:0=7\n");
  const auto change =
      change_schemata(tree.open(), "gold", {{"L3:0=f", "--l3-cache-schema", false}});
  REQUIRE(change.ok());
  REQUIRE(change->make().ok());
  CHECK(tree.content("gold/schemata") == "L3:0=f\n");
}

TEST_CASE("an update of the default class writes the root's schemata") {
  const Tree tree;
  tree.fill(".", "MB:0=90\n");
  const auto change = change_schemata(tree.open(), "", {{"MB:0=20", "--mem-bw-schema", false}});
  REQUIRE(change.ok());
  REQUIRE(change->make().ok());
  CHECK(tree.content("schemata") == "MB:0=20\n");
}

TEST_CASE("schemata are taken back when a later part of an update fails") {
  const Tree tree;
  tree.fill("gold", "L3:0=7\n");
  const auto schemata =
      change_schemata(tree.open(), "gold", {{"L3:0=f", "--l3-cache-schema", false}});
  REQUIRE(schemata.ok());
  bool made = false;
  Change fails;
  fails.make = [&]() -> Result<void> {
    made = tree.content("gold/schemata") == "L3:0=f\n";
    return Error("no");
  };
  fails.take_back = [] { return std::string("the other one"); };
  const Result<void> changed = all_or_nothing({*schemata, fails});
  REQUIRE_FALSE(changed.ok());
  CHECK(made);
  CHECK(changed.error().what == "no; not taken back: the other one");
  CHECK(tree.content("gold/schemata") == "L3:0=7\n");
}

TEST_CASE("a schema that the kernel refuses is an error at its option") {
  const Tree tree;
  tree.fill("gold", "L3:0=7\n");
  tree.directory("info");
  tree.file("info/last_cmd_status", "Mask out of range\n");
  const auto change =
      change_schemata(tree.open(), "gold", {{"L3:0=f", "--l3-cache-schema", false}});
  REQUIRE(change.ok());
  std::filesystem::remove(tree.path("gold/schemata"));
  const auto made = change->make();
  REQUIRE_FALSE(made.ok());
  CHECK(made.error().at == "--l3-cache-schema");
  CHECK(made.error().what.find("Mask out of range") != std::string::npos);
  CHECK(change->take_back() != "");
}

TEST_CASE("a group that is gone is not updated") {
  const Tree tree;
  CHECK_FALSE(change_schemata(tree.open(), "gold", {}).ok());
}

TEST_CASE("what joins the container is in its group, and monitored with it") {
  const Tree tree;
  tree.fill("gold");
  tree.fill("gold/mon_groups/id");
  REQUIRE(join_resctrl(tree.open().get(), {"gold", "id"}, 8).ok());
  CHECK(tree.content("gold/tasks") == "8\n");
  CHECK(tree.content("gold/mon_groups/id/tasks") == "8\n");
}

TEST_CASE("what joins a container of the default class goes there, or is monitored in it") {
  const Tree tree;
  tree.fill(".");
  REQUIRE(join_resctrl(tree.open().get(), {"", ""}, 8).ok());
  CHECK(tree.content("tasks") == "8\n");
  tree.fill("mon_groups/id");
  REQUIRE(join_resctrl(tree.open().get(), {"", "id"}, 9).ok());
  CHECK(tree.content("tasks") == "9\n");
  CHECK(tree.content("mon_groups/id/tasks") == "9\n");
}

TEST_CASE("a group that was removed since is nobody's to join") {
  const Tree tree;
  CHECK(join_resctrl(tree.open().get(), {"gold", "id"}, 8).ok());
  CHECK_FALSE(tree.exists("gold"));
}

TEST_CASE("a process that the kernel does not let into the group is an error") {
  const Tree tree;
  tree.directory("gold/tasks");  // EISDIR
  tree.directory("info");
  tree.file("info/last_cmd_status", "No such task\n");
  const auto joined = join_resctrl(tree.open().get(), {"gold", ""}, 8);
  REQUIRE_FALSE(joined.ok());
  CHECK(joined.error().what.find("gold/tasks: No such task") != std::string::npos);
}

TEST_CASE("a symbolic link is no group") {
  const Tree tree;
  tree.link("gold", "/");
  CHECK_FALSE(Resctrl(tree.open(), wanted("gold")).make().ok());
}

}  // namespace tare::runtime

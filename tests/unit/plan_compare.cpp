// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "runtime/plan/compare.h"
#include "tests/unit/planned.h"

using namespace tare;
using namespace tare::runtime;
using planned::plan;

namespace {

std::vector<std::string> changes(const Plan& first, const Plan& second) {
  std::vector<std::string> lines;
  for (const auto& step : plan_differences(first, second)) {
    lines.push_back(*step.change + " " + step.what +
                    (step.details.empty() ? "" : " (" + step.details + ")"));
  }
  return lines;
}

std::string mounts(const std::string& list) {
  return R"("mounts": [)" + list + "], " + planned::with_mounts();
}

using LineList = std::vector<std::string>;

}  // namespace

TEST_CASE("a plan that is compared with itself has no differences") {
  const Plan one = plan(mounts(R"({"destination": "/a", "type": "tmpfs"})"));
  CHECK(changes(one, one).empty());
}

TEST_CASE("a step that one plan has alone is said to be of that one") {
  const Plan without = plan(mounts(R"({"destination": "/b", "type": "tmpfs"})"));
  const Plan with = plan(
      mounts(R"({"destination": "/a", "type": "tmpfs"}, {"destination": "/b", "type": "tmpfs"})"));
  CHECK(changes(without, with) == LineList{"+ mount tmpfs on /a"});
  CHECK(changes(with, without) == LineList{"- mount tmpfs on /a"});
}

TEST_CASE("mounts in another order are another plan") {
  const std::string a = R"({"destination": "/a", "type": "tmpfs"})";
  const std::string b = R"({"destination": "/b", "type": "tmpfs"})";
  const LineList found = changes(plan(mounts(a + "," + b)), plan(mounts(b + "," + a)));
  REQUIRE(found.size() == 2);
  CHECK(found[0].substr(1) == found[1].substr(1));
}

TEST_CASE("what the words of a step leave out makes a difference, too") {
  const auto differ = [](const std::string& one, const std::string& other) {
    const LineList found = changes(plan(one), plan(other));
    REQUIRE_MESSAGE(found.size() == 2, other);
    return found[1];
  };
  CHECK(
      differ(
          mounts(R"({"destination": "/a", "type": "tmpfs"})"),
          mounts(R"({"destination": "/a", "type": "tmpfs", "options": ["nosuid", "size=1m"]})")) ==
      "+ mount tmpfs on /a (nosuid, size=1m)");
  const auto process = [](const std::string& member) {
    return R"("process": {"cwd": "/", "args": ["/bin/true"], "env": ["HOME=/"],)" + member + "}";
  };
  CHECK(differ(process(R"("user": {"uid": 1, "gid": 1})"),
               process(R"("user": {"uid": 1, "gid": 1, "additionalGids": [7]})")) ==
        "+ set user 1:1 (group 7)");
  CHECK(
      differ(
          process(R"("user": {"uid": 0, "gid": 0}, "capabilities": {"bounding": []})"),
          process(R"("user": {"uid": 0, "gid": 0}, "capabilities": {"bounding": ["CAP_KILL"]})")) ==
      "+ drop bounding capabilities (all but CAP_KILL)");
  CHECK(differ(R"("linux": {"seccomp": {"defaultAction": "SCMP_ACT_ALLOW"}})",
               R"("linux": {"seccomp": {"defaultAction": "SCMP_ACT_LOG"}})")
            .starts_with("+ load the seccomp filter"));
}

TEST_CASE("arguments and environment of the program are details of its execution") {
  const std::string common = R"("process": {"cwd": "/", "user": {"uid": 0, "gid": 0},)";
  const LineList found =
      changes(plan(common + R"("args": ["/bin/true"], "env": ["HOME=/"]})"),
              plan(common + R"("args": ["/bin/true", "a"], "env": ["HOME=/", "A=1"]})"));
  CHECK(found.back() ==
        R"(+ execute "/bin/true" (arguments "/bin/true" "a", environment "HOME=/" "A=1"))");
}

TEST_CASE("plans that differ in thousands of steps are compared nevertheless") {
  const auto many = [](const std::string& prefix) {
    std::string list;
    for (int i = 0; i < 3000; ++i) {
      list += (i == 0 ? "" : ",") + std::string(R"({"destination": "/)") + prefix +
              std::to_string(i) + R"(", "type": "tmpfs"})";
    }
    return plan(mounts(list));
  };
  CHECK(changes(many("a"), many("b")).size() == 6000);
}

TEST_CASE("a program is told the number of a step, and of the one that it waits for") {
  const Plan one = plan(R"("linux": {"namespaces": [{"type": "user"}, {"type": "mount"}],
      "uidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}],
      "gidMappings": [{"containerID": 0, "hostID": 1000, "size": 1}]})");
  const auto steps = planned_steps(one);
  REQUIRE(steps.size() == one.steps.size());
  bool waits = false;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    CHECK(steps[i].step == static_cast<std::int64_t>(i));
    CHECK(steps[i].after.has_value() == (one.steps[i].after != no_step));
    waits = waits || steps[i].after.has_value();
  }
  CHECK(waits);
}

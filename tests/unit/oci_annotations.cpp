// SPDX-License-Identifier: Apache-2.0
#include "oci/annotations.h"

#include <doctest/doctest.h>

namespace tare::oci {

TEST_CASE("an annotation that is absent or empty says nothing") {
  const Annotations annotations = {{"run.oci.hooks.stdout", ""}, {"run.oci.hooks.stderr", "/e"}};
  CHECK(find(annotations, annotation::hooks_stdout) == nullptr);
  CHECK(find(annotations, annotation::pidfd_receiver) == nullptr);
  REQUIRE(find(annotations, annotation::hooks_stderr) != nullptr);
  CHECK(*find(annotations, annotation::hooks_stderr) == "/e");
}

TEST_CASE("a switch is on unless it says that it is off") {
  const auto on = [](const char* value) {
    return is_on({{std::string(annotation::keep_groups), value}}, annotation::keep_groups);
  };
  CHECK(on("1"));
  CHECK(on("true"));
  CHECK_FALSE(on("0"));
  CHECK_FALSE(on("false"));
  CHECK_FALSE(on(""));
  CHECK_FALSE(is_on({}, annotation::keep_groups));
}

TEST_CASE("the receiver of a listener is its path, unless there is one") {
  Config config;
  config.annotations = {{"run.oci.seccomp.receiver", "/run/agent"}};
  REQUIRE(apply_annotations(config).ok());  // without a filter
  config.linux_.emplace().seccomp.emplace();
  REQUIRE(apply_annotations(config).ok());
  CHECK(config.linux_->seccomp->listenerPath == "/run/agent");
  config.linux_->seccomp->listenerPath = "/other";
  REQUIRE(apply_annotations(config).ok());
  CHECK(config.linux_->seccomp->listenerPath == "/other");
}

TEST_CASE("an annotation that asks for what tare does not do is refused by name") {
  Config config;
  config.annotations = {{"run.oci.delegate-cgroup", "inner"}};
  const Result<void> applied = apply_annotations(config);
  REQUIRE_FALSE(applied.ok());
  CHECK(applied.error().kind == Error::Kind::unsupported);
  CHECK(applied.error().at == "/annotations/run.oci.delegate-cgroup");
}

}  // namespace tare::oci

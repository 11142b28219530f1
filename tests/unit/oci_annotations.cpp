// SPDX-License-Identifier: Apache-2.0
#include "oci/annotations.h"

#include <doctest/doctest.h>

namespace tare::oci {

TEST_CASE("an annotation that is absent or empty says nothing") {
  const Annotations annotations = {{"run.oci.hooks.stdout", ""}, {"run.oci.hooks.stderr", "/e"}};
  CHECK(find_annotation(annotations, annotation::hooks_stdout) == nullptr);
  CHECK(find_annotation(annotations, annotation::pidfd_receiver) == nullptr);
  REQUIRE(find_annotation(annotations, annotation::hooks_stderr) != nullptr);
  CHECK(*find_annotation(annotations, annotation::hooks_stderr) == "/e");
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

TEST_CASE("an annotation that names a cgroup is one component of a path") {
  const auto apply = [](std::string_view name, const std::string& value) {
    Config config;
    config.annotations = {{std::string(name), value}};
    return apply_annotations(config);
  };
  for (const std::string_view name : {annotation::delegated_cgroup, annotation::systemd_subgroup}) {
    CHECK(apply(name, "inner").ok());
    CHECK(apply(name, "").ok());
    CHECK(apply(name, "..a").ok());
    CHECK(apply(name, std::string(255, 'a')).ok());
    for (const std::string& hostile :
         {std::string("."), std::string(".."), std::string("/"), std::string("a/b"),
          std::string("../a"), std::string("a\nb"), std::string("a\x7F"), std::string(256, 'a')}) {
      CAPTURE(hostile);
      const Result<void> applied = apply(name, hostile);
      REQUIRE_FALSE(applied.ok());
      CHECK(applied.error().kind == Error::Kind::config);
      CHECK(applied.error().at == "/annotations/" + std::string(name));
      CHECK(applied.error().what.find('\n') == std::string::npos);
    }
  }
}

}  // namespace tare::oci

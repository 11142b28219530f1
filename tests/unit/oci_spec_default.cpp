// SPDX-License-Identifier: Apache-2.0
#include "oci/spec_default.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "oci/document.h"
#include "oci/validate.h"

using namespace tare;
using namespace tare::oci;

namespace {

bool has_namespace(const Config& config, NamespaceType type) {
  return std::any_of(config.linux_->namespaces.begin(), config.linux_->namespaces.end(),
                     [&](const Namespace& entry) { return entry.type == type; });
}

const Mount& mount_on(const Config& config, const std::string& destination) {
  for (const Mount& mount : config.mounts) {
    if (mount.destination == destination) return mount;
  }
  FAIL("nothing is mounted on " << destination);
  return config.mounts.front();
}

bool contains(const std::vector<std::string>& list, const std::string& entry) {
  return std::find(list.begin(), list.end(), entry) != list.end();
}

}  // namespace

TEST_CASE("the default configuration has no problem and no warning") {
  for (const bool rootless : {false, true}) {
    const Config config = default_config(rootless, 1000, 100);
    CHECK(all_problems(config).empty());
    CHECK(warnings(config).empty());
    const Result<Config> read = decode_config(encode_pretty(config));
    REQUIRE(read.ok());
    CHECK(encode(*read) == encode(config));
  }
}

TEST_CASE("the default configuration gives away no privilege") {
  const Config config = default_config(false, 0, 0);
  CHECK(config.process->noNewPrivileges);
  CHECK(config.process->capabilities->inheritable.empty());
  CHECK(config.process->capabilities->ambient.empty());
  CHECK(config.root->readonly);
  CHECK(has_namespace(config, NamespaceType::network));
  CHECK(has_namespace(config, NamespaceType::mount));
  REQUIRE(config.linux_->resources->devices.size() == 1);
  CHECK(!config.linux_->resources->devices[0].allow);
}

TEST_CASE("the rootless configuration needs no privilege") {
  const Config config = default_config(true, 1000, 100);
  CHECK(has_namespace(config, NamespaceType::user));
  CHECK(!has_namespace(config, NamespaceType::network));
  REQUIRE(config.linux_->uidMappings.size() == 1);
  CHECK(config.linux_->uidMappings[0].hostID == 1000);
  CHECK(config.linux_->uidMappings[0].size == 1);
  CHECK(config.linux_->gidMappings[0].hostID == 100);
  CHECK(!config.linux_->resources.has_value());
  CHECK(contains(mount_on(config, "/sys").options, "rbind"));
  CHECK(contains(mount_on(config, "/sys").options, "ro"));
  CHECK(!contains(mount_on(config, "/dev/pts").options, "gid=5"));
  CHECK(contains(mount_on(default_config(false, 0, 0), "/dev/pts").options, "gid=5"));
}

TEST_CASE("a pretty configuration is indented with tabs and ends without a newline") {
  Config config;
  config.ociVersion = "1.3.0";
  config.root = Root{"rootfs", true};
  config.mounts = {{"/a", "", "", {"ro", "dev"}, {}, {}}};
  CHECK(encode_pretty(config) ==
        "{\n"
        "\t\"ociVersion\": \"1.3.0\",\n"
        "\t\"root\": {\n"
        "\t\t\"path\": \"rootfs\",\n"
        "\t\t\"readonly\": true\n"
        "\t},\n"
        "\t\"mounts\": [\n"
        "\t\t{\n"
        "\t\t\t\"destination\": \"/a\",\n"
        "\t\t\t\"options\": [\n"
        "\t\t\t\t\"ro\",\n"
        "\t\t\t\t\"dev\"\n"
        "\t\t\t]\n"
        "\t\t}\n"
        "\t]\n"
        "}");
}

// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/visible.h"

#include <doctest/doctest.h>

#include <utility>

using namespace tare;
using namespace tare::runtime;

TEST_CASE("what is at or below a directory") {
  for (const char* path : {"/a", "/a/b", "/a/b/c"}) CHECK(is_at_or_below(path, "/a"));
  for (const char* path : {"/", "/ab", "/b", "/b/a", ""}) CHECK_FALSE(is_at_or_below(path, "/a"));
  for (const char* path : {"/", "/a", "/a/b"}) CHECK(is_at_or_below(path, "/"));
}

namespace {

oci::Mount on(const std::string& destination, const std::string& type = "tmpfs",
              std::vector<std::string> options = {}) {
  return {destination, type, "/source", std::move(options), {}, {}};
}

}  // namespace

TEST_CASE("the last mount at a path or above it shows there") {
  const std::vector<oci::Mount> mounts = {on("/a"), on("/a/b"), on("/c"), on("/a")};
  CHECK(mount_shown_at(mounts, "/a") == 3);
  CHECK(mount_shown_at(mounts, "/a/b") == 3);
  CHECK(mount_shown_at(mounts, "/c/d") == 2);
  CHECK(mount_shown_at(mounts, "/cd") == std::nullopt);
  CHECK(mount_shown_at(mounts, "/") == std::nullopt);
  CHECK(mount_shown_at({on("/a"), on("/", "bind"), on("/c")}, "/a") == 1);
  CHECK(mount_shown_at({on("/a"), on("/", "bind"), on("/c")}, "/c") == 2);
}

TEST_CASE("what changes a mount that is there covers nothing") {
  for (const auto& change : {on("/a", "", {"remount", "ro"}), on("/a", "", {"bind", "remount"}),
                             on("/a", "none", {"rslave"}), on("/a", "", {"private"})}) {
    CHECK(mount_shown_at({on("/a"), change}, "/a") == 0);
  }
}

TEST_CASE("the kernel's file systems are new ones anywhere, and binds on /proc and /sys") {
  CHECK(shows_kernel({on("/x", "proc")}, 0));
  CHECK(shows_kernel({on("/x", "sysfs")}, 0));
  CHECK(shows_kernel({on("/proc", "bind")}, 0));
  CHECK(shows_kernel({on("/sys", "none", {"rbind"})}, 0));
  CHECK_FALSE(shows_kernel({on("/x", "bind")}, 0));
  CHECK_FALSE(shows_kernel({on("/x", "proc", {"bind"})}, 0));
  CHECK_FALSE(shows_kernel({on("/sys", "tmpfs")}, 0));
  CHECK_FALSE(shows_kernel({on("/proc", "proc"), on("/", "bind")}, 0));
}

TEST_CASE("a path is in the nearest of them") {
  const std::vector<oci::Mount> mounts = {on("/proc", "proc"), on("/sys", "sysfs"),
                                          on("/sys/fs/cgroup"), on("/sys/x", "sysfs")};
  CHECK(kernel_mount_of(mounts, "/proc") == "/proc");
  CHECK(kernel_mount_of(mounts, "/proc/sys/kernel") == "/proc");
  CHECK(kernel_mount_of(mounts, "/sys/fs/cgroup/a") == "/sys");
  CHECK(kernel_mount_of(mounts, "/sys/x/y") == "/sys/x");
  CHECK(kernel_mount_of(mounts, "/process") == "");
  CHECK(kernel_mount_of(mounts, "/") == "");
}

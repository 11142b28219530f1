// SPDX-License-Identifier: Apache-2.0
#include "cgroups/hierarchy/layout.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"
#include "base/unique_fd.h"

namespace tare::cgroups {

namespace {

using Names = std::vector<std::string>;

// A made /sys/fs/cgroup: v1 hierarchies have `tasks`, a v2 one has cgroup.controllers.
class Tree {
 public:
  Tree() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree() { std::filesystem::remove_all(path_); }

  Tree& v1(const std::string& name) { return file(name + "/tasks", ""); }
  Tree& v2(const std::string& name, const std::string& controllers) {
    return file(name + "/cgroup.controllers", controllers + "\n");
  }
  Tree& directory(const std::string& name) {
    std::filesystem::create_directories(path_ + "/" + name);
    return *this;
  }
  Tree& link(const std::string& to, const std::string& name) {
    std::filesystem::create_symlink(to, path_ + "/" + name);
    return *this;
  }

  Layout find(std::string_view self_cgroup, const std::string& mountinfo = {}) {
    const auto fd = open_at(AT_FDCWD, path_.c_str(), O_PATH | O_DIRECTORY);
    REQUIRE(fd.ok());
    Result<Layout> layout =
        find_hierarchies(self_cgroup, fd->get(), "/cg", [&]() -> Call<std::string> {
          ++mountinfo_reads;
          return mountinfo;
        });
    REQUIRE(layout.ok());
    return std::move(layout).value();
  }

  // The tree's real path, as the mount table would have it.
  [[nodiscard]] const std::string& path() const { return path_; }

  int mountinfo_reads = 0;

 private:
  Tree& file(const std::string& name, const std::string& content) {
    directory(name.substr(0, name.rfind('/')));
    std::ofstream(path_ + "/" + name) << content;
    return *this;
  }

  std::string path_ = "/tmp/tare-test-layout-XXXXXX";
};

}  // namespace

TEST_CASE("a v2 host has one hierarchy with the controllers of its root") {
  Tree tree;
  tree.v2(".", "cpuset cpu io memory pids").directory("user.slice/x");
  const Layout layout = tree.find("0::/user.slice/x\n");
  REQUIRE(layout.hierarchies.size() == 1);
  const Hierarchy& only = layout.hierarchies[0];
  CHECK(only.version == 2);
  CHECK(only.mount == "/cg");
  CHECK(only.own == "/user.slice/x");
  CHECK(only.controllers == Names{"cpuset", "cpu", "io", "memory", "pids"});
  CHECK(tree.mountinfo_reads == 0);
}

TEST_CASE("a hybrid host has both versions, and systemd's named hierarchy counts as v1") {
  Tree tree;
  tree.v1("memory").v1("memory/a").v1("systemd").v2("unified", "hugetlb");
  const Layout layout = tree.find("4:memory:/a\n1:name=systemd:/\n0::/\n");
  REQUIRE(layout.hierarchies.size() == 3);
  CHECK(layout.hierarchies[0].mount == "/cg/memory");
  CHECK(layout.hierarchies[0].own == "/a");
  CHECK(layout.hierarchies[1].mount == "/cg/systemd");
  CHECK(layout.hierarchies[1].controllers == Names{"name=systemd"});
  CHECK(layout.hierarchies[2].mount == "/cg/unified");
  CHECK(layout.hierarchies[2].controllers == Names{"hugetlb"});
  CHECK(tree.mountinfo_reads == 0);
}

TEST_CASE("controllers that share a hierarchy are found under the joint name or the first one's") {
  Tree joint;
  joint.v1("cpu,cpuacct");
  const Layout by_joint_name = joint.find("4:cpu,cpuacct:/\n");
  REQUIRE(by_joint_name.hierarchies.size() == 1);
  CHECK(by_joint_name.hierarchies[0].mount == "/cg/cpu,cpuacct");
  CHECK(by_joint_name.hierarchies[0].controllers == Names{"cpu", "cpuacct"});

  Tree reversed;
  reversed.v1("cpuacct,cpu").link("cpuacct,cpu", "cpu");
  const Layout by_link = reversed.find("4:cpu,cpuacct:/\n");
  REQUIRE(by_link.hierarchies.size() == 1);
  CHECK(by_link.hierarchies[0].mount == "/cg/cpu");
}

TEST_CASE("a v2 line without a v2 mount is no hierarchy, and nobody asks the mount table for it") {
  Tree tree;
  tree.v1("pids");
  CHECK(tree.find("8:pids:/\n0::/\n").hierarchies.size() == 1);
  CHECK(tree.mountinfo_reads == 0);
}

TEST_CASE("other managers' named hierarchies are left out") {
  Tree tree;
  tree.v1("openrc").v1("pids");
  CHECK(tree.find("9:name=openrc:/\n8:pids:/\n").hierarchies.size() == 1);
}

TEST_CASE("a v1 hierarchy that is mounted elsewhere is found in the mount table, read once") {
  Tree tree;
  tree.v1("my cgroups/mem");
  const std::string mountinfo =
      "30 1 0:1 / / rw - ext4 /dev/root rw\n"
      "41 30 0:30 / /hidden/under/another rw,relatime - cgroup cgroup rw,memory\n"
      "42 30 0:30 / " +
      tree.path() + "/my\\040cgroups/mem rw,relatime - cgroup cgroup rw,memory\n";
  const Layout layout = tree.find("4:memory:/\n3:rdma:/\n", mountinfo);
  REQUIRE(layout.hierarchies.size() == 1);  // rdma is mounted nowhere
  CHECK(layout.hierarchies[0].mount == tree.path() + "/my cgroups/mem");
  CHECK(tree.mountinfo_reads == 1);
}

TEST_CASE("our own cgroup is counted from what the mount shows of the hierarchy") {
  Tree tree;
  tree.v1("memory").v2("unified", "hugetlb");
  const std::string mountinfo = "41 30 0:30 /docker/abc " + tree.path() +
                                "/memory ro - cgroup cgroup rw,memory\n"
                                "42 30 0:31 /docker/abc /cg/unified ro - cgroup2 cgroup rw\n";
  const auto own = [&](const std::string& line) {
    const Layout layout = tree.find(line + "\n", mountinfo);
    REQUIRE(layout.hierarchies.size() == 1);
    return layout.hierarchies[0].own;
  };
  for (const std::string line : {"4:memory:", "0::"}) {
    CHECK(own(line + "/docker/abc") == "/");
    CHECK(own(line + "/docker/abc/inner") == "/inner");
    CHECK(own(line + "/docker/abcdef") == "/");  // not visible here at all
    CHECK(own(line + "/../elsewhere") == "/");
  }
}

TEST_CASE("lines that are not of /proc/PID/cgroup are passed over") {
  Tree tree;
  tree.v1("pids");
  CHECK(tree.find("nonsense\n8:pids\n\n8:pids:/\n").hierarchies.size() == 1);
}

TEST_CASE("probe sees what the kernel has mounted") {
  const auto layout = probe();
  REQUIRE(layout.ok());
  for (const Hierarchy& hierarchy : layout->hierarchies) {
    const char* file = hierarchy.version == 2 ? "/cgroup.procs" : "/tasks";
    CHECK(std::filesystem::exists(hierarchy.mount + file));
    CHECK(std::filesystem::exists(hierarchy.mount + hierarchy.own));
  }
}

}  // namespace tare::cgroups

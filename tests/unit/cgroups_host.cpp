// SPDX-License-Identifier: Apache-2.0
//
// The cgroups of this host, whatever they are: needs the right to make some, under names that begin
// with tare-test-.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/file.h"
#include "base/text.h"
#include "cgroups/cgroup.h"
#include "cgroups/hierarchy/freezer.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/hierarchy/members.h"
#include "cgroups/hierarchy/remove.h"
#include "tests/unit/emulation.h"

namespace tare::cgroups {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

std::string test_path(const std::string& name) {
  return "/tare-test-" + std::to_string(::getpid()) + "-" + name;
}

std::vector<Directory> places(const std::string& path) {
  const auto layout = probe();
  REQUIRE(layout.ok());
  auto list = place(*layout, path, "unused");
  REQUIRE(list.ok());
  return std::move(list).value();
}

Result<Cgroup> made(const std::vector<Directory>& places, const std::vector<Write>& planned,
                    Access access) {
  Cgroup cgroup = Cgroup::at(places);
  TRY(cgroup.make(Versions::all, planned, access));
  return cgroup;
}

// Whether this process may make cgroups here at all.
bool can_make_cgroups() {
  static const bool can = [] {
    const auto layout = probe();
    if (!layout.ok() || layout->hierarchies.empty()) return false;
    auto cgroup = made(*place(*layout, test_path("probe"), ""), {}, Access::required);
    return cgroup.ok();
  }();
  if (!can) MESSAGE("no right to make cgroups: not tested");
  return can;
}

Cgroup make(const std::string& path, const std::vector<Write>& planned = {}) {
  auto cgroup = made(places(path), planned, Access::required);
  REQUIRE_MESSAGE(cgroup.ok(), cgroup.error().message());
  return std::move(cgroup).value();
}

bool all_exist(const std::vector<Directory>& directories) {
  return std::all_of(directories.begin(), directories.end(), [](const Directory& directory) {
    return std::filesystem::is_directory(full_path(directory));
  });
}
bool none_exists(const std::vector<Directory>& directories) {
  return std::none_of(directories.begin(), directories.end(), [](const Directory& directory) {
    return std::filesystem::exists(full_path(directory));
  });
}

// A process in the cgroup, entered as the runtime enters: clone3 into v2, `tasks` of v1 by itself.
class Child {
 public:
  // Runs `work` inside, then sleeps until it is killed.
  explicit Child(
      const Cgroup& cgroup, const std::function<int()>& work = [] { return 0; }) {
    auto entries = cgroup.open_entries();
    REQUIRE(entries.ok());
    int report[2];
    REQUIRE(::pipe2(report, O_CLOEXEC) == 0);
    clone_args arguments{};
    arguments.exit_signal = SIGCHLD;
    if (cgroup.v2_descriptor() >= 0) {
      arguments.flags = CLONE_INTO_CGROUP;
      arguments.cgroup = static_cast<__u64>(cgroup.v2_descriptor());
    }
    pid_ = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      bool entered = true;
      for (const UniqueFd& tasks : *entries) entered &= ::write(tasks.get(), "0", 1) == 1;
      const int result = entered ? work() : -1;
      if (::write(report[1], &result, sizeof result) != sizeof result) ::_exit(1);
      for (;;) ::pause();
    }
    ::close(report[1]);
    CHECK(::read(report[0], &result_, sizeof result_) == sizeof result_);
    ::close(report[0]);
    REQUIRE(result_ != -1);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)status();
  }

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int result() const { return result_; }
  int status() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return status;
  }
  bool killed_within(milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (std::chrono::steady_clock::now() < deadline) {
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = 0;
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
      }
      ::usleep(500);
    }
    return false;
  }

 private:
  pid_t pid_ = 0;
  int result_ = -1;
};

std::string read(const Directory& directory, const std::string& file) {
  const auto text = read_kernel_file(AT_FDCWD, (full_path(directory) + "/" + file).c_str());
  REQUIRE_MESSAGE(text.ok(), full_path(directory), "/", file);
  return text->substr(0, text->find('\n'));
}

const Directory* with(const std::vector<Directory>& list, const std::string& controller) {
  for (const Directory& directory : list) {
    const auto& names = directory.controllers;
    if (std::find(names.begin(), names.end(), controller) != names.end()) return &directory;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a cgroup that is not kept is removed, with the directories above that were made") {
  if (!can_make_cgroups()) return;
  const std::string path = test_path("made") + "/b/c";
  {
    const Cgroup cgroup = make(path);
    CHECK(all_exist(cgroup.directories()));
    for (const Directory& directory : cgroup.directories()) CHECK(directory.made == 3);
  }
  CHECK(none_exists(places(path)));
  CHECK(none_exists(places(test_path("made"))));
}

TEST_CASE("a kept cgroup stays until remove, which leaves parents that others made or use") {
  if (!can_make_cgroups()) return;
  const std::string top = test_path("kept");
  std::vector<Directory> first;
  std::vector<Directory> second;
  {
    Cgroup cgroup = make(top + "/one");
    cgroup.keep();
    first = cgroup.directories();
    Cgroup other = make(top + "/two");
    other.keep();
    second = other.directories();
  }
  CHECK(all_exist(first));
  CHECK(first.front().made == 2);
  CHECK(second.front().made == 1);
  CHECK(remove_cgroups(first, 1000ms).ok());
  CHECK(none_exists(first));
  CHECK(all_exist(places(top)));  // "two" is still in it
  CHECK(remove_cgroups(second, 1000ms).ok());
  CHECK(all_exist(places(top)));            // made for "one", not for "two"
  CHECK(remove_cgroups(second, 0ms).ok());  // gone is fine
  std::vector<Directory> parents = places(top);
  CHECK(remove_cgroups(parents, 0ms).ok());  // nobody says that it was made for the container
  CHECK(all_exist(parents));
  for (Directory& directory : parents) directory.made = 1;
  CHECK(remove_cgroups(parents, 0ms).ok());
  CHECK(none_exists(parents));
}

TEST_CASE("a failure half-way leaves nothing") {
  if (!can_make_cgroups()) return;
  const std::string path = test_path("half") + "/x";
  std::vector<Directory> list = places(path);
  list.push_back({list.back().version, "/tmp", path, {}});  // not a cgroup file system
  const auto cgroup = made(list, {}, Access::required);
  REQUIRE_FALSE(cgroup.ok());
  CHECK(none_exists(list));
  CHECK(none_exists(places(test_path("half"))));
  CHECK_FALSE(std::filesystem::exists("/tmp" + test_path("half")));
}

TEST_CASE("nothing unsafe is made, opened or removed") {
  const Directory root{2, "/sys/fs/cgroup", "/", {}};
  CHECK_FALSE(made({root}, {}, Access::optional).ok());
  CHECK_FALSE(Cgroup::open({root}).ok());
  CHECK_FALSE(remove_cgroups({root}, 0ms).ok());
  CHECK_FALSE(remove_cgroups({{2, "/sys/fs/cgroup", "/a/../..", {}}}, 0ms).ok());
  CHECK_FALSE(processes({root}).ok());
  CHECK_FALSE(kill_all({root}, SIGTERM).ok());
  CHECK_FALSE(freeze({root}, 0ms).ok());
}

TEST_CASE("a process enters every hierarchy and is listed" * doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const Cgroup cgroup = make(test_path("enter"));
  const Child child(cgroup);
  const auto own =
      read_kernel_file(AT_FDCWD, ("/proc/" + std::to_string(child.pid()) + "/cgroup").c_str());
  REQUIRE(own.ok());
  std::size_t inside = 0;
  for (const std::string_view line : split(*own, '\n')) {
    inside += line.ends_with(":" + test_path("enter")) ? 1 : 0;
  }
  CHECK(inside == cgroup.directories().size());
  const auto pids = processes(cgroup.directories());
  REQUIRE(pids.ok());
  CHECK(*pids == std::vector<pid_t>{child.pid()});
}

TEST_CASE("a cgroup with processes, or frozen, is not for another container" *
          doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const std::string path = test_path("used");
  const Cgroup cgroup = make(path);
  {
    const Child child(cgroup);
    const auto again = made(places(path), {}, Access::required);
    REQUIRE_FALSE(again.ok());
    CHECK(again.error().kind == Error::Kind::refused);
    CHECK(again.error().what.starts_with("container's cgroup is not empty: 1 process(es) found"));
  }
  CHECK(all_exist(cgroup.directories()));  // it was not the second's to remove
  CHECK(made(places(path), {}, Access::required).ok());
  CHECK(all_exist(cgroup.directories()));
  if (!freeze(cgroup.directories(), 1000ms).ok()) return;
  const auto frozen = made(places(path), {}, Access::required);
  REQUIRE_FALSE(frozen.ok());
  CHECK(frozen.error().what.starts_with("container's cgroup unexpectedly frozen"));
  CHECK(thaw(cgroup.directories(), 1000ms).ok());
}

TEST_CASE("limits are what the kernel shows afterwards") {
  if (!can_make_cgroups()) return;
  oci::Resources resources;
  const std::vector<Directory> list = places(test_path("limits"));
  const Directory* memory = with(list, "memory");
  const Directory* pids = with(list, "pids");
  const Directory* cpu = with(list, "cpu");
  if (memory != nullptr) resources.memory.emplace().limit = 64 << 20;
  if (pids != nullptr) resources.pids.emplace().limit = 0;
  if (cpu != nullptr) {
    resources.cpu.emplace().shares = 2048;
    resources.cpu->quota = 50000;
    resources.cpu->period = 200000;
    resources.cpu->burst = 1000;
  }
  const auto planned = writes(resources, list);
  REQUIRE(planned.ok());
  const Cgroup cgroup = make(test_path("limits"), *planned);
  const auto applied = cgroup.apply(*planned);
  REQUIRE_MESSAGE(applied.ok(), applied.error().message());
  if (memory != nullptr) {
    CHECK(read(*memory, memory->version == 2 ? "memory.max" : "memory.limit_in_bytes") ==
          "67108864");
  }
  if (pids != nullptr) CHECK(read(*pids, "pids.max") == "0");
  if (cpu != nullptr && cpu->version == 2) {
    CHECK(read(*cpu, "cpu.max") == "50000 200000");
    CHECK(read(*cpu, "cpu.max.burst") == "1000");
    CHECK(read(*cpu, "cpu.weight") == std::to_string(174));
  }
  if (cpu != nullptr && cpu->version == 1) {
    CHECK(read(*cpu, "cpu.cfs_quota_us") == "50000");
    CHECK(read(*cpu, "cpu.cfs_period_us") == "200000");
    CHECK(read(*cpu, "cpu.cfs_burst_us") == "1000");
    CHECK(read(*cpu, "cpu.shares") == "2048");
  }
}

TEST_CASE("the less common limits arrive too, where the host has their controllers") {
  if (!can_make_cgroups()) return;
  const std::vector<Directory> list = places(test_path("rare"));
  const Directory* memory = with(list, "memory");
  const Directory* cpuset = with(list, "cpuset");
  const Directory* cpu = with(list, "cpu");
  const Directory* io = with(list, "io");
  const Directory* hugetlb = with(list, "hugetlb");
  oci::Resources resources;
  if (memory != nullptr) {
    resources.memory.emplace().limit = 64 << 20;
    resources.memory->swap = 96 << 20;
    resources.memory->reservation = 32 << 20;
    resources.memory->disableOOMKiller = memory->version == 1;
  }
  if (cpu != nullptr) resources.cpu.emplace().idle = 1;
  if (cpuset != nullptr) {
    if (!resources.cpu) resources.cpu.emplace();
    resources.cpu->cpus = "0";
    resources.cpu->mems = "0";
  }
  if (io != nullptr) resources.blockIO.emplace().weight = 1000;
  if (hugetlb != nullptr) resources.hugepageLimits = {{"2MB", 4 << 20}};
  const auto planned = writes(resources, list);
  REQUIRE_MESSAGE(planned.ok(), planned.error().message());
  const Cgroup cgroup = make(test_path("rare"), *planned);
  const auto applied = cgroup.apply(*planned);
  REQUIRE_MESSAGE(applied.ok(), applied.error().message());
  if (memory != nullptr && memory->version == 2) {
    CHECK(read(*memory, "memory.swap.max") == std::to_string(32 << 20));
    CHECK(read(*memory, "memory.low") == std::to_string(32 << 20));
  }
  if (memory != nullptr && memory->version == 1) {
    CHECK(read(*memory, "memory.memsw.limit_in_bytes") == std::to_string(96 << 20));
    CHECK(read(*memory, "memory.soft_limit_in_bytes") == std::to_string(32 << 20));
    CHECK(read(*memory, "memory.oom_control") == "oom_kill_disable 1");
  }
  if (cpu != nullptr) CHECK(read(*cpu, "cpu.idle") == "1");
  if (cpuset != nullptr) CHECK(read(*cpuset, "cpuset.cpus") == "0");
  if (hugetlb != nullptr && hugetlb->version == 2) {
    CHECK(read(*hugetlb, "hugetlb.2MB.rsvd.max") == std::to_string(4 << 20));
  }
  if (io != nullptr) {
    const std::string bfq = full_path(*io) + "/io.bfq.weight";
    const bool has_bfq = std::filesystem::exists(bfq);
    CHECK(read(*io, has_bfq ? "io.bfq.weight" : "io.weight") ==
          (has_bfq ? "default 1000" : "default 10000"));
  }
}

TEST_CASE("a limit below the usage is refused before it is set, where that is asked for" *
          doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const std::vector<Directory> list = places(test_path("checked"));
  const Directory* memory = with(list, "memory");
  if (memory == nullptr) return;
  oci::Resources resources;
  resources.memory.emplace().limit = 4096;
  resources.memory->checkBeforeUpdate = true;
  const auto planned = writes(resources, list);
  REQUIRE(planned.ok());
  const Cgroup cgroup = make(test_path("checked"), *planned);
  const Child child(cgroup, [] {
    std::string touched(8 << 20, 'x');
    return touched[touched.size() / 2] == 'x' ? 0 : 1;
  });
  const auto applied = cgroup.apply(*planned);
  if (memory->version == 2) {
    REQUIRE_FALSE(applied.ok());
    CHECK(applied.error().kind == Error::Kind::refused);
    CHECK(applied.error().what.starts_with("rejecting memory limit 4096 <= usage "));
    CHECK(read(*memory, "memory.max") == "max");
  } else if (!applied.ok()) {  // v1 first tries to free memory
    CHECK(applied.error().error == EBUSY);
    CHECK(applied.error().hint.starts_with("the cgroup uses "));
  }
}

TEST_CASE("limits that are valid only together can be raised and lowered") {
  if (!can_make_cgroups()) return;
  const std::vector<Directory> list = places(test_path("pairs"));
  if (with(list, "memory") == nullptr || with(list, "cpu") == nullptr) return;
  const Cgroup cgroup = make(test_path("pairs"));
  for (const int mebibytes : {64, 256, 32, 128}) {
    oci::Resources resources;
    resources.memory.emplace().limit = std::int64_t{mebibytes} << 20;
    resources.memory->swap = std::int64_t{mebibytes} << 20;
    resources.cpu.emplace().quota = mebibytes * 1000;
    resources.cpu->burst = static_cast<std::uint64_t>(mebibytes) * 900;
    resources.cpu->period = 100000;
    const auto applied = cgroup.apply(*writes(resources, list));
    REQUIRE_MESSAGE(applied.ok(), applied.error().message());
  }
}

TEST_CASE("a refused value is told with its place, its file and the kernel's reason") {
  if (!can_make_cgroups()) return;
  const std::vector<Directory> list = places(test_path("refused"));
  if (with(list, "cpuset") == nullptr) return;
  oci::Resources resources;
  resources.cpu.emplace().cpus = "4000";
  const auto planned = writes(resources, list);
  REQUIRE(planned.ok());
  const Cgroup cgroup = make(test_path("refused"), *planned);
  const auto applied = cgroup.apply(*planned);
  if (applied.ok()) return;  // v2 keeps CPUs that are not there for later
  CHECK(applied.error().at == "/linux/resources/cpu/cpus");
  CHECK(applied.error().what ==
        "write \"4000\" to " + full_path(*with(list, "cpuset")) + "/cpuset.cpus");
  CHECK(applied.error().error != 0);
}

TEST_CASE("a file that the kernel does not have is an error only where it matters") {
  if (!can_make_cgroups()) return;
  const Cgroup cgroup = make(test_path("missing"));
  Write write;
  write.file = "tare.none";
  write.value = "1";
  write.origin = "/here";
  const auto failed = cgroup.apply({write});
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().at == "/here");
  CHECK(failed.error().error == ENOENT);
  write.on_missing = Write::OnMissing::ignore;
  CHECK(cgroup.apply({write}).ok());
  write.on_missing = Write::OnMissing::fail;
  write.fallback = Write::Fallback{"tare.neither", "2"};
  const auto both = cgroup.apply({write});
  REQUIRE_FALSE(both.ok());
  const std::string& words = both.error().what;  // the first refusal, then the second
  const std::size_t first = words.find("tare.none: ENOENT; then write \"2\" to ");
  CHECK(first != std::string::npos);
  CHECK(words.ends_with("tare.neither"));
}

TEST_CASE("a controller that cannot reach the cgroup is an error where a limit needs it" *
          doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const std::string path = test_path("needed");
  const Cgroup above = make(path);
  if (above.v2_descriptor() < 0) return;
  const Child child(above);  // so its cgroup shares out nothing
  std::vector<Directory> list = places(path + "/below");
  oci::Resources resources;
  const bool only_v2 = list.size() == 1;
  resources.unified = {{only_v2 ? "pids.max" : "hugetlb.2MB.max", "4194304"}};
  const auto planned = writes(resources, list);
  if (!planned.ok()) return;  // no such controller here
  const auto below = made(list, *planned, Access::required);
  REQUIRE_FALSE(below.ok());
  CHECK(below.error().kind == Error::Kind::unsupported);
  CHECK(below.error().at == planned->front().origin);
  CHECK(below.error().error == EBUSY);
  CHECK(none_exists(list));
}

TEST_CASE("kill_all ends every process, also in cgroups below, also frozen, and leaves no freeze" *
          doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const std::string path = test_path("kill");
  const Cgroup cgroup = make(path);
  // The process comes first: a v2 cgroup that hands down controllers takes none.
  Child first(cgroup);
  const Cgroup below = make(path + "/inner/deep");  // without controllers, therefore
  Child second(below);
  SUBCASE("running") {}
  SUBCASE("paused") {
    REQUIRE(freeze(cgroup.directories(), 1000ms).ok());
  }
  SUBCASE("a part of it frozen by itself") {
    REQUIRE(freeze(below.directories(), 1000ms).ok());
  }
  CHECK(processes(cgroup.directories())->size() == 2);
  const auto killed = kill_all(cgroup.directories(), SIGKILL);
  CHECK_MESSAGE(killed.ok(), killed.error().message());
  CHECK(first.killed_within(2000ms));
  CHECK(second.killed_within(2000ms));
  CHECK(processes(cgroup.directories())->empty());
  if (cgroup.directories().size() > 1) CHECK_FALSE(*is_frozen(cgroup.directories()));
}

TEST_CASE("other signals reach every process, and leave a paused container paused" *
          doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const Cgroup cgroup = make(test_path("signal"));
  Child child(cgroup, [] { return ::signal(SIGUSR1, SIG_DFL) == SIG_ERR ? 1 : 0; });
  if (!freeze(cgroup.directories(), 1000ms).ok()) return;
  CHECK(kill_all(cgroup.directories(), SIGUSR1).ok());
  CHECK(*is_frozen(cgroup.directories()));
  CHECK(thaw(cgroup.directories(), 1000ms).ok());
  const int status = child.status();
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGUSR1);
}

TEST_CASE("a frozen container does not run, and runs again after thaw" *
          doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const Cgroup cgroup = make(test_path("freeze"));
  const Child child(cgroup);
  CHECK_FALSE(*is_frozen(cgroup.directories()));
  const auto frozen = freeze(cgroup.directories(), 1000ms);
  REQUIRE_MESSAGE(frozen.ok(), frozen.error().message());
  CHECK(*is_frozen(cgroup.directories()));
  CHECK(thaw(cgroup.directories(), 1000ms).ok());
  CHECK_FALSE(*is_frozen(cgroup.directories()));
}

TEST_CASE("a freeze that takes too long is undone" * doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const Cgroup cgroup = make(test_path("late"));
  const Child child(cgroup);
  // Without time the kernel is asked once, and may have been quick enough.
  const auto frozen = freeze(cgroup.directories(), 0ms);
  if (!frozen.ok()) {
    CHECK(frozen.error().error == ETIMEDOUT);
    CHECK_FALSE(*is_frozen(cgroup.directories()));
  } else {
    CHECK(thaw(cgroup.directories(), 1000ms).ok());
  }
}

TEST_CASE("remove takes along the cgroups that the container made, however deep") {
  if (!can_make_cgroups()) return;
  Cgroup cgroup = make(test_path("deep"));
  cgroup.keep();
  for (const Directory& directory : cgroup.directories()) {
    std::string path = full_path(directory);
    for (int i = 0; i < 40; ++i) REQUIRE(::mkdir((path += "/d").c_str(), 0755) == 0);
    for (int i = 0; i < 5; ++i) {
      REQUIRE(::mkdir((full_path(directory) + "/w" + std::to_string(i)).c_str(), 0755) == 0);
    }
  }
  const auto removed = remove_cgroups(cgroup.directories(), 2000ms);
  CHECK_MESSAGE(removed.ok(), removed.error().message());
  CHECK(none_exists(cgroup.directories()));
}

TEST_CASE("remove waits for dying processes until the deadline, and tells who is left" *
          doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  Cgroup cgroup = make(test_path("busy"));
  cgroup.keep();
  const auto directories = cgroup.directories();
  {
    const Child child(cgroup);
    const auto start = std::chrono::steady_clock::now();
    const auto removed = remove_cgroups(directories, 30ms);
    REQUIRE_FALSE(removed.ok());
    CHECK(removed.error().error == EBUSY);
    CHECK(removed.error().hint.find(std::to_string(child.pid())) != std::string::npos);
    CHECK(std::chrono::steady_clock::now() - start >= 30ms);
    CHECK(kill_all(directories, SIGKILL).ok());
    CHECK(remove_cgroups(directories, 2000ms).ok());
  }
  CHECK(none_exists(directories));
}

TEST_CASE("device rules hold for a process in the cgroup, and can be replaced" *
          doctest::skip(in_user_emulation())) {
  if (!can_make_cgroups()) return;
  const std::string node = "/dev/tare-test-" + std::to_string(::getpid());
  if (::mknod(node.c_str(), S_IFCHR | 0600, makedev(1, 11)) != 0) return;  // /dev/kmsg
  const auto try_open = [&](const char* path) {
    return [path] {
      const int fd = ::open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
      return fd >= 0 ? 0 : errno;
    };
  };
  const Cgroup cgroup = make(test_path("devices"));
  const auto restrict = [&](const std::vector<oci::DeviceCgroup>& rules) {
    const auto done = cgroup.restrict_devices(rules, DeviceAccess::required);
    REQUIRE_MESSAGE(done.ok(), done.error().message());
  };
  restrict({});
  CHECK(Child(cgroup, try_open("/dev/null")).result() == 0);
  CHECK(Child(cgroup, try_open(node.c_str())).result() == EPERM);
  restrict({{true, "c", 1, 11, "r"}});
  auto opened = Cgroup::open(cgroup.directories());
  REQUIRE(opened.ok());
  CHECK(opened->restrict_devices({{true, "c", 1, 11, "r"}}, DeviceAccess::required).ok());
  CHECK(Child(cgroup, try_open(node.c_str())).result() == 0);
  CHECK(opened->restrict_devices({{true, "c", 1, 11, "w"}}, DeviceAccess::required).ok());
  CHECK(Child(cgroup, try_open(node.c_str())).result() == EPERM);
  CHECK(opened->restrict_devices({{true, "a", {}, {}, "rwm"}}, DeviceAccess::required).ok());
  CHECK(Child(cgroup, try_open(node.c_str())).result() == 0);
  ::unlink(node.c_str());
}

}  // namespace tare::cgroups

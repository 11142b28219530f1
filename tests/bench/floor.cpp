// SPDX-License-Identifier: Apache-2.0
//
// The floor: what the kernel needs to run `tare spec`'s bundle, and nothing else. No config is
// read, no name is checked, nothing is recorded and no error is explained. What a runtime takes
// longer than this is its own.
//
// Called as a runtime is: floor --root DIR run --bundle BUNDLE ID. cgroup v1, or v1 and v2. It
// loads the seccomp filter BUNDLE/filter, an array of struct sock_filter, if there is one. And
// floor --root DIR exec ID PROGRAM, for which DIR/ID has the container's pid and, one to a line,
// the files through which its cgroups are entered.
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

constexpr const char* hierarchies[] = {"systemd", "pids",   "blkio",   "freezer", "devices",
                                       "memory",  "cpuset", "cpuacct", "cpu",     "unified"};
constexpr std::size_t count = std::size(hierarchies);
constexpr const char* device_rules[] = {"c *:* m",   "b *:* m",    "c 1:3 rwm", "c 1:5 rwm",
                                        "c 1:7 rwm", "c 1:8 rwm",  "c 1:9 rwm", "c 5:0 rwm",
                                        "c 5:2 rwm", "c 136:* rwm"};

// Aborts with the line if a call fails: a floor that does less would be too low.
void must(bool done, int line) {
  if (done) return;
  std::fprintf(stderr, "floor: line %d: %m\n", line);
  std::_Exit(1);
}
#define MUST(call) must((call) >= 0, __LINE__)

void write_to(const std::string& path, const char* text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  MUST(fd);
  MUST(::write(fd, text, std::strlen(text)));
  ::close(fd);
}

struct Cgroups {
  std::string paths[count];
  int tasks[count];

  void make(const std::string& id) {
    for (std::size_t i = 0; i < count; ++i) {
      paths[i] = std::string("/sys/fs/cgroup/") + hierarchies[i] + "/" + id;
      tasks[i] = -1;
      if (::mkdir(paths[i].c_str(), 0755) != 0) continue;  // not on this host
      const bool is_v2 = std::strcmp(hierarchies[i], "unified") == 0;
      tasks[i] = ::open((paths[i] + (is_v2 ? "/cgroup.procs" : "/tasks")).c_str(), O_WRONLY);
    }
    // cpuset starts empty.
    const std::string cpuset = "/sys/fs/cgroup/cpuset/";
    for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
      char value[256] = {};
      const int fd = ::open((cpuset + file).c_str(), O_RDONLY);
      if (fd < 0 || ::read(fd, value, sizeof value - 1) <= 0) continue;
      ::close(fd);
      write_to(cpuset + id + file, value);
    }
    write_to("/sys/fs/cgroup/devices/" + id + "/devices.deny", "a");
    const int allow = ::open(("/sys/fs/cgroup/devices/" + id + "/devices.allow").c_str(), O_WRONLY);
    for (const char* rule : device_rules) MUST(::write(allow, rule, std::strlen(rule)));
    ::close(allow);
  }
  void enter() const {
    for (const int fd : tasks) {
      if (fd >= 0) MUST(::write(fd, "0", 1));
    }
  }
  void remove() const {
    for (std::size_t i = 0; i < count; ++i) {
      if (tasks[i] >= 0) MUST(::rmdir(paths[i].c_str()));
    }
  }
};

void bring_lo_up() {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  MUST(::ioctl(socket, SIOCSIFFLAGS, &request));
  ::close(socket);
}

void mount_on(const char* type, const char* target, unsigned long flags, const char* data = "") {
  MUST(::mount(type, target, type, flags, data));
}

void mount_all(const Cgroups& cgroups) {
  constexpr unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;
  mount_on("proc", "proc", 0);
  mount_on("tmpfs", "dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
  for (const char* directory : {"dev/pts", "dev/shm", "dev/mqueue"}) MUST(::mkdir(directory, 0755));
  mount_on("devpts", "dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5");
  mount_on("tmpfs", "dev/shm", safe, "mode=1777,size=65536k");
  mount_on("mqueue", "dev/mqueue", safe);
  mount_on("sysfs", "sys", safe | MS_RDONLY);
  mount_on("tmpfs", "sys/fs/cgroup", safe, "mode=755");
  for (std::size_t i = 0; i < count; ++i) {
    if (cgroups.tasks[i] < 0) continue;
    const std::string target = std::string("sys/fs/cgroup/") + hierarchies[i];
    MUST(::mkdir(target.c_str(), 0755));
    const bool is_v2 = std::strcmp(hierarchies[i], "unified") == 0;
    const bool is_named = std::strcmp(hierarchies[i], "systemd") == 0;
    const char* data = is_v2 ? "" : is_named ? "none,name=systemd" : hierarchies[i];
    mount_on(is_v2 ? "cgroup2" : "cgroup", target.c_str(), safe | MS_RDONLY, data);
  }
  MUST(::mount("", "sys/fs/cgroup", "", MS_REMOUNT | MS_BIND | safe | MS_RDONLY, ""));
}

void make_devices() {
  constexpr struct {
    const char* path;
    unsigned major, minor;
  } devices[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
                 {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
  ::umask(0);
  for (const auto& one : devices) {
    MUST(::mknod(one.path, S_IFCHR | 0666, makedev(one.major, one.minor)));
  }
  ::umask(022);
  constexpr struct {
    const char *target, *path;
  } links[] = {{"/proc/self/fd", "dev/fd"},       {"/proc/self/fd/0", "dev/stdin"},
               {"/proc/self/fd/1", "dev/stdout"}, {"/proc/self/fd/2", "dev/stderr"},
               {"/proc/kcore", "dev/core"},       {"pts/ptmx", "dev/ptmx"}};
  for (const auto& one : links) MUST(::symlink(one.target, one.path));
}

void protect_paths() {
  for (const char* path : {"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger"}) {
    if (::mount(path, path, "", MS_BIND | MS_REC, "") != 0) continue;
    MUST(::mount("", path, "", MS_REMOUNT | MS_BIND | MS_RDONLY, ""));
  }
  for (const char* path :
       {"proc/acpi", "proc/asound", "proc/kcore", "proc/keys", "proc/latency_stats",
        "proc/timer_list", "proc/timer_stats", "proc/sched_debug", "sys/firmware", "proc/scsi"}) {
    if (::mount("/dev/null", path, "", MS_BIND, "") != 0 && errno == ENOTDIR) {
      mount_on("tmpfs", path, MS_RDONLY, "size=0k");
    }
  }
}

void enter_root(const char* root) {
  MUST(::mount("", root, "", MS_REMOUNT | MS_BIND | MS_RDONLY, ""));
  MUST(::chdir(root));
  MUST(::syscall(SYS_pivot_root, ".", "."));
  MUST(::umount2(".", MNT_DETACH));
  MUST(::chdir("/"));
}

void give_up_privileges() {
  constexpr rlimit files{1024, 1024};
  MUST(::setrlimit(RLIMIT_NOFILE, &files));
  constexpr std::uint64_t kept =
      1U << CAP_AUDIT_WRITE | 1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE;
  for (int one = 0; one <= CAP_LAST_CAP; ++one) {
    if ((kept >> one & 1) == 0) MUST(::prctl(PR_CAPBSET_DROP, one));
  }
  MUST(::syscall(SYS_setgroups, 0, nullptr));
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[2] = {};
  sets[0].effective = sets[0].permitted = kept & 0xffffffff;
  MUST(::syscall(SYS_capset, &header, sets));
  MUST(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

using Filter = std::vector<sock_filter>;

Filter read_filter(const std::string& path) {
  Filter filter(4096);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t length = ::read(fd, filter.data(), filter.size() * sizeof filter.front());
  MUST(length);
  ::close(fd);
  filter.resize(static_cast<std::size_t>(length) / sizeof filter.front());
  return filter;
}

void load(Filter& filter) {
  if (filter.empty()) return;
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  MUST(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}

[[noreturn]] void execute(const char* path, const char* name) {
  const char* args[] = {name, nullptr};
  const char* environment[] = {"PATH=/bin", nullptr};
  MUST(::execve(path, const_cast<char**>(args), const_cast<char**>(environment)));
  std::_Exit(1);
}

// A process of its own for the pid namespace: setns(2) changes that of children only.
int run_in(const std::string& container, const std::string& program) {
  std::ifstream known(container);
  pid_t pid = 0;
  known >> pid;
  for (std::string file; known >> file;) {
    const int fd = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    MUST(fd);
    MUST(::write(fd, "0", 1));
  }
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  MUST(pidfd);
  MUST(::setns(pidfd, CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET |
                          CLONE_NEWCGROUP));
  const pid_t child = ::vfork();
  MUST(child);
  if (child == 0) {
    give_up_privileges();
    execute(("/bin/" + program).c_str(), program.c_str());
  }
  int status = 0;
  MUST(::waitpid(child, &status, 0));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

[[noreturn]] void be_the_container(const char* root, const Cgroups& cgroups, Filter filter) {
  ::setsid();
  MUST(::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, "_ses.floor"));
  bring_lo_up();
  MUST(::sethostname("floor", 5));
  MUST(::mount("", "/", "", MS_SLAVE | MS_REC, ""));
  MUST(::mount(root, root, "", MS_BIND | MS_REC, ""));
  cgroups.enter();
  MUST(::unshare(CLONE_NEWCGROUP));
  MUST(::chdir(root));
  mount_all(cgroups);
  make_devices();
  protect_paths();
  enter_root(root);
  give_up_privileges();
  load(filter);
  execute("/bin/true", "true");
}

}  // namespace

int main(int argc, char* argv[]) {
  if (argc == 6 && std::strcmp(argv[3], "exec") == 0) {
    return run_in(std::string(argv[2]) + "/" + argv[4], argv[5]);
  }
  if (argc != 7) return 1;
  const std::string root = std::string(argv[5]) + "/rootfs";
  Cgroups cgroups;
  cgroups.make(argv[6]);
  clone_args request{};
  request.flags = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET;
  request.exit_signal = SIGCHLD;
  const long child = ::syscall(SYS_clone3, &request, sizeof request);
  MUST(child);
  if (child == 0) {
    be_the_container(root.c_str(), cgroups, read_filter(std::string(argv[5]) + "/filter"));
  }
  int status = 0;
  MUST(::waitpid(static_cast<pid_t>(child), &status, 0));
  cgroups.remove();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

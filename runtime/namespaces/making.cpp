// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/making.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "base/pair.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/do/procfs.h"

namespace tare::runtime {

namespace {

// ---- in the child ------------------------------------------------------------------------------

// The report of the child: an errno and what failed. 0 is success.
struct ChildReport {
  int error = 0;
  char what[124] = {};
};

struct Child {
  const NamespaceWishes& wishes;
  int holder_program;
  UniqueFd go;
  UniqueFd report;
};

void tell(const Child& child, int error, std::string_view what) {
  ChildReport report;
  report.error = error;
  std::memcpy(report.what, what.data(), std::min(what.size(), sizeof report.what - 1));
  (void)write_all(child.report.get(), {reinterpret_cast<const char*>(&report), sizeof report});
}

void await_go(const Child& child) {
  char byte = 0;
  ssize_t count;
  do {
    count = ::read(child.go.get(), &byte, 1);
  } while (count < 0 && errno == EINTR);
  if (count != 1) ::_exit(1);
}

// If a step fails, reports it and ends the child.
void must(const Child& child, const Call<void>& done, std::string_view what) {
  if (done.ok()) return;
  tell(child, done.error().error, what);
  ::_exit(1);
}

Call<void> set_hostname(const std::string& name) {
  if (::sethostname(name.data(), name.size()) != 0) return Fault::last("sethostname");
  return {};
}

void fulfil(const Child& child) {
  const NamespaceWishes& wishes = child.wishes;
  if (has_kind(wishes.kinds, oci::NamespaceType::user))
    must(child, become_root(), "become its root");
  if (has_kind(wishes.kinds, oci::NamespaceType::mount)) {
    // As slaves, the mounts follow the host, so that they do not keep a mount busy that the host
    // unmounts.
    must(child, sys::set_propagation("/", MS_REC | MS_SLAVE), "make the mounts rslave");
  }
  if (!wishes.hostname.empty()) must(child, set_hostname(wishes.hostname), "set the hostname");
  for (const Sysctl& sysctl : wishes.sysctls) {
    must(child, write_sysctl(sysctl.path, sysctl.value), "write /proc/sys/" + sysctl.path);
  }
}

// An empty root. A process that gets access to the holder cannot reach the host's files through it.
Call<void> empty_root() {
  TRY(sys::unshare(CLONE_NEWNS));
  TRY(sys::set_propagation("/", MS_REC | MS_PRIVATE));
  const UniqueFd context = TRY(sys::fsopen("tmpfs"));
  TRY(sys::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr));
  const UniqueFd root = TRY(sys::fsmount(context.get(), MOUNT_ATTR_RDONLY));
  TRY(sys::move_mount(root.get(), AT_FDCWD, "/proc"));
  if (::fchdir(root.get()) != 0) return Fault::last("fchdir");
  TRY(sys::pivot_root(".", "."));
  if (::umount2(".", MNT_DETACH) != 0) return Fault::last("umount2");
  return {};
}

constexpr gid_t nobody = 65534;  // a user namespace may have no mapping for it

Call<void> become_nobody() {
  (void)::setgroups(0, nullptr);
  if (::setresgid(nobody, nobody, nobody) != 0 && errno != EINVAL) return Fault::last("setresgid");
  if (::setresuid(nobody, nobody, nobody) != 0 && errno != EINVAL) return Fault::last("setresuid");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return Fault::last("prctl");
  return {};
}

// As the first process of its pid namespace, the holder inherits orphans. The kernel reaps them if
// SIGCHLD is ignored. Only this setting and the pipe survive execve(2).
Call<void> execute_holder(const Child& child) {
  ::signal(SIGCHLD, SIG_IGN);
  // Moves the descriptors to other numbers. Whatever was at holder_pipe is no longer needed.
  const UniqueFd program(::fcntl(child.holder_program, F_DUPFD_CLOEXEC, holder_pipe + 1));
  if (!program) return Fault::last("fcntl");
  if (child.go.get() == holder_pipe) {
    if (::fcntl(holder_pipe, F_SETFD, 0) != 0) return Fault::last("fcntl");
  } else if (::dup2(child.go.get(), holder_pipe) < 0) {
    return Fault::last("dup2");
  }
  for (int standard = 0; standard < holder_pipe; ++standard) ::close(standard);
  char name[] = "tare-holder";
  char* const argv[] = {name, nullptr};
  char* const environment[] = {nullptr};
  ::syscall(SYS_execveat, program.get(), "", argv, environment, AT_EMPTY_PATH);
  return Fault::last("execveat");
}

[[noreturn]] void live(Child child) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();       // it gets no signals from the caller's terminal
  await_go(child);  // now the maps are written
  fulfil(child);
  tell(child, 0, "");
  await_go(child);  // now the namespaces are held; without a pid namespace the pipe is closed
  // The holder's pipe will replace the descriptor at holder_pipe, so the report must be elsewhere.
  child.report = UniqueFd(::fcntl(child.report.get(), F_DUPFD_CLOEXEC, holder_pipe + 1));
  must(child, empty_root(), "take an empty root");
  must(child, become_nobody(), "become nobody");
  must(child, execute_holder(child), "execute the holder of the pid namespace");
  ::_exit(1);
}

// ---- in the parent -----------------------------------------------------------------------------

// The holder of a pid namespace does not share the host's other namespaces either.
std::uint64_t flags_of(const NamespaceWishes& wishes) {
  std::uint64_t flags = 0;
  for (const oci::NamespaceType type : wishes.kinds) flags |= clone_flag(type);
  if (has_kind(wishes.kinds, oci::NamespaceType::pid)) {
    flags |= CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWCGROUP;
  }
  return flags;
}

Result<void> write_maps(pid_t pid, const NamespaceWishes& wishes) {
  if (!has_kind(wishes.kinds, oci::NamespaceType::user)) return {};
  TRY(write_proc(pid, "gid_map", oci::map_lines(wishes.gid_map)).because("map group IDs"));
  return write_proc(pid, "uid_map", oci::map_lines(wishes.uid_map)).because("map user IDs");
}

}  // namespace

Making::Making(Making&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      go_(std::move(other.go_)),
      report_(std::move(other.report_)),
      namespaces_(std::move(other.namespaces_)) {}

Making::~Making() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  (void)reap(pid_);
}

Result<void> Making::go_on() const {
  return write_all(go_.get(), "g").because("let the child go on");
}

Result<void> Making::hear() const {
  ChildReport report;
  const Call<std::string> text = [&]() -> Call<std::string> {
    std::string bytes(sizeof report, '\0');
    ssize_t count;
    do {
      count = ::read(report_.get(), bytes.data(), bytes.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) return Fault::last("read");
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
  }();
  if (!text.ok()) return text.error();
  if (text->size() != sizeof report) return Error("the child that makes the namespaces has ended");
  std::memcpy(&report, text->data(), sizeof report);
  if (report.error == 0) return {};
  report.what[sizeof report.what - 1] = '\0';
  return Error(Fault{report.error, ""}, printable(report.what));
}

Result<Making> Making::begin(const NamespaceWishes& wishes, int holder_program) {
  Pipe go = TRY(make_pipe().because("make the namespaces"));
  Pipe report = TRY(make_pipe().because("make the namespaces"));
  clone_args arguments{};
  arguments.flags = flags_of(wishes);
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = TRY(sys::clone3(arguments).because("make the namespaces"));
  if (pid == 0) {
    go.write.reset();
    report.read.reset();
    live(Child{wishes, holder_program, std::move(go.read), std::move(report.write)});
  }
  Making making(pid, std::move(go.write), std::move(report.read));
  report.write.reset();
  TRY(write_maps(pid, wishes));
  TRY(making.go_on());
  TRY(making.hear());
  making.namespaces_ = TRY(open_namespaces_of(pid, 0, wishes.kinds));
  return making;
}

Result<void> Making::become_holder() {
  TRY(go_on());
  // execve(2) closes the pipe.
  Result<void> heard = hear();
  const auto status = process_status(pid_);
  if (!heard.ok() && heard.error().error != 0) return heard;
  const bool runs = status && status->state != 'Z' && status->state != 'X';
  if (runs) return {};
  return Error("the process that was to hold the pid namespace has ended");
}

Result<void> Making::release() {
  TRY(go_on());
  pid_ = -1;
  return {};
}

}  // namespace tare::runtime

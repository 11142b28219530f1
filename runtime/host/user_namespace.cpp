// SPDX-License-Identifier: Apache-2.0
#include "runtime/host/user_namespace.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "base/file.h"
#include "base/process.h"
#include "base/system.h"
#include "base/text.h"

namespace tare::runtime {

namespace {

// Ends the child that a namespace was created with.
class Holder {
 public:
  explicit Holder(pid_t pid) : pid_(pid) {}
  ~Holder() {
    ::kill(pid_, SIGKILL);
    (void)reap(pid_);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

 private:
  pid_t pid_;
};

}  // namespace

Call<std::vector<oci::IDMapping>> read_id_map(pid_t pid, const IdKind& kind) {
  const std::string text = TRY(read_proc(pid, kind.file));
  return oci::parse_id_map(text);
}

bool in_first_user_namespace() {
  // The inode number, PROC_USER_INIT_INO of the kernel, is part of its interface. The maps are no
  // proof, because another namespace may have the same ones.
  constexpr ino_t first = 0xEFFFFFFD;
  struct stat own {};
  return ::stat("/proc/self/ns/user", &own) != 0 || own.st_ino == first;
}

bool groups_are_denied(pid_t pid) {
  const Call<std::string> text = read_proc(pid, "setgroups");
  return text.ok() && text->starts_with("deny");
}

namespace {

[[noreturn]] void take_on(int user_namespace, const Owner& inside) {
  const bool done = sys::setns(user_namespace, CLONE_NEWUSER).ok() &&
                    ::setresgid(inside.gid, inside.gid, inside.gid) == 0 &&
                    ::setresuid(inside.uid, inside.uid, inside.uid) == 0;
  ::_exit(done ? 0 : 1);
}

std::optional<std::uint32_t> id_in_status(std::string_view status, std::string_view name) {
  const std::string_view ids = status_field(status, name);  // "1000\t1000\t1000\t1000"
  return parse_number<std::uint32_t>(ids.substr(0, ids.find('\t')));
}

}  // namespace

// A child sets these ids and exits; its zombie shows them.
Call<Owner> owner_outside(int user_namespace, const Owner& inside) {
  const pid_t pid = TRY(sys::clone3(clone_args{.exit_signal = SIGCHLD}));
  if (pid == 0) take_on(user_namespace, inside);
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) != 0 &&
         errno == EINTR) {
  }
  const Call<std::string> status = read_proc(pid, "status");
  const bool succeeded = exit_status(reap(pid)) == 0;
  if (!status.ok()) return status.error();
  const auto uid = id_in_status(*status, "Uid");
  const auto gid = id_in_status(*status, "Gid");
  if (!succeeded || !uid || !gid) return Fault{EINVAL, "setresuid"};
  return Owner{*uid, *gid};
}

Call<UniqueFd> make_user_namespace(const std::string& uid_map, const std::string& gid_map) {
  clone_args arguments{};
  arguments.flags = CLONE_NEWUSER;
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = TRY(sys::clone3(arguments));
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
  }
  const Holder holder(pid);
  TRY(write_proc(pid, "gid_map", gid_map));
  TRY(write_proc(pid, "uid_map", uid_map));
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
  return open_at(AT_FDCWD, path.c_str(), O_RDONLY);
}

}  // namespace tare::runtime

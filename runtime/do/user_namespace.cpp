// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/user_namespace.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/system.h"

namespace tare::runtime {

namespace {

Call<void> write_proc(pid_t pid, const char* name, const std::string& value) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  return write_kernel_file(AT_FDCWD, path.c_str(), value);
}

// Ends the child that a namespace was made with.
class Holder {
 public:
  explicit Holder(pid_t pid) : pid_(pid) {}
  ~Holder() {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

 private:
  pid_t pid_;
};

}  // namespace

Call<void> write_id_maps(pid_t pid, const std::string& uid_map, const std::string& gid_map) {
  TRY(write_proc(pid, "gid_map", gid_map));
  return write_proc(pid, "uid_map", uid_map);
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
  TRY(write_id_maps(pid, uid_map, gid_map));
  const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
  return open_at(AT_FDCWD, path.c_str(), O_RDONLY);
}

}  // namespace tare::runtime

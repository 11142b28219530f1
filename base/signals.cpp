// SPDX-License-Identifier: Apache-2.0
#include "base/signals.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace tare {

Call<void> reset_signals() {
  // The system call itself, because glibc reserves 32 and 33, which a caller may ignore.
  constexpr unsigned long long defaults[4] = {};  // struct sigaction: SIG_DFL, no flags, no mask
  for (int signal = 1; signal < NSIG; ++signal) {
    const long set = ::syscall(SYS_rt_sigaction, signal, defaults, nullptr, sizeof(defaults[0]));
    const bool is_fixed = set != 0 && errno == EINVAL;  // SIGKILL, SIGSTOP
    if (set != 0 && !is_fixed) return Fault::last("rt_sigaction");
  }
  sigset_t none;
  ::sigemptyset(&none);
  if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return Fault::last("sigprocmask");
  return {};
}

}  // namespace tare

// SPDX-License-Identifier: Apache-2.0
//
// Thin wrappers of system calls. They return a value or a Fault that names the call. Safe after
// clone, because nothing allocates. Descriptors are close-on-exec. EINTR is retried where the
// kernel may return it before the call has had an effect.
#pragma once

#include <linux/openat2.h>
#include <linux/sched.h>
#include <sys/mount.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::sys {

// clone3(2): returns 0 in the child. The child shares with the parent only what `flags` say.
Call<pid_t> clone3(const clone_args& arguments);

// prctl(2): whether others may inspect and trace this process (PR_SET_DUMPABLE), and the signal
// that it gets when its parent ends (PR_SET_PDEATHSIG).
Call<void> set_dumpable(bool is_dumpable);
Call<void> set_parent_death_signal(int number);

// openat2(2) with O_CLOEXEC; RESOLVE_* in `resolve`; EAGAIN (a concurrent rename) is retried a few
// times.
Call<UniqueFd> openat2(int directory, const char* path, int flags, std::uint64_t resolve,
                       unsigned mode = 0);

Call<UniqueFd> open_tree(int directory, const char* path, unsigned flags);
Call<void> move_mount(int from, int to_directory, const char* to_path);
Call<void> mount_setattr(int mount, unsigned flags, const mount_attr& attributes);
Call<UniqueFd> fsopen(const char* type);
Call<void> fsconfig(int context, unsigned command, const char* key, const char* value);
Call<void> fsconfig_descriptor(int context, const char* key, int fd);
Call<UniqueFd> fsmount(int context, unsigned attributes);
Call<UniqueFd> fspick(int directory, const char* path);

// mount(2), only to set the propagation of "/" and of mounts by path.
Call<void> set_propagation(const char* path, unsigned long flags);
Call<void> pivot_root(const char* new_root, const char* put_old);

Call<UniqueFd> pidfd_open(pid_t pid);
Call<void> pidfd_send_signal(int pidfd, int signal);
// The status of the process as in wait(2), whoever reaped it; nothing until it is reaped. The pidfd
// must have been open by then. Before Linux 6.15 an error (ENOTTY, ESRCH) or nothing.
Call<std::optional<int>> pidfd_wait_status(int pidfd);
Call<UniqueFd> pidfd_getfd(int pidfd, int number);
Call<void> setns(int fd, int type);
Call<void> unshare(int flags);

// sched_setaffinity(2) of the calling process, with a mask of any size: one bit for each CPU.
Call<void> sched_setaffinity(std::span<const unsigned long> cpus);

// An executable memory file, not yet sealed.
Call<UniqueFd> executable_memory(const char* name);

Call<void> close_range(unsigned first, unsigned last, unsigned flags);

}  // namespace tare::sys

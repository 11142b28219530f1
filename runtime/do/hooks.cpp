// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/hooks.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <vector>

#include "base/file.h"
#include "base/pair.h"
#include "base/process.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/story.h"
#include "base/system.h"
#include "base/text.h"

namespace tare::runtime {

namespace {

constexpr std::size_t output_limit = 1024;  // the end of the output has the reason

// A file, not a pipe, because a hook may read it late, partly or not at all.
Call<UniqueFd> state_file(const oci::State& state) {
  UniqueFd file(::memfd_create("tare-state", MFD_CLOEXEC));
  if (!file) return Fault::last("memfd_create");
  TRY(write_all(file.get(), oci::encode_state_compact(state)));
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return Fault::last("lseek");
  return file;
}

// Reports through `failure` why execve(2) failed. If it succeeds, close-on-exec closes `failure`.
[[noreturn]] void become_hook(const step::RunHook& hook, const std::string& bundle,
                              const std::array<int, 3>& streams, int failure) {
  const std::vector<char*> argv = execve_list(hook.args);
  const std::vector<char*> envp = execve_list(hook.env);
  (void)reset_signals();
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The working directory is not specified; with other runtimes it is the bundle.
  [[maybe_unused]] const int directory = ::chdir(bundle.c_str());
  bool placed = true;
  for (int fd = 0; fd <= 2; ++fd) {
    placed = placed && ::dup2(streams[static_cast<std::size_t>(fd)], fd) >= 0;
  }
  // The hook gets none of the caller's descriptors.
  if (placed && sys::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC).ok()) {
    ::execve(hook.path.c_str(), argv.data(), hook.inherits_env ? environ : envp.data());
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t sent = ::write(failure, &error, sizeof error);
  ::_exit(127);
}

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

// Keeps the end of the output. Returns false at its end.
bool read_some(int fd, std::string& output) {
  std::array<char, 4096> block;
  const ssize_t count = ::read(fd, block.data(), block.size());
  if (count <= 0) return count < 0 && (errno == EINTR || errno == EAGAIN);
  output.append(block.data(), static_cast<std::size_t>(count));
  if (output.size() > 2 * output_limit) output.erase(0, output.size() - output_limit);
  return true;
}

// A timeout may be longer than poll(2) accepts or the clock can count.
std::int64_t deadline_after(std::int64_t timeout_seconds) {
  constexpr std::int64_t ever_ms = std::numeric_limits<std::int64_t>::max();
  const std::int64_t now = now_ms();
  const bool is_far = timeout_seconds <= 0 || timeout_seconds > (ever_ms - now) / 1000;
  return is_far ? ever_ms : now + timeout_seconds * 1000;
}

// Waits until the hook itself exits, and reads what it has written by then.
Call<void> watch(const step::RunHook& hook, int pidfd, int output_fd, HookOutcome& outcome) {
  constexpr std::int64_t longest_ms = std::int64_t{3600} * 1000;
  const std::int64_t deadline = deadline_after(hook.timeout_seconds);
  Progress progress("run " + hook.path);
  pollfd watched[2] = {{pidfd, POLLIN, 0}, {output_fd, POLLIN, 0}};
  for (;;) {
    const std::int64_t left = deadline - now_ms();
    if (left <= 0) {
      outcome.timed_out = true;
      return {};
    }
    const int count = progress.await(watched, static_cast<int>(std::min(left, longest_ms)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fault::last("poll");
    if (watched[1].revents != 0 && !read_some(output_fd, outcome.output)) watched[1].fd = -1;
    if (watched[0].revents != 0 && (watched[1].fd < 0 || watched[1].revents == 0)) return {};
  }
}

Call<int> exec_error(int fd) {
  int error = 0;
  ssize_t count = 0;
  do {
    count = ::read(fd, &error, sizeof error);
  } while (count < 0 && errno == EINTR);
  return count == static_cast<ssize_t>(sizeof error) ? error : 0;
}

}  // namespace

namespace {

struct SpawnedHook {
  pid_t pid = 0;
  UniqueFd pidfd;
};

// Runs in the caller's namespaces.
Call<SpawnedHook> spawn_here(const step::RunHook& hook, const std::string& bundle,
                             const std::array<int, 3>& streams) {
  Pipe failure = TRY(make_pipe());
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_PIDFD;
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = TRY(sys::clone3(arguments));
  if (pid == 0) become_hook(hook, bundle, streams, failure.write.get());
  SpawnedHook spawned{pid, UniqueFd(pidfd)};
  failure.write.reset();
  if (const int error = TRY(exec_error(failure.read.get()))) {
    reap(pid);
    return Fault{error, "execve"};
  }
  return spawned;
}

// An empty path means none. The path comes from an annotation, and opening a fifo without a reader
// must not block, so it is an error (ENXIO).
Call<UniqueFd> open_for_appending(const std::string& path) {
  if (path.empty()) return UniqueFd();
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY;
  UniqueFd file = TRY(open_at(AT_FDCWD, path.c_str(), flags | O_NONBLOCK, 0600));
  if (::fcntl(file.get(), F_SETFL, O_APPEND) != 0) return Fault::last("fcntl");
  return file;
}

}  // namespace

Call<HookStreams> HookStreams::make(const step::RunHook& hook, const oci::State& state) {
  HookStreams streams;
  streams.state_ = TRY(state_file(state));
  Pipe output = TRY(make_pipe());
  streams.output_ = std::move(output.read);
  streams.output_end_ = std::move(output.write);
  streams.output_file_ = TRY(open_for_appending(hook.output));
  streams.errors_file_ = TRY(open_for_appending(hook.errors));
  return streams;
}

std::array<int, 3> HookStreams::descriptors() const {
  const int pipe = output_end_.get();
  return {state_.get(), output_file_ ? output_file_.get() : pipe,
          errors_file_ ? errors_file_.get() : pipe};
}

Call<HookOutcome> HookStreams::follow(const step::RunHook& hook, pid_t pid, int pidfd) {
  output_end_.reset();
  HookOutcome outcome;
  Call<void> followed = watch(hook, pidfd, output_.get(), outcome);
  // Kills the process group of a hook that exceeded its timeout, or whose exit could not be
  // observed.
  if (outcome.timed_out || !followed.ok()) ::kill(-pid, SIGKILL);
  outcome.wait_status = reap(pid);
  if (!followed.ok()) return followed.error();
  return outcome;
}

Call<HookOutcome> run_hook(const step::RunHook& hook, const oci::State& state) {
  HookStreams streams = TRY(HookStreams::make(hook, state));
  const story::Step told([&] { return "run " + join(hook.args, " "); });
  const SpawnedHook spawned = TRY(spawn_here(hook, state.bundle, streams.descriptors()));
  return streams.follow(hook, spawned.pid, spawned.pidfd.get());
}

std::string failure_words(const step::RunHook& hook, const HookOutcome& outcome) {
  std::string words;
  if (outcome.timed_out) {
    words =
        (hook.kind.empty() ? "ran past the timeout of " : "hook ran past specified timeout of ") +
        std::to_string(hook.timeout_seconds) + ".0s";
  } else if (WIFSIGNALED(outcome.wait_status)) {
    words = "killed by signal " + std::to_string(WTERMSIG(outcome.wait_status));
  } else {
    words = "exit status " + std::to_string(WEXITSTATUS(outcome.wait_status));
  }
  std::string_view output = outcome.output;
  if (output.size() > output_limit) output.remove_prefix(output.size() - output_limit);
  output = without_newline(output);
  if (!output.empty()) words += ": " + printable(output);
  return words;
}

}  // namespace tare::runtime

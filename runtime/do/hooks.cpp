// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/hooks.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

#include "base/file.h"
#include "base/process.h"
#include "base/signals.h"
#include "base/system.h"
#include "base/text.h"

namespace tare::runtime {

namespace {

constexpr std::size_t output_limit = 1024;  // the end of the output is what tells

// A file and no pipe: a hook may read it late, partly or not at all.
Call<UniqueFd> state_file(const oci::State& state) {
  UniqueFd file(::memfd_create("tare-state", MFD_CLOEXEC));
  if (!file) return Fault::last("memfd_create");
  TRY(write_all(file.get(), oci::encode_state_compact(state)));
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return Fault::last("lseek");
  return file;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Call<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Fault::last("pipe2");
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Says through `failure` why execve(2) did not happen; its end by close-on-exec says that it did.
[[noreturn]] void become_hook(const step::RunHook& hook, const std::string& bundle,
                              const HookStreams& streams, int failure) {
  const std::vector<char*> argv = execve_list(hook.args);
  const std::vector<char*> envp = execve_list(hook.env);
  reset_signals();
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Where it starts is not specified; callers of other runtimes know it as the bundle.
  [[maybe_unused]] const int directory = ::chdir(bundle.c_str());
  if (streams.take_place().ok()) {
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

// Keeps the end. Returns false when there is nothing more to come.
bool read_some(int fd, std::string& output) {
  std::array<char, 4096> block;
  const ssize_t count = ::read(fd, block.data(), block.size());
  if (count <= 0) return count < 0 && (errno == EINTR || errno == EAGAIN);
  output.append(block.data(), static_cast<std::size_t>(count));
  if (output.size() > 2 * output_limit) output.erase(0, output.size() - output_limit);
  return true;
}

// Waits until the hook itself ends; what it has written by then is read.
Call<void> follow(int pidfd, int output_fd, std::int64_t timeout_seconds, HookOutcome& outcome) {
  const std::int64_t deadline = now_ms() + timeout_seconds * 1000;
  pollfd watched[2] = {{pidfd, POLLIN, 0}, {output_fd, POLLIN, 0}};
  for (;;) {
    const std::int64_t left = timeout_seconds > 0 ? deadline - now_ms() : std::int64_t{3600} * 1000;
    const int count = left <= 0 ? 0 : ::poll(watched, 2, static_cast<int>(left));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fault::last("poll");
    if (count == 0 && timeout_seconds > 0) {
      outcome.timed_out = true;
      return {};
    }
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

// In the caller's own namespaces.
Call<SpawnedHook> spawn_here(const step::RunHook& hook, const std::string& bundle,
                             const HookStreams& streams) {
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

// An empty path: none.
Call<UniqueFd> open_for_appending(const std::string& path) {
  if (path.empty()) return UniqueFd();
  return open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY, 0600);
}

}  // namespace

Call<void> HookStreams::take_place() const {
  const int sources[] = {input, output, errors};
  for (int fd = 0; fd <= 2; ++fd) {
    if (::dup2(sources[fd], fd) < 0) return Fault::last("dup2");
  }
  return {};
}

Call<HookOutcome> run_hook(const step::RunHook& hook, const oci::State& state,
                           const SpawnHook& spawn) {
  const UniqueFd input = TRY(state_file(state));
  Pipe output = TRY(make_pipe());
  const UniqueFd output_file = TRY(open_for_appending(hook.output));
  const UniqueFd errors_file = TRY(open_for_appending(hook.errors));
  const SpawnedHook spawned =
      TRY(spawn({input.get(), output_file ? output_file.get() : output.write.get(),
                 errors_file ? errors_file.get() : output.write.get()}));
  output.write.reset();
  HookOutcome outcome;
  Call<void> followed =
      follow(spawned.pidfd.get(), output.read.get(), hook.timeout_seconds, outcome);
  // Its process group dies with a hook that did not end in time, or whose end could not be seen.
  if (outcome.timed_out || !followed.ok()) ::kill(-spawned.pid, SIGKILL);
  outcome.wait_status = reap(spawned.pid);
  if (!followed.ok()) return followed.error();
  return outcome;
}

Call<HookOutcome> run_hook(const step::RunHook& hook, const oci::State& state) {
  return run_hook(hook, state, [&](const HookStreams& streams) {
    return spawn_here(hook, state.bundle, streams);
  });
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

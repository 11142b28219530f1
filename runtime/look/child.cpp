// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/file.h"
#include "base/pair.h"
#include "base/process.h"
#include "base/progress.h"

namespace tare::runtime {

namespace {

Call<void> await_input(int fd, std::chrono::steady_clock::time_point deadline, Progress& progress) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd input{fd, POLLIN, 0};
    const int ready = progress.await({&input, 1}, std::max(0, static_cast<int>(left.count())));
    if (ready > 0) return {};
    if (ready == 0) return Fault{ETIMEDOUT, "poll"};
    if (errno != EINTR) return Fault::last("poll");
  }
}

Call<std::string> read_within(int fd, std::size_t limit, std::chrono::milliseconds patience,
                              const std::string& why) {
  Progress progress(why);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::array<char, 4096> block{};
  for (std::string text;;) {
    TRY(await_input(fd, deadline, progress));
    const ssize_t count = ::read(fd, block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fault::last("read");
    if (count == 0) return text;
    text.append(block.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) return Fault{EFBIG, "read"};
  }
}

}  // namespace

Result<std::string> read_from_child(const std::string& why, const std::string& why_in_child,
                                    std::size_t limit, const ChildTask& task,
                                    std::chrono::milliseconds patience) {
  Pipe pipe = TRY(make_pipe().because(why));
  const pid_t child = ::fork();
  if (child < 0) return Error(Fault::last("fork"), why);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Call<void> done = task(pipe.write.get());
    ::_exit(done.ok() ? 0 : done.error().error);
  }
  pipe.write.reset();
  Call<std::string> text = read_within(pipe.read.get(), limit, patience, why);
  pipe.read.reset();
  if (!text.ok()) ::kill(child, SIGKILL);
  const int status = exit_status(reap(child));
  if (text.ok() && status != 0) return Error(Fault{status, ""}, why_in_child);
  return std::move(text).because(why);
}

Result<std::string> read_memory_of(pid_t pid, const char* name, std::size_t most) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const std::string why = "read " + path;
  const auto read = [&](int output) -> Call<void> {
    const UniqueFd file = TRY(open_at(AT_FDCWD, path.c_str(), O_RDONLY));
    std::array<char, 4096> block{};
    for (std::size_t left = most; left != 0;) {
      const ssize_t count = ::read(file.get(), block.data(), std::min(left, block.size()));
      if (count < 0) return Fault::last("read");
      if (count == 0) break;
      left -= static_cast<std::size_t>(count);
      TRY(write_all(output, {block.data(), static_cast<std::size_t>(count)}));
    }
    return {};
  };
  return read_from_child(why, why, most, read, std::chrono::seconds(5));
}

}  // namespace tare::runtime

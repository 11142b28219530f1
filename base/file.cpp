// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/faults.h"
#include "base/progress.h"
#include "base/text.h"

namespace tare {

Call<UniqueFd> open_at(int directory, const char* path, int flags, unsigned mode) {
  for (;;) {
    const int fd = ::openat(directory, path, flags | O_CLOEXEC, mode);
    if (fd >= 0) return UniqueFd(fd);
    if (errno != EINTR) return Fault::last("openat");
  }
}

// Reads into the result itself: a large buffer on the stack would cost a page fault for each page.
Call<std::string> read_to_end(int fd, std::size_t limit, std::size_t expected) {
  std::string content(expected + 1, '\0');
  std::size_t length = 0;
  for (;;) {
    if (length == content.size()) content.resize(2 * length);
    const ssize_t count = ::read(fd, content.data() + length, content.size() - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fault::last("read");
    length += static_cast<std::size_t>(count);
    if (length > limit) return Fault{EFBIG, "read"};
    if (count > 0) continue;
    content.resize(length);
    return content;
  }
}

Call<std::string> real_path(const std::string& path) {
  std::array<char, PATH_MAX> resolved{};
  if (::realpath(path.c_str(), resolved.data()) == nullptr) return Fault::last("realpath");
  return std::string(resolved.data());
}

Result<void> make_directories(const std::string& path, unsigned mode, std::string_view because) {
  for (std::size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string prefix = path.substr(0, slash);
    if (::mkdir(prefix.c_str(), mode) != 0 && errno != EEXIST) {
      return Error(Fault::last("mkdir"), std::string(because) + " " + printable(prefix));
    }
    if (slash == std::string::npos) return {};
  }
}

namespace {

struct Opened {
  UniqueFd fd;
  mode_t type;
  std::size_t size;
};

// O_NONBLOCK because the file may be a fifo or a device.
Call<Opened> open_whatever(int directory, const char* path) {
  UniqueFd fd = TRY(open_at(directory, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return Fault::last("fstat");
  if (S_ISDIR(status.st_mode)) return Fault{EISDIR, "read"};
  return Opened{std::move(fd), status.st_mode & S_IFMT, static_cast<std::size_t>(status.st_size)};
}

bool has_hung_up(int pipe) {
  pollfd waiting{pipe, POLLIN, 0};
  return ::poll(&waiting, 1, 0) > 0 && (waiting.revents & POLLHUP) != 0;
}

// Before a fifo has its first writer, read(2) returns end-of-file but poll(2) does not report it.
// With a writer, read(2) returns EAGAIN.
Call<std::string> read_pipe(int pipe, std::size_t limit) {
  constexpr int pause_ms = 50;
  std::string content;
  for (int left_ms = writer_seconds * 1000; left_ms > 0;) {
    std::array<char, 16384> block;
    const ssize_t count = ::read(pipe, block.data(), block.size());
    if (count < 0 && errno != EINTR && errno != EAGAIN) return Fault::last("read");
    if (count > 0) content.append(block.data(), static_cast<std::size_t>(count));
    if (content.size() > limit) return Fault{EFBIG, "read"};
    if (count > 0) continue;
    if (count == 0 && has_hung_up(pipe)) return content;
    pollfd waiting{pipe, POLLIN, 0};
    ::poll(&waiting, 1, count < 0 ? -1 : pause_ms);
    if (count == 0) left_ms -= pause_ms;
  }
  return Fault{ETIMEDOUT, "read"};
}

}  // namespace

Call<std::string> read_regular_file(int directory, const char* path, std::size_t limit) {
  const Opened file = TRY(open_whatever(directory, path));
  if (file.type != S_IFREG) return Fault{EINVAL, "read"};
  return read_to_end(file.fd.get(), limit, std::min(file.size, limit));
}

Call<std::string> read_file_or_pipe(int directory, const char* path, std::size_t limit) {
  const Opened file = TRY(open_whatever(directory, path));
  if (file.type == S_IFIFO) return read_pipe(file.fd.get(), limit);
  if (file.type != S_IFREG) return Fault{EINVAL, "read"};
  return read_to_end(file.fd.get(), limit, std::min(file.size, limit));
}

Call<std::string> read_kernel_file(int directory, const char* path) {
  const UniqueFd fd = TRY(open_at(directory, path, O_RDONLY | O_NOCTTY));
  return read_to_end(fd.get());
}

Call<std::string> read_again(int fd) {
  if (::lseek(fd, 0, SEEK_SET) != 0) return Fault::last("lseek");
  return read_to_end(fd);
}

Call<std::string> read_record(int directory, const char* path) {
  const UniqueFd fd = TRY(open_at(directory, path, O_RDONLY | O_NOCTTY));
  std::array<char, 4096> content;
  ssize_t length = 0;
  do {
    length = ::read(fd.get(), content.data(), content.size());
  } while (length < 0 && errno == EINTR);
  if (length < 0) return Fault::last("read");
  if (static_cast<std::size_t>(length) == content.size()) return read_again(fd.get());
  return std::string(content.data(), static_cast<std::size_t>(length));
}

Call<void> write_kernel_file(int directory, const char* path, std::string_view value) {
  const UniqueFd fd = TRY(open_at(directory, path, O_WRONLY | O_NOCTTY));
  if (const int error = planned_write_fault()) return Fault{error, "planned fault"};
  ssize_t count = 0;
  do {
    count = ::write(fd.get(), value.data(), value.size());
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Fault::last("write");
  if (static_cast<std::size_t>(count) != value.size()) return Fault{EIO, "write"};
  return {};
}

Call<void> lock_within(int fd, int timeout_ms, std::string_view words) {
  std::optional<Progress> progress;  // a free lock is not waited for
  for (int waited_ms = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0; waited_ms += 10) {
    if (errno != EWOULDBLOCK) return Fault::last("flock");
    if (waited_ms >= timeout_ms) return Fault{ETIMEDOUT, "flock"};
    if (!progress) progress.emplace(std::string(words));
    const timespec pause{0, 10'000'000};
    ::nanosleep(&pause, nullptr);
    progress->look();
  }
  return {};
}

Call<void> write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = ::write(fd, data.data(), data.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fault::last("write");
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Call<Replacement> Replacement::prepare(int directory, const std::string& name,
                                       std::string_view content, unsigned mode) {
  Replacement made(directory, name);
  const auto write_new = [&]() -> Call<void> {
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const UniqueFd fd = TRY(open_at(directory, made.temporary_.c_str(), flags, mode));
    return write_all(fd.get(), content);
  };
  Call<void> written = write_new();
  if (!written.ok() && written.error().error == EEXIST) {
    // A process that had our pid and died left this file.
    ::unlinkat(directory, made.temporary_.c_str(), 0);
    written = write_new();
  }
  if (!written.ok()) return written.error();
  return made;
}

Replacement::Replacement(int directory, const std::string& name)
    : directory_(directory),
      name_(name),
      temporary_("." + name + "." + std::to_string(::getpid())) {}

Replacement::Replacement(Replacement&& other) noexcept
    : directory_(std::exchange(other.directory_, -1)),
      name_(std::move(other.name_)),
      temporary_(std::move(other.temporary_)) {}

Replacement::~Replacement() {
  if (directory_ != -1) ::unlinkat(directory_, temporary_.c_str(), 0);
}

Call<void> Replacement::put() {
  if (::renameat(directory_, temporary_.c_str(), directory_, name_.c_str()) != 0) {
    return Fault::last("rename");
  }
  directory_ = -1;
  return {};
}

Call<void> replace_file(int directory, const std::string& name, std::string_view content,
                        unsigned mode) {
  return TRY(Replacement::prepare(directory, name, content, mode)).put();
}

}  // namespace tare

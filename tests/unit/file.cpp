// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/process.h"
#include "tests/unit/scratch.h"

namespace tare {

TEST_CASE("descriptors are closed on exec, and by their owner") {
  const Scratch scratch;
  int number = -1;
  {
    const auto fd = open_at(scratch.fd(), ".", O_RDONLY);
    REQUIRE(fd.ok());
    number = fd->get();
    CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(::fcntl(number, F_GETFD) == -1);
  CHECK(open_at(scratch.fd(), "none", O_RDONLY).error().error == ENOENT);
}

TEST_CASE("an owner gives its descriptor away, and takes no second one without closing the first") {
  const Scratch scratch;
  UniqueFd a = std::move(open_at(scratch.fd(), ".", O_RDONLY)).value();
  const int number = a.get();
  UniqueFd b = std::move(a);
  CHECK(b.get() == number);
  a = UniqueFd(::dup(number));
  const int second = a.get();
  a = std::move(b);
  CHECK(a.get() == number);
  CHECK(::fcntl(second, F_GETFD) == -1);
  CHECK(a.release() == number);
  CHECK_FALSE(a.valid());
  CHECK(::close(number) == 0);
}

TEST_CASE("only regular files are read, up to their limit, and a fifo is not waited for") {
  const Scratch scratch;
  scratch.file("file", "12345");
  CHECK(*read_regular_file(scratch.fd(), "file", 5) == "12345");
  CHECK(read_regular_file(scratch.fd(), "file", 4).error().error == EFBIG);
  CHECK(read_regular_file(scratch.fd(), ".", 9).error().error == EISDIR);
  REQUIRE(::mkfifo(scratch.path("fifo").c_str(), 0600) == 0);
  CHECK(read_regular_file(scratch.fd(), "fifo", 9).error().error == EINVAL);
  CHECK(read_regular_file(AT_FDCWD, "/dev/zero", 9).error().error == EINVAL);
}

TEST_CASE("a file whose size says nothing is read to its end") {
  CHECK(read_kernel_file(AT_FDCWD, "/proc/self/status")->find("Pid:") != std::string::npos);
  const Scratch scratch;
  const std::string large(100'000, 'x');
  scratch.file("large", large);
  const auto fd = open_at(scratch.fd(), "large", O_RDONLY);
  CHECK(*read_to_end(fd->get()) == large);
  CHECK(::lseek(fd->get(), 0, SEEK_SET) == 0);
  CHECK(read_to_end(fd->get(), 99'999).error().error == EFBIG);
}

TEST_CASE("a kernel's file must be there, it is never made") {
  const Scratch scratch;
  CHECK(write_kernel_file(scratch.fd(), "none", "1").error().error == ENOENT);
  CHECK_FALSE(scratch.exists("none"));
  scratch.file("there");
  CHECK(write_kernel_file(scratch.fd(), "there", "value").ok());
  CHECK(scratch.content("there") == "value");
  CHECK(write_kernel_file(AT_FDCWD, "/dev/full", "x").error().error == ENOSPC);
}

TEST_CASE("a file is replaced whole, or stays as it was") {
  const Scratch scratch;
  CHECK(replace_file(scratch.fd(), "f", "one", 0600).ok());
  CHECK(replace_file(scratch.fd(), "f", "two", 0600).ok());
  CHECK(scratch.content("f") == "two");
  struct stat status {};
  REQUIRE(::stat(scratch.path("f").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  scratch.directory("d/below");
  CHECK_FALSE(replace_file(scratch.fd(), "d", "x", 0600).ok());
  CHECK(scratch.exists("d/below"));
  CHECK_FALSE(scratch.exists(".d." + std::to_string(::getpid())));
}

TEST_CASE("a prepared file is seen when it is put, and removed if it is not") {
  const Scratch scratch;
  const std::string temporary = ".f." + std::to_string(::getpid());
  scratch.file("f", "old");
  {
    const auto prepared = Replacement::prepare(scratch.fd(), "f", "new", 0600);
    REQUIRE(prepared.ok());
    CHECK(scratch.exists(temporary));
    CHECK(scratch.content("f") == "old");
  }
  CHECK_FALSE(scratch.exists(temporary));
  CHECK(scratch.content("f") == "old");
  auto prepared = Replacement::prepare(scratch.fd(), "f", "new", 0600);
  REQUIRE(prepared.ok());
  Replacement moved = std::move(prepared).value();
  CHECK(moved.put().ok());
  CHECK(scratch.content("f") == "new");
  CHECK_FALSE(scratch.exists(temporary));
}

TEST_CASE("a link at the temporary file's place is not written through") {
  const Scratch scratch;
  scratch.file("victim", "safe");
  scratch.link(".f." + std::to_string(::getpid()), "victim");
  CHECK(replace_file(scratch.fd(), "f", "new", 0600).ok());
  CHECK(scratch.content("victim") == "safe");
  CHECK(scratch.content("f") == "new");
}

TEST_CASE("a process is named by pid and start time") {
  const auto self = process_status(::getpid());
  REQUIRE(self.has_value());
  CHECK(self->start_time > 0);
  CHECK(is_running(::getpid(), self->start_time).value_or(false));
  CHECK_FALSE(is_running(::getpid(), self->start_time + 1).value_or(false));
  for (const pid_t nobody : {0, -1, 0x7fffffff}) CHECK_FALSE(process_status(nobody).has_value());
  CHECK(boot_id()->size() == 36);
}

TEST_CASE("a zombie does not run") {
  const pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) ::_exit(0);
  siginfo_t ended{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) == 0);
  const auto status = process_status(pid);
  REQUIRE(status.has_value());
  CHECK(status->state == 'Z');
  CHECK_FALSE(is_running(pid, status->start_time).value_or(false));
  CHECK(::waitpid(pid, nullptr, 0) == pid);
}

}  // namespace tare

// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/system.h"

namespace tare {

TEST_CASE("a field of proc(5) status is found by its whole name") {
  constexpr const char* status = "Name:\ta b\nNSpid:\t17\t1\nNS:\tx\nSigQ:\t0/5\nEmpty:\t\n";
  CHECK(status_field(status, "Name") == "a b");
  CHECK(status_field(status, "NSpid") == "17\t1");
  CHECK(status_field(status, "NS") == "x");
  CHECK(status_field(status, "Sig").empty());
  CHECK(status_field(status, "Empty").empty());
  CHECK(status_field("", "Name").empty());
}

TEST_CASE("the files of a process are read by its pid") {
  const Call<std::string> status = read_proc(::getpid(), "status");
  REQUIRE(status.ok());
  CHECK(status_field(*status, "Pid") == std::to_string(::getpid()));
  CHECK_FALSE(read_proc(::getpid(), "no-such-file").ok());
}

TEST_CASE("a zombie has its wait status in its stat, and a pidfd tells it when it is reaped") {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(3);
  const Call<UniqueFd> pidfd = sys::pidfd_open(child);
  REQUIRE(pidfd.ok());
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  const auto zombie = process_status(child);
  REQUIRE(zombie.has_value());
  CHECK(zombie->state == 'Z');
  CHECK(exit_status(zombie->wait_status) == 3);
  const Call<std::optional<int>> before = sys::pidfd_wait_status(pidfd->get());
  CHECK((!before.ok() || !before->has_value()));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  const Call<std::optional<int>> after = sys::pidfd_wait_status(pidfd->get());
  if (after.ok() && after->has_value()) CHECK(**after == status);  // since Linux 6.15
}

TEST_CASE("a process whose first thread has ended runs until the last one has") {
  const pid_t child = ::fork();
  if (child == 0) {
    pthread_t other{};
    const auto wait = [](void*) -> void* { return ::pause(), nullptr; };
    ::pthread_create(&other, nullptr, wait, nullptr);
    ::syscall(SYS_exit, 0);  // this thread; no destructors, no handlers
  }
  auto status = process_status(child);
  for (int tries = 0; tries < 1000 && status && status->state != 'Z'; ++tries) {
    ::usleep(1000);
    status = process_status(child);
  }
  REQUIRE(status.has_value());
  CHECK(status->state == 'Z');
  CHECK(is_running(child, status->start_time).value_or(false));
  ::kill(child, SIGKILL);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(is_running(child, status->start_time).value_or(false));
  reap(child);
}

}  // namespace tare

// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/hooks.h"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>

#include "base/text.h"
#include "tests/unit/emulation.h"
#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

oci::State state() {
  oci::State state;
  state.ociVersion = "1.2.0";
  state.id = "box";
  state.status = "creating";
  state.bundle = "/";
  state.pid = 7;
  return state;
}

step::RunHook shell(const std::string& script) {
  step::RunHook hook;
  hook.kind = "createRuntime";
  hook.path = "/bin/sh";
  hook.args = {"sh", "-c", script};
  hook.env = {"PATH=/bin:/usr/bin"};
  return hook;
}

HookOutcome outcome(const step::RunHook& hook) {
  const Call<HookOutcome> outcome = run_hook(hook, state());
  REQUIRE(outcome.ok());
  return *outcome;
}

std::string words(const std::string& script) {
  const step::RunHook hook = shell(script);
  return failure_words(hook, outcome(hook));
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("a hook that exits with 0 has succeeded" * doctest::skip(in_user_emulation())) {
  CHECK(outcome(shell("exit 0")).succeeded());
  CHECK(outcome(shell("echo said; echo more >&2")).output == "said\nmore\n");
}

TEST_CASE("how a hook failed is told with the end of its output" *
          doctest::skip(in_user_emulation())) {
  CHECK(words("exit 3") == "exit status 3");
  CHECK(words("echo no; echo why >&2; exit 255") == "exit status 255: no\\x0awhy");
  CHECK(words("kill -9 $$") == "killed by signal 9");
  CHECK(words("printf '\\033[1m'; exit 1") == "exit status 1: \\x1b[1m");
}

TEST_CASE("a hook gets its arguments, its environment and nothing else" *
          doctest::skip(in_user_emulation())) {
  step::RunHook hook = shell("");
  hook.args = {"name", "-c", "echo $0 $1 $A ${HOME-none}", "zero", "one"};
  hook.env = {"A=b"};
  CHECK(outcome(hook).output == "zero one b none\n");
  hook.env.clear();
  hook.inherits_env = true;
  REQUIRE(::setenv("TARE_TEST_INHERITED", "yes", 1) == 0);
  hook.args = {"sh", "-c", "echo $TARE_TEST_INHERITED"};
  CHECK(outcome(hook).output == "yes\n");
  ::unsetenv("TARE_TEST_INHERITED");
}

TEST_CASE("a hook reads the container's state from its standard input" *
          doctest::skip(in_user_emulation())) {
  const std::string text = outcome(shell("cat")).output;
  CHECK(text == oci::encode_state_compact(state()));
  CHECK(text.find("\"pid\":7") != std::string::npos);
}

TEST_CASE("a hook that does not read its input does no harm" * doctest::skip(in_user_emulation())) {
  oci::State large = state();
  large.annotations["key"] = std::string(std::size_t{1} << 20, 'x');
  const Call<HookOutcome> ended = run_hook(shell("exec <&-; exit 0"), large);
  REQUIRE(ended.ok());
  CHECK(ended->succeeded());
}

TEST_CASE("a hook inherits standard streams and no other descriptor" *
          doctest::skip(in_user_emulation())) {
  const UniqueFd inheritable(::dup(STDERR_FILENO));  // a caller may leave some, too
  const std::string script =
      "i=0; while [ $i -lt 256 ]; do [ ! -e /proc/$$/fd/$i ] || "
      "printf '%s ' $i; i=$((i+1)); done";
  CHECK(outcome(shell(script)).output == "0 1 2 ");
}

TEST_CASE("a hook has no signal blocked or ignored" * doctest::skip(in_user_emulation())) {
  sigset_t blocked;
  sigset_t before;
  ::sigfillset(&blocked);
  ::sigprocmask(SIG_SETMASK, &blocked, &before);
  const auto ignored = ::signal(SIGUSR1, SIG_IGN);
  const HookOutcome ended = outcome(shell("grep -E '^Sig(Blk|Ign)' /proc/self/status"));
  ::signal(SIGUSR1, ignored);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  CHECK(ended.output == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("a hook that runs past its timeout is killed, with its children" *
          doctest::skip(in_user_emulation())) {
  const Scratch scratch;
  step::RunHook hook = shell("(sleep 60; touch " + scratch.path("late") + ") & echo $!; wait");
  hook.timeout_seconds = 1;
  const auto begin = std::chrono::steady_clock::now();
  const HookOutcome ended = outcome(hook);
  CHECK(ended.timed_out);
  CHECK_FALSE(ended.succeeded());
  CHECK(seconds_since(begin) < 30);
  CHECK(failure_words(hook, ended).starts_with("hook ran past specified timeout of 1.0s"));
  const auto child = parse_number<pid_t>(split(ended.output, '\n').front());
  REQUIRE(child.has_value());
  // Killed is killed; its reaper may take a moment.
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i) {
    const std::string stat = "/proc/" + std::to_string(*child) + "/stat";
    const auto line = read_kernel_file(AT_FDCWD, stat.c_str());
    gone = !line.ok() || line->find(") Z ") != std::string::npos;
    const timespec pause{0, 10'000'000};
    if (!gone) ::nanosleep(&pause, nullptr);
  }
  CHECK(gone);
}

TEST_CASE("a child that keeps the output open does not keep tare" *
          doctest::skip(in_user_emulation())) {
  const auto begin = std::chrono::steady_clock::now();
  const HookOutcome ended = outcome(shell("sleep 20 & echo $!; exit 4"));
  CHECK(seconds_since(begin) < 15);
  CHECK(WEXITSTATUS(ended.wait_status) == 4);
  const auto child = parse_number<pid_t>(split(ended.output, '\n').front());
  REQUIRE(child.has_value());
  CHECK(::kill(*child, SIGKILL) == 0);
}

TEST_CASE("of much output the end is kept" * doctest::skip(in_user_emulation())) {
  const step::RunHook hook =
      shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit 1");
  const HookOutcome ended = outcome(hook);
  CHECK(ended.output.size() <= 4096 + 2048);
  CHECK(ended.output.ends_with("line 19999\n"));
  CHECK(failure_words(hook, ended).size() < 4096);
}

TEST_CASE("a hook that cannot be executed is a fault with the kernel's errno" *
          doctest::skip(in_user_emulation())) {
  const Scratch scratch;
  scratch.file("plain", "#!/bin/sh\n");
  scratch.file("nothing", "");
  const auto error = [](const std::string& path) {
    step::RunHook hook;
    hook.path = path;
    hook.args = {path};
    const Call<HookOutcome> outcome = run_hook(hook, state());
    REQUIRE_FALSE(outcome.ok());
    CHECK(std::string(outcome.error().call) == "execve");
    return outcome.error().error;
  };
  CHECK(error(scratch.path("missing")) == ENOENT);
  CHECK(error(scratch.path("plain")) == EACCES);
  CHECK(error(scratch.path()) == EACCES);
  CHECK(error(scratch.path("plain/x")) == ENOTDIR);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // nothing left to reap
}

}  // namespace tare::runtime

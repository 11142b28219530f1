// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/failure.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "runtime/errors/cause.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

Error report_failure(const Step& step, const stub::Report& report) {
  return runtime::report_failure(step, report, {});
}

Step mount_proc() {
  step::MountFilesystem mount;
  mount.type = "proc";
  mount.destination = InsidePath("/proc");
  return {Actor::init, "/mounts/3", no_step, mount};
}

stub::Report report(int error, const char* call = "", const char* note = "") {
  stub::Report report;
  report.error = error;
  std::strncpy(report.call, call, sizeof report.call - 1);
  ::strncpy(report.note, note, sizeof report.note);
  return report;
}

}  // namespace

TEST_CASE("a failed step is named by its place in the document, in words, with call and errno") {
  CHECK(report_failure(mount_proc(), report(EPERM, "fsmount")).message() ==
        "/mounts/3: mount proc on /proc: fsmount: EPERM: operation not permitted");
}

TEST_CASE("what the kernel's log said stands before the errno, made printable") {
  CHECK(report_failure(mount_proc(), report(EINVAL, "fsconfig", "bad \x1b[1m")).message() ==
        "/mounts/3: mount proc on /proc: fsconfig: bad \\x1b[1m: EINVAL: invalid argument");
}

TEST_CASE("a note that fills its place ends there") {
  const std::string longest(sizeof(stub::Report::note), 'x');
  const Error error = report_failure(mount_proc(), report(EINVAL, "", longest.c_str()));
  CHECK(error.what == "mount proc on /proc: " + longest);
}

TEST_CASE("a step of the host adds its words once") {
  const Error plain = step_failure(mount_proc(), Error(Fault{ENODEV, "fsopen"}));
  CHECK(plain.message() == "/mounts/3: mount proc on /proc: fsopen: ENODEV: no such device");
  const Error placed = step_failure(mount_proc(), Error::config("/linux/resources/x", "too much"));
  CHECK(placed.message() == "/linux/resources/x: too much");
}

TEST_CASE("a hook that ran and failed has no errno, one that could not run has") {
  step::RunHook hook;
  hook.kind = "createContainer";
  hook.path = "/h";
  const Step step{Actor::init, "/hooks/createContainer/0", no_step, hook};
  CHECK(report_failure(step, report(ECANCELED, "hook", "exit status 3: no")).message() ==
        "/hooks/createContainer/0: run createContainer hook /h: exit status 3: no");
  CHECK(report_failure(step, report(ENOENT, "execve")).message() ==
        "/hooks/createContainer/0: run createContainer hook /h: ENOENT: no such file or directory");
}

// podman, CRI-O and docker tell exit status 127 from 126 by these words.
TEST_CASE("a program that cannot be executed is told in the words that engines know") {
  const auto words = [](const char* name, int error, bool found) {
    return exec_failure(name, error, found).what;
  };
  CHECK(words("nope", ENOENT, false) == "exec: \"nope\": executable file not found in $PATH");
  CHECK(words("/nope", ENOENT, false) == "exec: \"/nope\": stat /nope: no such file or directory");
  CHECK(words("/dir", EISDIR, false) == "exec: \"/dir\": is a directory: permission denied");
  CHECK(words("/p", EACCES, false) == "exec: \"/p\": permission denied");
  CHECK(words("/p", ENOEXEC, true) == "exec: \"/p\": exec format error");
  CHECK(exec_failure("/p", ENOENT, true).hint.find("interpreter") != std::string::npos);
  CHECK(exec_failure("/p", EACCES, true).at == "/process/args/0");
}

TEST_CASE("the search and the execution fail in the program's words") {
  const Step find{Actor::stub, "/process/args/0", no_step, step::FindProgram{"p", {"/bin/p"}}};
  CHECK(report_failure(find, report(ENOENT)).what.find("not found in $PATH") != std::string::npos);
  const Step execute{Actor::stub, "/process/args", no_step, step::Execute{"p"}};
  CHECK(report_failure(execute, report(EACCES)).what == "exec: \"p\": permission denied");
}

TEST_CASE("clone's errnos come with what can be done") {
  for (const int error : {ENOSPC, EAGAIN, EPERM}) {
    CHECK_FALSE(cause_of_clone(error, CLONE_NEWNET | CLONE_NEWNS, {}).empty());
  }
  CHECK(cause_of_clone(EINVAL, CLONE_NEWNS, {}).empty());  // every kernel has these
  CHECK(cause_of_clone(EIO, CLONE_NEWNS, {}).empty());
}

}  // namespace tare::runtime

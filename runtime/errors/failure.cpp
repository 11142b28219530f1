// SPDX-License-Identifier: Apache-2.0
#include "runtime/errors/failure.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "base/file.h"
#include "base/text.h"
#include "runtime/errors/cause.h"

namespace tare::runtime {

Error step_failure(const Step& step, Error error) {
  // An error with its own place in the config is complete.
  if (!error.at.empty()) return error;
  error.at = step.origin;
  return std::move(error).within(describe(step.action));
}

Error exec_failure(const std::string& name, int error, bool found) {
  const std::string program = "exec: " + quote(name);
  const bool is_path = name.find('/') != std::string::npos;
  Error failure(program);
  failure.at = "/process/args/0";
  failure.call = "execve";
  if (error == ENOENT && !found && is_path) {
    failure.what = program + ": stat " + printable(name) + ": no such file or directory";
  } else if (error == ENOENT && !found) {
    failure.what = program + ": executable file not found in $PATH";
  } else if (error == EISDIR) {
    failure.what = program + ": is a directory: permission denied";
  } else {
    failure.what = program + ": " + errno_words(error);
    if (error == ENOENT) failure.hint = "the file exists, but its interpreter or loader is missing";
    if (error == ENOEXEC) failure.hint = "built for another architecture, or a script without #!";
    if (error == E2BIG) failure.hint = "args and env together are larger than the kernel allows";
  }
  return failure;
}

namespace {

// In another user namespace than tare's the process has every capability.
std::string cause_of_user(const step::SetUser& step, const Circumstances& circumstances) {
  if (circumstances.in_user_namespace) {
    return step.groups.empty() ? "" : "the user namespace denies setgroups(2), and so groups";
  }
  return without_capability(CAP_SETUID, without_capability(CAP_SETGID, ""));
}

// EPERM has many reasons; the hint finds the actual one.
std::string cause_of_refusal(const Action& action, const Circumstances& circumstances) {
  if (const auto* user = std::get_if<step::SetUser>(&action)) {
    return cause_of_user(*user, circumstances);
  }
  if (const auto* limit = std::get_if<step::SetRlimit>(&action)) return cause_of_rlimit(*limit);
  const auto* scheduler = std::get_if<step::SetScheduler>(&action);
  return scheduler == nullptr ? "" : cause_of_scheduler(*scheduler, circumstances.cgroup);
}

std::string cause_on_this_host(int error, const step::SetLabel& label) {
  const Call<UniqueFd> root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  return root.ok() ? cause_of_label(error, label, root->get()) : "";
}

// The stub tells only which step failed.
std::string only_call_of(const Action& action) {
  const std::string all = calls(action);
  return all.find(' ') == std::string::npos ? all : "";
}

}  // namespace

Error report_failure(const Step& step, const stub::Report& report,
                     const Circumstances& circumstances) {
  if (const auto* find = std::get_if<step::FindProgram>(&step.action)) {
    return exec_failure(find->name, report.error, false);
  }
  if (const auto* execute = std::get_if<step::Execute>(&step.action)) {
    return exec_failure(execute->name, report.error, true);
  }
  std::string words = describe(step.action);
  const bool is_hook = std::holds_alternative<step::RunHook>(step.action);
  const std::string call(report.call, ::strnlen(report.call, sizeof report.call));
  if (!call.empty() && !is_hook) words += ": " + printable(call);
  const std::string note(report.note, ::strnlen(report.note, sizeof report.note));
  if (!note.empty()) words += ": " + printable(note);
  // A hook that ran and failed has no errno; its note is the whole message.
  Error failure(Fault{is_hook && report.error == ECANCELED ? 0 : report.error, ""}, words);
  failure.at = step.origin;
  failure.call = call.empty() ? only_call_of(step.action) : call;
  if (const auto* label = std::get_if<step::SetLabel>(&step.action)) {
    failure.what = words + ": `/proc/thread-self/attr/" + label->file + "`";
    failure.hint = cause_on_this_host(report.error, *label);
  }
  if (report.error == EAGAIN && std::holds_alternative<step::ForkIntoNamespaces>(step.action)) {
    failure.hint = cause_of_fork(circumstances.cgroup);
  }
  if (report.error == EPERM && failure.hint.empty()) {
    failure.hint = cause_of_refusal(step.action, circumstances);
  }
  return failure;
}

namespace {

void killed_by(const cgroups::OomReport& oom, Error& failure) {
  failure.what += ": out of memory";
  failure.at = "/linux/resources/memory/limit";
  failure.hint = oom.limit.empty()
                     ? "the kernel killed it, though its cgroup had not reached its memory limit"
                     : "the kernel killed it because its cgroup reached the memory limit";
}

}  // namespace

Error death_words(const Plan& plan, int last_done, int wait_status,
                  const std::optional<cgroups::OomReport>& oom) {
  Error failure("container init died before it was ready");
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    failure.what += ", by signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
    if (signal == SIGSYS) {
      failure.at = "/linux/seccomp";
      failure.hint = "the filter must allow write, read and execve, which come after it is loaded";
    }
    if (signal == SIGKILL && oom && oom->kills > 0) killed_by(*oom, failure);
  } else {
    failure.what += ", with exit status " + std::to_string(WEXITSTATUS(wait_status));
  }
  if (last_done >= 0) {
    failure.what += ", after: " + describe(plan.steps[static_cast<std::size_t>(last_done)].action);
  }
  return failure;
}

}  // namespace tare::runtime

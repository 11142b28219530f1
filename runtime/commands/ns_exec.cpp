// SPDX-License-Identifier: Apache-2.0
//
// Runs a command in existing namespaces: opens them, checks their kinds, calls setns(2), forks for
// a pid namespace and calls execve(2).
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/process.h"
#include "base/text.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/ns_kinds.h"
#include "runtime/commands/rows.h"
#include "runtime/launch/seal.h"

namespace tare::runtime {

namespace {

// The exit status of a shell: 127 if the command does not exist, 126 if it cannot be executed.
int execute(const std::vector<std::string>& words, const Log& log) {
  ::signal(SIGPIPE, SIG_DFL);  // tare ignores it; the command must not
  const std::vector<char*> argv = execve_list(words);
  ::execvp(argv.front(), argv.data());
  const int error = errno;
  log.error(Error(Fault{error, "execve"}, "execute " + quote(words.front())));
  return error == ENOENT ? 127 : 126;
}

// The kernel sends the signals of the terminal to both processes. A signal that another process
// sends to tare is meant for the command.
void relay_signal(pid_t child, const siginfo_t& signal) {
  if (signal.si_code <= 0) ::kill(child, signal.si_signo);
}

// Stops and continues together with the command, as shells expect from their child.
int follow(pid_t child, const sigset_t& signals) {
  for (;;) {
    siginfo_t signal{};
    if (::sigwaitinfo(&signals, &signal) < 0) continue;
    if (signal.si_signo != SIGCHLD) {
      relay_signal(child, signal);
      continue;
    }
    int status = 0;
    if (::waitpid(child, &status, WNOHANG | WUNTRACED) != child) continue;
    if (!WIFSTOPPED(status)) return exit_status(status);
    ::raise(SIGSTOP);
    ::kill(child, SIGCONT);
  }
}

Result<int> execute_in_child(const std::vector<std::string>& words, const Log& log) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, &before);
  const pid_t child = ::fork();
  if (child < 0 && errno == ENOMEM) {
    return Error(Fault::last("fork"), "fork into the pid namespace")
        .with_hint("its init has ended: no process can enter it any more");
  }
  if (child < 0) return Error(Fault::last("fork"), "fork into the pid namespace");
  if (child == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::_exit(execute(words, log));
  }
  return follow(child, all);
}

Result<int> ns_exec_command(const CommandContext& context) {
  const std::vector<std::string>& arguments = context.invocation.arguments;
  auto namespaces = TRY(open_named(context, context.id(), kinds_given(context.options())));
  drop_own(namespaces);
  const bool forks = has_kind(namespaces, oci::NamespaceType::pid);
  // Processes in that namespace can see the executable of the child (CVE-2019-5736).
  if (forks) TRY(run_sealed(context.argv));
  TRY(enter(namespaces));
  namespaces.clear();
  const std::vector<std::string> words(arguments.begin() + 1, arguments.end());
  if (forks) return execute_in_child(words, context.log);
  return execute(words, context.log);
}

constexpr Option options[] = {
    kind_option::cgroup, kind_option::ipc,  kind_option::mount, kind_option::net,
    kind_option::pid,    kind_option::time, kind_option::user,  kind_option::uts,
};
constexpr Term statuses[] = {
    {"N", "The command exited with status N."},
    {"128+N", "Signal N ended the command (where a pid namespace is entered)."},
    {"126", "The command could not be executed."},
    {"127", "The command was not found."},
    {"255", "tare failed, for example because a namespace cannot be joined."},
    {"1", "The command line of tare is wrong."},
};
constexpr Example examples[] = {
    {"Show the network devices of a container with a program of the host:",
     "tare ns exec --net web cat /proc/net/dev"},
    {"Hold a UTS namespace and enter it later:",
     "tare ns pin web --uts ./uts\ntare ns exec ./uts hostname\ntare ns unpin ./uts"},
};

}  // namespace

const Command ns_exec_row = {
    .name = "ns exec",
    .arguments = "FILE|NAME|PID|ID COMMAND [ARGUMENT]...",
    .summary = "run a command in existing namespaces",
    .description =
        "Joins namespaces with setns(2) and runs COMMAND in them. FILE contains a slash; a "
        "namespace is mounted on it, or it is a link such as /proc/1/ns/net. NAME is a name of "
        "tare-ns-create(1), PID a process ID, and ID a container: tare joins all their namespaces "
        "that are not its own, or those that the options name. A FILE of another kind than the "
        "options name is refused.\n\n"
        "Write `--` before a COMMAND that has options of its own.\n\n"
        "The user namespace is joined last, or first if tare has privileges only in it. The "
        "command becomes root in the user namespace. For a pid namespace tare forks and waits, and "
        "forwards signals that others send to it.\n\n"
        "The command keeps everything else that tare has: the cgroup, and without a user namespace "
        "also all capabilities of the host's root. A process in the same pid namespace that holds "
        "CAP_SYS_PTRACE can take it over. To run a command as a container's own, use tare-exec(1).",
    .options = options,
    .least = 2,
    .most = -1,
    .run = ns_exec_command,
    .failure = 255,
    .statuses = statuses,
    .examples = examples,
    .see_also = "tare-exec(1) tare-ns-pin(1) nsenter(1) setns(2)",
};

}  // namespace tare::runtime

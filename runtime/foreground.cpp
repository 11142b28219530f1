// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/file.h"
#include "base/system.h"

namespace tare::runtime {

namespace {

// The caller's terminal, raw while the container's is in use.
class RawTerminal {
 public:
  RawTerminal() {
    if (::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &saved_) != 0) return;
    termios raw = saved_;
    ::cfmakeraw(&raw);
    changed_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
  }
  ~RawTerminal() {
    // Nobody is left to be told if the terminal is gone.
    if (changed_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &saved_);
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

 private:
  termios saved_{};
  bool changed_ = false;
};

void copy_size(int terminal) {
  winsize size{};
  // Without a terminal of the caller's there is no size to copy.
  if (::ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) ::ioctl(terminal, TIOCSWINSZ, &size);
}

// Copies what is there. False at the end, or when the other side does not take it.
bool copy_some(int from, int to) {
  std::array<char, 16384> block;
  const ssize_t count = ::read(from, block.data(), block.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (count <= 0) return false;  // EIO: the last process has closed the terminal
  return write_all(to, std::string_view(block.data(), static_cast<std::size_t>(count))).ok();
}

bool is_forwarded(int signal) {
  switch (signal) {
    case SIGCHLD:
    case SIGWINCH:
    case SIGPIPE:
    case SIGURG:
    case SIGTTIN:
    case SIGTTOU:
      return false;
    default:
      return true;
  }
}

class Server {
 public:
  Server(pid_t pid, int pidfd, int signals, int terminal, Notifier* notifier)
      : pid_(pid), pidfd_(pidfd), signals_(signals), terminal_(terminal), notifier_(notifier) {
    if (terminal_ >= 0) copy_size(terminal_);
  }

  Result<int> serve() {
    bool input_open = terminal_ >= 0;
    bool output_open = terminal_ >= 0;
    while (!ended_) {
      pollfd watched[] = {{signals_, POLLIN, 0},
                          {output_open ? terminal_ : -1, POLLIN, 0},
                          {input_open ? STDIN_FILENO : -1, POLLIN, 0},
                          {notifier_ != nullptr ? notifier_->fd() : -1, POLLIN, 0}};
      if (::poll(watched, std::size(watched), -1) < 0 && errno != EINTR) {
        return Error(Fault::last("poll"), "wait for the container");
      }
      if (watched[0].revents != 0) take_signal();
      if (watched[1].revents != 0) output_open = copy_some(terminal_, STDOUT_FILENO);
      if (watched[2].revents != 0) input_open = copy_some(STDIN_FILENO, terminal_);
      // A manager that does not listen ends no container.
      if (notifier_ != nullptr && watched[3].revents != 0) (void)notifier_->take(pid_);
    }
    if (output_open) drain();
    return status_;
  }

 private:
  void take_signal() {
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) {
      reap();
    } else if (signal == SIGWINCH) {
      if (terminal_ >= 0) copy_size(terminal_);
    } else if (is_forwarded(signal)) {
      (void)sys::pidfd_send_signal(pidfd_, signal);  // it may be gone: then its end comes next
    }
  }

  // Orphans of the container come to us if we are a subreaper.
  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != pid_) continue;
      ended_ = true;
      status_ = status;
    }
  }

  // What the process wrote before it ended is still in the terminal.
  void drain() {
    pollfd readable{terminal_, POLLIN, 0};
    while (::poll(&readable, 1, 0) > 0 && copy_some(terminal_, STDOUT_FILENO)) {
    }
  }

  pid_t pid_;
  int pidfd_;
  int signals_;
  int terminal_;
  Notifier* notifier_;
  bool ended_ = false;
  int status_ = 0;
};

}  // namespace

Result<Foreground> Foreground::prepare() {
  sigset_t all;
  ::sigfillset(&all);
  // These come from our own faults and must not be held back.
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) {
    ::sigdelset(&all, signal);
  }
  if (::sigprocmask(SIG_BLOCK, &all, nullptr) != 0) {
    return Error(Fault::last("sigprocmask"), "hold signals back");
  }
  // A caller that ignores SIGCHLD would make the kernel reap the container before we can.
  ::signal(SIGCHLD, SIG_DFL);
  UniqueFd signals(::signalfd(-1, &all, SFD_CLOEXEC));
  if (!signals) return Error(Fault::last("signalfd"), "hold signals back");
  return Foreground(std::move(signals));
}

Result<int> Foreground::serve(pid_t pid, int pidfd, UniqueFd terminal, Notifier* notifier) {
  std::optional<RawTerminal> raw;
  if (terminal) raw.emplace();
  return Server(pid, pidfd, signals_.get(), terminal.get(), notifier).serve();
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/foreground.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/system.h"
#include "runtime/foreground/callers_terminal.h"
#include "runtime/foreground/relay.h"

namespace tare::runtime {

namespace {

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

// Signals that end tare itself when the process has exited.
bool asks_to_end(int signal) {
  return signal == SIGTERM || signal == SIGINT || signal == SIGHUP || signal == SIGQUIT;
}

// A signal that the caller ignores, as with nohup(1) and `&` in a script, is not for the container.
// Blocked, it arrives nevertheless. Its disposition is looked at then: it takes a call for each.
bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

class Server {
 public:
  Server(pid_t pid, int pidfd, int signals, Notifier* notifier)
      : pid_(pid), pidfd_(pidfd), signals_(signals), notifier_(notifier) {}

  void attach(Terminal terminal) {
    caller_.emplace();
    relay_ = std::make_unique<Relay>(std::move(terminal), *caller_);
  }

  Result<Served> serve() {
    while (!is_done()) TRY(step());
    return Served{status_, relay_ ? relay_->lost() : std::nullopt};
  }

 private:
  [[nodiscard]] bool is_done() const { return ended_ && (!relay_ || relay_->is_done()); }

  Result<void> step() {
    constexpr pollfd nothing{-1, 0, 0};
    const auto relayed = relay_ ? relay_->wishes() : Relay::Watched{nothing, nothing, nothing};
    std::array<pollfd, 5> watched{pollfd{signals_, POLLIN, 0},
                                  {notifier_ != nullptr ? notifier_->fd() : -1, POLLIN, 0},
                                  relayed[0],
                                  relayed[1],
                                  relayed[2]};
    const int happened = ::poll(watched.data(), watched.size(), patience());
    if (happened < 0) {
      if (errno == EINTR) return {};
      return Error(Fault::last("poll"), "wait for the container");
    }
    if (happened == 0 && relay_ && !relay_->is_ready()) return pass_time();
    tick_ms_ = first_tick_ms;
    if (watched[0].revents != 0) take_signal();
    // A service manager that does not read must not end the container.
    if (notifier_ != nullptr && watched[1].revents != 0) (void)notifier_->take(pid_);
    if (relay_) relay_->move(std::span(watched).subspan(2));
    return {};
  }

  Result<void> pass_time() {
    relay_->again_after_a_while();
    tick_ms_ = std::min(2 * tick_ms_, last_tick_ms);
    return {};
  }

  // For poll(2), in ms; -1: until something happens.
  [[nodiscard]] int patience() const {
    if (relay_ && relay_->is_ready()) return 0;
    return relay_ && relay_->repeats_end() ? tick_ms_ : -1;
  }

  void take_signal() {
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) reap();
    if (is_forwarded(signal) && signal != SIGCONT && is_ignored(signal)) return;
    if (is_forwarded(signal)) forward(signal);
    if (signal == SIGTSTP) stop();
    if (signal == SIGCONT && caller_) caller_->take();
    if ((signal == SIGCONT || signal == SIGWINCH) && relay_) relay_->copy_size();
  }

  void forward(int signal) {
    if (!ended_) {
      (void)sys::pidfd_send_signal(pidfd_, signal);  // it may be gone; its exit is next
    } else if (relay_ && asks_to_end(signal)) {
      relay_->abandon_output();
    }
  }

  // The shell's job control expects a stop. SIGCONT is next.
  void stop() {
    if (caller_) caller_->give_back();
    (void)stop_by(SIGTSTP, ::getpid());
    if (caller_) caller_->take();  // it may not have stopped
  }

  // If we are a subreaper, we get the orphans of the container.
  void reap() {
    int status = 0;
    int failures = 0;  // no other SIGCHLD comes for a child that is not reaped now
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) != 0;) {
      if (pid < 0 && (errno == ECHILD || ++failures > most_failures)) return;
      if (pid != pid_) continue;
      ended_ = true;
      status_ = status;
      if (relay_) relay_->end();
    }
  }

  pid_t pid_;
  int pidfd_;
  int signals_;
  Notifier* notifier_;
  std::optional<CallersTerminal> caller_;
  std::unique_ptr<Relay> relay_;  // on the heap: its buffers are large, and few have a terminal
  bool ended_ = false;
  int status_ = 0;

  static constexpr int most_failures = 10;
  static constexpr int first_tick_ms = 50;
  static constexpr int last_tick_ms = 1000;
  int tick_ms_ = first_tick_ms;
};

sigset_t held_back() {
  sigset_t set;
  // Including those of a crash, because a sender means the process. A crash of our own still ends
  // tare: the kernel does not let it be blocked, nor does abort(3).
  ::sigfillset(&set);
  return set;
}

}  // namespace

Result<Foreground> Foreground::prepare() {
  // If the caller ignores SIGCHLD, the kernel would reap the container before we can.
  ::signal(SIGCHLD, SIG_DFL);
  const sigset_t set = held_back();
  if (::sigprocmask(SIG_SETMASK, &set, nullptr) != 0) {
    return Error(Fault::last("sigprocmask"), "hold signals back");
  }
  UniqueFd signals(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals) return Error(Fault::last("signalfd"), "hold signals back");
  return Foreground(std::move(signals));
}

Result<Served> Foreground::serve(pid_t pid, int pidfd, std::optional<Terminal> terminal,
                                 Notifier* notifier) {
  Server server(pid, pidfd, signals_.get(), notifier);
  if (terminal) server.attach(std::move(*terminal));
  return server.serve();
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/service.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "base/pair.h"
#include "base/process.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/story.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

constexpr int silence_ms = 10 * 60 * 1000;  // a dump of much memory is silent for long
constexpr std::size_t log_limit = std::size_t{64} << 20;

Result<void> send_message(int socket, const std::string& bytes) {
  if (::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) return {};
  return Error(Fault::last("send"), "ask criu");
}

}  // namespace

std::string criu_errors(std::string_view log, std::string_view known) {
  constexpr std::size_t most = 3;
  std::vector<std::string> found;
  for (const std::string_view line : split(log, '\n')) {
    const std::size_t start = line.find("Error (");
    if (start == std::string_view::npos || found.size() == most) continue;
    std::string error = shortened(line.substr(start));
    if (known.find(error) == std::string_view::npos) found.push_back(std::move(error));
  }
  return join(found, "; ");
}

Result<std::string> find_criu(const std::string& given) {
  if (!given.empty()) {
    if (::access(given.c_str(), X_OK) == 0) return given;
    return Error(Fault::last("access"), printable(given));
  }
  const char* path = ::getenv("PATH");
  const std::string_view places = path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin";
  for (const std::string_view directory : split(places, ':')) {
    std::string program = std::string(directory) + "/criu";
    if (program.front() == '/' && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return Error(Error::Kind::unsupported, "criu: executable file not found in $PATH")
      .with_hint("checkpoints need CRIU (package criu)");
}

// ---- the process --------------------------------------------------------------------------------

namespace {

// A private mount of CRIU, which ends with it.
Call<void> make_mount_point(const char* root) {
  if (::unshare(CLONE_NEWNS) != 0) return Fault::last("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return Fault::last("mount");
  if (::mount(root, root, nullptr, MS_BIND | MS_REC, nullptr) != 0) return Fault::last("mount");
  return {};
}

constexpr int cannot_start = 127;

Fault execute(const std::string& program, const char* const* arguments, int errors) {
  if (errors >= 0 && ::dup2(errors, STDERR_FILENO) < 0) return Fault::last("dup2");
  (void)reset_signals();
  ::execv(program.c_str(), const_cast<char* const*>(arguments));  // NOLINT: execv(3) changes none
  return Fault::last("execve");
}

struct CriuStart {
  const std::string& program;
  int socket;
  int errors;  // for its standard error; -1: it has our standard streams
  const std::vector<int>& passed;
  const std::string& root;
};

Fault become_criu(const CriuStart& start) {
  if (!start.root.empty()) {
    const Call<void> made = make_mount_point(start.root.c_str());
    if (!made.ok()) return made.error();
  }
  for (const int fd : start.passed) ::fcntl(fd, F_SETFD, 0);
  ::fcntl(start.socket, F_SETFD, 0);
  const std::string number = std::to_string(start.socket);
  const char* const arguments[] = {"criu", "swrk", number.c_str(), nullptr};
  return execute(start.program, arguments, start.errors);
}

struct Begun {
  pid_t pid;
  UniqueFd socket;
};

Result<UniqueFd> make_error_file() {
  UniqueFd file(::memfd_create("criu-errors", MFD_CLOEXEC));
  if (!file.valid()) return Error(Fault::last("memfd_create"), "begin criu");
  return file;
}

std::string errors_in(int file) {
  if (::lseek(file, 0, SEEK_SET) != 0) return "";
  const auto text = read_to_end(file);
  return text.ok() ? criu_errors(*text) : std::string();
}

Result<Begun> begin_service(const std::string& program, int errors, const std::vector<int>& passed,
                            const std::string& root) {
  auto [ours, theirs] = TRY(make_socket_pair(SOCK_SEQPACKET).because("begin criu"));
  auto [started, starting] = TRY(make_pipe().because("begin criu"));
  const pid_t pid = ::fork();
  if (pid < 0) return Error(Fault::last("fork"), "begin criu");
  if (pid == 0) {
    const Fault fault = become_criu({program, theirs.get(), errors, passed, root});
    (void)write_all(starting.get(), {reinterpret_cast<const char*>(&fault), sizeof fault});
    ::_exit(cannot_start);
  }
  starting.reset();
  theirs.reset();
  // Its end means that execve(2) succeeded, so the mount namespace exists.
  const Call<std::string> said = read_to_end(started.get());
  if (said.ok() && said->empty()) return Begun{pid, std::move(ours)};
  Fault fault = said.ok() ? Fault{EPROTO, "execve"} : said.error();
  if (said.ok() && said->size() == sizeof fault) std::memcpy(&fault, said->data(), sizeof fault);
  ours.reset();  // ends a CRIU that runs
  (void)reap(pid);
  return Error(fault, "begin " + printable(program) + ": " + fault.call);
}

}  // namespace

Result<CriuService> CriuService::start(const std::string& program) {
  UniqueFd errors = TRY(make_error_file());
  Begun begun = TRY(begin_service(program, errors.get(), {}, ""));
  return CriuService(begun.pid, std::move(begun.socket), std::move(errors));
}

Result<CriuService> CriuService::start(const std::string& program, const std::vector<int>& passed,
                                       const std::string& root) {
  Begun begun = TRY(begin_service(program, -1, passed, root));
  return CriuService(begun.pid, std::move(begun.socket), UniqueFd());
}

Result<UniqueFd> CriuService::open_directory(const std::string& path) const {
  const std::string seen = "/proc/" + std::to_string(pid_) + "/root" + path;
  return open_at(AT_FDCWD, seen.c_str(), O_RDONLY | O_DIRECTORY)
      .because("open the directory " + printable(path));
}

CriuService::CriuService(CriuService&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      socket_(std::move(other.socket_)),
      errors_(std::move(other.errors_)) {}

CriuService::~CriuService() {
  // CRIU exits when the connection is shut down. Closing the socket is a reset, for which it prints
  // an error, but also the end.
  if (socket_.valid() && ::shutdown(socket_.get(), SHUT_WR) != 0) socket_.reset();
  if (pid_ > 0) (void)reap(pid_);
}

namespace {

// Reads one answer; a descriptor that came with it is stored in `descriptor`.
Result<std::string> receive_answer(int socket, UniqueFd& descriptor) {
  pollfd waiting{socket, POLLIN, 0};
  Progress progress("wait for CRIU");
  const int ready = progress.await({&waiting, 1}, silence_ms);
  if (ready < 0) return Error(Fault::last("poll"), "wait for criu");
  if (ready == 0) return Error(Fault{ETIMEDOUT, "poll"}, "wait for criu");
  char peeked = 0;
  const ssize_t size = ::recv(socket, &peeked, sizeof peeked, MSG_PEEK | MSG_TRUNC);
  if (size < 0) return Error(Fault::last("recv"), "hear criu");
  if (size == 0) return Error("criu ended without an answer");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  (void)TRY(receive_message(socket, bytes, descriptor).because("hear criu"));
  return bytes;
}

}  // namespace

std::string CriuService::said(const CriuOptions& options, std::string_view known) const {
  const auto log = read_regular_file(options.work, options.log.c_str(), log_limit);
  if (log.ok()) {
    const std::string errors = criu_errors(*log, known);
    return errors + (errors.empty() ? "" : " ") + "(log: " + options.log +
           " in the work directory)";
  }
  return errors_.valid() ? errors_in(errors_.get()) : std::string();
}

Result<pid_t> CriuService::talk(const CriuListener& listener) {
  Result<void> heard;  // the first failure of the listener, which causes CRIU's own
  for (;;) {
    CriuNotice notice;
    const std::string bytes = TRY(receive_answer(socket_.get(), notice.descriptor));
    Result<CriuAnswer> answer = read_criu_answer(bytes);
    if (!answer.ok() || !answer->is_notice) {
      TRY(std::move(heard));
      return TRY(std::move(answer)).pid;
    }
    notice.script = std::move(answer->script);
    notice.pid = answer->pid;
    if (heard.ok() && listener) heard = listener(notice);
    TRY(send_message(socket_.get(), criu_notice_answer(heard.ok())));
  }
}

Result<pid_t> CriuService::call(CriuCall call, const CriuOptions& options,
                                const CriuListener& listener) {
  const story::Step told([] { return std::string("call criu"); });
  TRY(send_message(socket_.get(), criu_request(call, options)));
  Result<pid_t> ended = talk(listener);
  if (ended.ok()) return ended;
  Error error = std::move(ended).error();
  const std::string words = said(options, error.what);
  if (!words.empty()) error.what += ": " + words;
  return error;
}

// Not by RPC, which writes a log into a directory.
Result<void> check_criu(const std::string& given) {
  const std::string program = TRY(find_criu(given));
  const UniqueFd errors = TRY(make_error_file());
  const pid_t pid = ::fork();
  if (pid < 0) return Error(Fault::last("fork"), "begin criu");
  if (pid == 0) {
    const char* const arguments[] = {"criu", "check", nullptr};
    ::dup2(errors.get(), STDOUT_FILENO);  // "Looks good."
    (void)execute(program, arguments, errors.get());
    ::_exit(cannot_start);
  }
  if (reap(pid) == 0) return {};
  const std::string words = errors_in(errors.get());
  return Error(Error::Kind::unsupported,
               printable(program) + " does not work here" + (words.empty() ? "" : ": " + words));
}

}  // namespace tare::runtime

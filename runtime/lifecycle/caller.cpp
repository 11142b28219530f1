// SPDX-License-Identifier: Apache-2.0
#include "runtime/lifecycle/caller.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "base/text.h"
#include "runtime/foreground/sockets.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

Result<void> check_terminal(const TerminalWish& wish) {
  if (wish.terminal && wish.detaches && !wish.has_socket) {
    return Error("cannot allocate tty if tare will detach without setting console socket");
  }
  if (wish.has_socket && (!wish.detaches || !wish.terminal)) {
    return Error("cannot use console socket if tare will not detach or allocate tty");
  }
  return {};
}

int listen_descriptors() {
  const char* pid = ::getenv("LISTEN_PID");
  const char* count = ::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || parse_number<pid_t>(pid) != ::getpid()) return 0;
  return std::max(parse_number<int>(count).value_or(0), 0);
}

void pass_listening_descriptors(PlanOptions& options) {
  options.listen_descriptors = listen_descriptors();
  options.preserved_descriptors += options.listen_descriptors;
  if (const char* names = ::getenv("LISTEN_FDNAMES")) options.listen_names = names;
}

Result<ConsolePair> make_console_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Error(Fault::last("socketpair"), "make the console");
  }
  return ConsolePair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<UniqueFd> console_end(const std::string& socket, UniqueFd own) {
  if (socket.empty()) return own;
  return connect_socket(socket).because("connect to the console socket");
}

Result<PidFile> PidFile::in(const std::string& path) {
  PidFile file;
  if (path.empty()) return file;
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  file.path_ = path;
  file.name_ = slash == std::string::npos ? path : path.substr(slash + 1);
  file.directory_ = TRY(open_at(AT_FDCWD, directory.c_str(), O_PATH | O_DIRECTORY)
                            .because("write pid file " + printable(path)));
  return file;
}

Result<void> PidFile::write(pid_t pid) {
  if (!directory_) return {};
  TRY(replace_file(directory_.get(), name_, std::to_string(pid), 0644)
          .because("write pid file " + printable(path_)));
  is_written_ = true;
  return {};
}

PidFile& PidFile::operator=(PidFile&& other) noexcept {
  std::swap(directory_, other.directory_);
  std::swap(path_, other.path_);
  std::swap(name_, other.name_);
  std::swap(is_written_, other.is_written_);
  return *this;
}

PidFile::PidFile(PidFile&& other) noexcept {
  *this = std::move(other);
}

PidFile::~PidFile() {
  if (is_written_) ::unlinkat(directory_.get(), name_.c_str(), 0);
}

Result<void> send_pidfd(const std::string& path, const char* payload, int pidfd) {
  const std::string why = "send the pidfd to " + printable(path);
  const UniqueFd socket = TRY(connect_socket(path).because(why));
  return send_descriptor_to(socket.get(), payload, pidfd).because(why);
}

}  // namespace tare::runtime

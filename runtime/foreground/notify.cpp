// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "base/file.h"
#include "base/pair.h"
#include "base/progress.h"
#include "base/text.h"
#include "runtime/foreground/sockets.h"
#include "runtime/store/store.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

constexpr const char* variable = "NOTIFY_SOCKET";
constexpr const char* place_inside = "/run/notify";

std::string callers_socket() {
  const char* name = ::getenv(variable);
  return name == nullptr ? "" : name;
}

struct Address {
  sockaddr_un address{};
  socklen_t length = 0;
};

// sd_notify(3): a path, or with a leading '@' a name in the abstract namespace.
Call<Address> address_of(const std::string& name) {
  Address result;
  result.address.sun_family = AF_UNIX;
  if (name.size() >= sizeof result.address.sun_path) return Fault{ENAMETOOLONG, "connect"};
  std::memcpy(result.address.sun_path, name.data(), name.size());
  if (name.starts_with('@')) result.address.sun_path[0] = '\0';
  result.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return result;
}

Call<UniqueFd> make_socket() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) return Fault::last("socket");
  return socket;
}

Call<UniqueFd> connect_to_caller() {
  const Address to = TRY(address_of(callers_socket()));
  constexpr timeval patience{socket_timeout_s, 0};
  UniqueFd socket = TRY(make_socket());
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) {
    return Fault::last("setsockopt");
  }
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.address), to.length) != 0) {
    return Fault::last("connect");
  }
  return socket;
}

Call<void> tell(int socket, std::string_view message) {
  if (::send(socket, message.data(), message.size(), MSG_NOSIGNAL) < 0) return Fault::last("send");
  return {};
}

// sd_notify_barrier(3): the manager closes the descriptor when it has read all earlier messages. It
// cannot identify a sender that has exited.
Call<void> await_reading(int socket) {
  auto [ours, theirs] = TRY(make_pipe());
  TRY(send_descriptor(socket, "BARRIER=1", theirs.get()));
  theirs.reset();
  pollfd closed{ours.get(), 0, 0};  // POLLHUP is always reported
  if (::poll(&closed, 1, socket_timeout_s * 1000) == 0) return Fault{ETIMEDOUT, "poll"};
  return {};
}

Call<void> tell_caller(pid_t pid) {
  const UniqueFd socket = TRY(connect_to_caller());
  TRY(tell(socket.get(), "READY=1\n"));
  TRY(tell(socket.get(), "MAINPID=" + std::to_string(pid) + "\n"));
  return await_reading(socket.get());
}

Call<UniqueFd> bind_in(int directory) {
  // The container may have changed the directory before: nothing in it is followed or reused.
  ::unlinkat(directory, notify_socket, 0);
  UniqueFd socket = TRY(make_socket());
  const Address at =
      TRY(address_of("/proc/self/fd/" + std::to_string(directory) + "/" + notify_socket));
  const mode_t before = ::umask(0);  // any user of the container may write to it
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at.address), at.length);
  const Fault fault = Fault::last("bind");
  ::umask(before);
  if (bound != 0) return fault;
  return socket;
}

}  // namespace

bool is_notified() {
  return !callers_socket().empty();
}

void add_notify_socket(oci::Config& config, const std::string& directory) {
  oci::Mount mount;
  mount.destination = place_inside;
  mount.type = "bind";
  mount.source = directory;
  mount.options = {"bind", "ro", "nosuid", "noexec", "nodev"};
  config.mounts.push_back(std::move(mount));
  if (!config.process) return;
  config.process->env.push_back(std::string(variable) + "=" + place_inside + "/" + notify_socket);
}

bool says_ready(std::string_view message) {
  return std::ranges::count(split(message, '\n'), "READY=1") != 0;
}

Result<std::optional<Notifier>> Notifier::bind(int directory) {
  if (!is_notified()) return std::optional<Notifier>();
  constexpr int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
  const Call<UniqueFd> place = open_at(directory, notify_directory, flags);
  if (!place.ok() && place.error().error == ENOENT) return std::optional<Notifier>();
  if (!place.ok()) return Error(place.error(), "open the place of the notify socket");
  UniqueFd socket = TRY(bind_in(place->get()).because("make the notify socket"));
  return std::optional(Notifier(std::move(socket)));
}

Result<void> Notifier::take(pid_t pid) {
  std::array<char, 4096> message;
  const ssize_t length = ::recv(socket_.get(), message.data(), message.size(), MSG_DONTWAIT);
  if (length <= 0) return {};  // an empty message, or a signal; its descriptors are gone
  if (!says_ready({message.data(), static_cast<std::size_t>(length)})) return {};
  socket_.reset();
  return tell_caller(pid).because("tell " + printable(callers_socket()) + " of the container");
}

Result<void> Notifier::await_ready(pid_t pid, int pidfd) {
  Progress progress("wait until the container is ready (sd_notify)");
  while (socket_) {
    pollfd watched[2] = {{socket_.get(), POLLIN, 0}, {pidfd, POLLIN, 0}};
    if (progress.await(watched, -1) < 0 && errno != EINTR) {
      return Error(Fault::last("poll"), "wait until the container is ready");
    }
    if (watched[0].revents != 0) {
      TRY(take(pid));
    } else if (watched[1].revents != 0) {
      return {};
    }
  }
  return {};
}

}  // namespace tare::runtime

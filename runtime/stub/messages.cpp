// SPDX-License-Identifier: Apache-2.0
#include "runtime/stub/messages.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tare::runtime {

Call<void> send_report(int channel, const stub::Report& report) {
  for (;;) {
    const ssize_t count = ::send(channel, &report, sizeof report, MSG_NOSIGNAL);
    if (count == static_cast<ssize_t>(sizeof report)) return {};
    if (count >= 0) return Fault{EMSGSIZE, "send"};
    if (errno != EINTR) return Fault::last("send");
  }
}

Call<std::optional<stub::Report>> receive_report(int channel) {
  stub::Report report;
  for (;;) {
    const ssize_t count = ::read(channel, &report, sizeof report);
    if (count == static_cast<ssize_t>(sizeof report)) return std::optional(report);
    if (count == 0) return std::optional<stub::Report>();
    if (count > 0) return Fault{EMSGSIZE, "read"};
    // ECONNRESET: the peer exited with unread messages of ours. It is reported once; the peer's
    // earlier messages follow.
    if (errno != EINTR && errno != ECONNRESET) return Fault::last("read");
  }
}

namespace {

// Returns the number of bytes; 0: the peer is gone. ECONNRESET as in receive_report().
Call<ssize_t> receive_into(int channel, msghdr& message) {
  for (;;) {
    const ssize_t count = ::recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    if (count >= 0) return count;
    if (errno != EINTR && errno != ECONNRESET) return Fault::last("recvmsg");
  }
}

pid_t sender_of(msghdr& message) {
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_CREDENTIALS) continue;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(one), sizeof sender);
    return sender.pid;
  }
  return 0;
}

}  // namespace

Call<void> name_senders(int channel) {
  constexpr int yes = 1;
  if (::setsockopt(channel, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) == 0) return {};
  return Fault::last("setsockopt");
}

// Without room for descriptors: a process in the container could send some.
Call<std::optional<Received>> receive_from(int channel) {
  Received received;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
  iovec data{&received.report, sizeof received.report};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t count = TRY(receive_into(channel, message));
  if (count == 0) return std::optional<Received>();
  if (count != static_cast<ssize_t>(sizeof received.report)) return Fault{EMSGSIZE, "recvmsg"};
  received.sender = sender_of(message);
  return std::optional(received);
}

namespace {

// A message of one report, with room for descriptors.
struct Envelope {
  explicit Envelope(stub::Report& report, std::size_t room) : data{&report, sizeof report} {
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(room * sizeof(int));
  }
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;

  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_descriptors * sizeof(int))> control{};
  iovec data;
  msghdr message{};
};

void take_descriptors(const msghdr& message, std::vector<UniqueFd>& fds) {
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return;
  const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
    fds.emplace_back(fd);
  }
}

}  // namespace

Call<void> send_report_with(int channel, const stub::Report& report, std::span<const int> fds) {
  if (fds.empty()) return send_report(channel, report);
  stub::Report sent = report;
  Envelope envelope(sent, fds.size());
  cmsghdr* header = CMSG_FIRSTHDR(&envelope.message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size_bytes());
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  for (;;) {
    const ssize_t count = ::sendmsg(channel, &envelope.message, MSG_NOSIGNAL);
    if (count == static_cast<ssize_t>(sizeof sent)) return {};
    if (count >= 0) return Fault{EMSGSIZE, "sendmsg"};
    if (errno != EINTR) return Fault::last("sendmsg");
  }
}

Call<std::optional<stub::Report>> receive_report_with(int channel, std::vector<UniqueFd>& fds) {
  stub::Report report;
  Envelope envelope(report, most_descriptors);
  const ssize_t count = TRY(receive_into(channel, envelope.message));
  if (count == 0) return std::optional<stub::Report>();
  take_descriptors(envelope.message, fds);
  if ((envelope.message.msg_flags & MSG_CTRUNC) != 0) return Fault{EMFILE, "recvmsg"};
  if (count != static_cast<ssize_t>(sizeof report)) return Fault{EMSGSIZE, "recvmsg"};
  return std::optional(report);
}

namespace {

// Space for one descriptor, aligned as CMSG_* require.
union Control {
  cmsghdr header;
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

// A signal may have cut a long message on a stream.
Call<void> send_rest(int socket, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t count = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Fault::last("send");
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace

Call<void> send_descriptor(int socket, std::string_view payload, int fd) {
  Control control{};
  iovec data{const_cast<char*>(payload.data()), payload.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ssize_t count = 0;
  do {
    count = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Fault::last("sendmsg");
  return send_rest(socket, payload.substr(static_cast<std::size_t>(count)));
}

Call<std::size_t> receive_message(int socket, std::span<char> payload, UniqueFd& descriptor) {
  Control control{};
  iovec data{payload.data(), payload.size()};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return Fault::last("recvmsg");
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(header), sizeof fd);
    descriptor.reset(fd);
  }
  return static_cast<std::size_t>(count);
}

Call<UniqueFd> receive_descriptor(int socket) {
  std::array<char, 256> payload{};
  UniqueFd descriptor;
  (void)TRY(receive_message(socket, payload, descriptor));
  if (!descriptor.valid()) return Fault{ENOMSG, "recvmsg"};
  return descriptor;
}

}  // namespace tare::runtime

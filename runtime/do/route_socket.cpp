// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/route_socket.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"
#include "base/system.h"

namespace tare::runtime {

// ---- messages -----------------------------------------------------------------------------------

void RouteRequest::append(const void* data, std::size_t size) {
  const char* bytes = static_cast<const char*>(data);
  message_.insert(message_.end(), bytes, bytes + size);
  message_.resize(NLMSG_ALIGN(message_.size()));
}

RouteRequest& RouteRequest::add(std::uint16_t attribute, std::string_view data) {
  const rtattr header{static_cast<std::uint16_t>(RTA_LENGTH(data.size())), attribute};
  append(&header, sizeof header);
  append(data.data(), data.size());
  return *this;
}

RouteRequest& RouteRequest::add_number(std::uint16_t attribute, std::uint32_t value) {
  return add(attribute, {reinterpret_cast<const char*>(&value), sizeof value});
}

RouteRequest& RouteRequest::add_name(std::uint16_t attribute, const std::string& name) {
  return add(attribute, {name.c_str(), name.size() + 1});
}

std::string_view RouteRequest::finish(std::uint32_t sequence) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(message_.size());
  header.nlmsg_type = type_;
  header.nlmsg_flags = flags_;
  header.nlmsg_seq = sequence;
  std::memcpy(message_.data(), &header, sizeof header);
  return {message_.data(), message_.size()};
}

namespace {

// One attribute of a list.
std::optional<std::string_view> find_attribute(std::string_view list, std::uint16_t type) {
  while (list.size() >= sizeof(rtattr)) {
    rtattr header{};
    std::memcpy(&header, list.data(), sizeof header);
    if (header.rta_len < sizeof header || header.rta_len > list.size()) break;
    if ((header.rta_type & NLA_TYPE_MASK) == type) {
      return list.substr(RTA_LENGTH(0), header.rta_len - RTA_LENGTH(0));
    }
    list.remove_prefix(std::min<std::size_t>(RTA_ALIGN(header.rta_len), list.size()));
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> attribute(const nlmsghdr& message, std::size_t body_size,
                                          std::uint16_t type) {
  const std::string_view whole(reinterpret_cast<const char*>(&message), message.nlmsg_len);
  const std::size_t begin = NLMSG_LENGTH(NLMSG_ALIGN(body_size));
  if (begin > whole.size()) return std::nullopt;
  return find_attribute(whole.substr(begin), type);
}

// ---- the socket ---------------------------------------------------------------------------------

Call<RouteSocket> RouteSocket::open() {
  UniqueFd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!socket) return Fault::last("socket");
  const int on = 1;
  // Both only improve error messages.
  ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
  ::setsockopt(socket.get(), SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
  return RouteSocket(std::move(socket));
}

// A socket stays in the namespace of its creation.
Call<RouteSocket> RouteSocket::open_in(int network) {
  const UniqueFd own = TRY(open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY));
  TRY(sys::setns(network, CLONE_NEWNET));
  Call<RouteSocket> socket = open();
  TRY(sys::setns(own.get(), CLONE_NEWNET));
  return socket;
}

namespace {

// "The interface netns is immutable": the kernel's message beside the errno.
std::string refusal_words(const nlmsghdr& message) {
  if ((message.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return "";
  const auto words = attribute(message, sizeof(nlmsgerr), NLMSGERR_ATTR_MSG);
  return words ? std::string(words->substr(0, words->find('\0'))) : "";
}

}  // namespace

Call<bool> RouteSocket::take_datagram(std::string_view datagram, const Answer& take) {
  while (datagram.size() >= sizeof(nlmsghdr)) {
    // Aligned: a datagram starts at a vector's own storage, each message at a multiple of four.
    const auto& message = *reinterpret_cast<const nlmsghdr*>(datagram.data());
    if (message.nlmsg_len < sizeof message || message.nlmsg_len > datagram.size()) {
      return Fault{EBADMSG, "recv"};
    }
    if (message.nlmsg_seq == sequence_) {
      if (message.nlmsg_type == NLMSG_DONE) return true;
      if (message.nlmsg_type == NLMSG_ERROR) {
        const auto result = body_of<nlmsgerr>(message);
        if (result.error == 0) return true;
        words_ = refusal_words(message);
        return Fault{-result.error, "netlink"};
      }
      take(message);
    }
    datagram.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(message.nlmsg_len), datagram.size()));
  }
  return false;
}

Call<void> RouteSocket::ask(RouteRequest request, const Answer& take) {
  words_.clear();
  const std::string_view sent = request.finish(++sequence_);
  if (::send(socket_.get(), sent.data(), sent.size(), 0) < 0) return Fault::last("send");
  std::vector<char> buffer(std::size_t{64} << 10);  // larger than any datagram of the kernel
  for (;;) {
    const ssize_t size = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return Fault::last("recv");
    if (TRY(take_datagram({buffer.data(), static_cast<std::size_t>(size)}, take))) return {};
  }
}

Call<void> RouteSocket::tell(RouteRequest request) {
  return ask(std::move(request), [](const nlmsghdr&) {});
}

}  // namespace tare::runtime

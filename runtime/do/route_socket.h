// SPDX-License-Identifier: Apache-2.0
//
// The part of rtnetlink(7) that network devices need. Host only, because it allocates.
#pragma once

#include <linux/rtnetlink.h>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// A message: its header, a body (ifinfomsg, ifaddrmsg) and attributes.
class RouteRequest {
 public:
  template <class Body>
  RouteRequest(std::uint16_t type, std::uint16_t flags, const Body& body) : type_(type) {
    message_.resize(NLMSG_HDRLEN);
    append(&body, sizeof body);
    flags_ = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  }

  RouteRequest& add(std::uint16_t attribute, std::string_view data);
  RouteRequest& add_number(std::uint16_t attribute, std::uint32_t value);
  RouteRequest& add_name(std::uint16_t attribute, const std::string& name);  // with its NUL

  // The bytes for the kernel.
  std::string_view finish(std::uint32_t sequence);

 private:
  void append(const void* data, std::size_t size);
  std::vector<char> message_;
  std::uint16_t type_;
  std::uint16_t flags_ = 0;
};

// The value of an attribute after a body of `body_size` bytes, or nothing.
std::optional<std::string_view> attribute(const nlmsghdr& message, std::size_t body_size,
                                          std::uint16_t type);

template <class Body>
Body body_of(const nlmsghdr& message) {
  Body body{};
  if (message.nlmsg_len >= NLMSG_LENGTH(sizeof body)) {
    std::memcpy(&body, NLMSG_DATA(&message), sizeof body);
  }
  return body;
}

class RouteSocket {
 public:
  // Opens the socket in the caller's network namespace, or in another one; the caller is back when
  // this returns.
  static Call<RouteSocket> open();
  static Call<RouteSocket> open_in(int network);

  using Answer = std::function<void(const nlmsghdr&)>;
  // Sends the request and calls `take` for each message of the answer. words() has the kernel's
  // message about a refusal.
  Call<void> ask(RouteRequest request, const Answer& take);
  Call<void> tell(RouteRequest request);

  [[nodiscard]] const std::string& words() const { return words_; }

 private:
  explicit RouteSocket(UniqueFd socket) : socket_(std::move(socket)) {}
  // Returns true at the end of the answer.
  Call<bool> take_datagram(std::string_view datagram, const Answer& take);

  UniqueFd socket_;
  std::uint32_t sequence_ = 0;
  std::string words_;
};

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// Moves network devices into the container (config-linux.md, "Network Devices"). When a device
// changes its namespace, the kernel removes its addresses and sets it down; other attributes stay.
#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "base/text.h"
#include "runtime/do/context.h"
#include "runtime/do/namespace_files.h"
#include "runtime/do/route_socket.h"
#include "runtime/errors/cause.h"
#include "runtime/steps/net_devices.h"

namespace tare::runtime {

namespace {

// An RTM_NEWADDR of the host, to be repeated in the container's namespace.
struct Address {
  ifaddrmsg header{};
  std::uint32_t flags = 0;
  std::vector<std::pair<std::uint16_t, std::string>> attributes;
};

struct Link {
  int index = 0;
  std::string name;
};

Link link_of(const nlmsghdr& message) {
  const auto name = attribute(message, sizeof(ifinfomsg), IFLA_IFNAME).value_or("");
  return {body_of<ifinfomsg>(message).ifi_index, std::string(name.substr(0, name.find('\0')))};
}

// ENODEV if there is none.
Call<Link> find_link(RouteSocket& socket, int index, const std::string& name) {
  ifinfomsg body{};
  body.ifi_index = index;
  RouteRequest request(RTM_GETLINK, NLM_F_ACK, body);
  if (index == 0) request.add_name(IFLA_IFNAME, name);
  Link found;
  TRY(socket.ask(std::move(request), [&](const nlmsghdr& message) { found = link_of(message); }));
  return found;
}

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
  return value;
}

// The addresses that the specification keeps: permanent, and of global scope.
bool is_kept(const Address& address, int index) {
  return static_cast<int>(address.header.ifa_index) == index &&
         (address.flags & IFA_F_PERMANENT) != 0 && address.header.ifa_scope == RT_SCOPE_UNIVERSE;
}

Address address_of(const nlmsghdr& message) {
  Address address;
  address.header = body_of<ifaddrmsg>(message);
  const auto flags = attribute(message, sizeof(ifaddrmsg), IFA_FLAGS);
  address.flags = flags ? number(*flags) : address.header.ifa_flags;
  for (const std::uint16_t type :
       {IFA_ADDRESS, IFA_LOCAL, IFA_BROADCAST, IFA_LABEL, IFA_RT_PRIORITY}) {
    const auto value = attribute(message, sizeof(ifaddrmsg), type);
    if (value) address.attributes.emplace_back(type, *value);
  }
  return address;
}

Call<std::vector<Address>> kept_addresses(RouteSocket& socket, int index) {
  std::vector<Address> kept;
  const auto take = [&](const nlmsghdr& message) {
    Address address = address_of(message);
    if (is_kept(address, index)) kept.push_back(std::move(address));
  };
  TRY(socket.ask(RouteRequest(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{}), take));
  return kept;
}

constexpr std::uint32_t said_again =
    IFA_F_NOPREFIXROUTE | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_MCAUTOJOIN;

RouteRequest new_address(const Address& address, const Link& link, bool renamed) {
  ifaddrmsg header = address.header;
  header.ifa_index = static_cast<std::uint32_t>(link.index);
  header.ifa_flags = 0;
  RouteRequest request(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, header);
  // The address was already used on this link, so no duplicate address detection is needed.
  const std::uint32_t no_detection = header.ifa_family == AF_INET6 ? IFA_F_NODAD : 0;
  request.add_number(IFA_FLAGS, (address.flags & said_again) | no_detection);
  for (const auto& [type, value] : address.attributes) {
    // A label starts with the device name, which may have changed.
    if (type != IFA_LABEL || !renamed) request.add(type, value);
  }
  return request;
}

std::string address_words(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  for (const auto& [type, value] : address.attributes) {
    const std::size_t size = address.header.ifa_family == AF_INET6 ? 16 : 4;
    if ((type != IFA_ADDRESS && type != IFA_LOCAL) || value.size() != size) continue;
    ::inet_ntop(address.header.ifa_family, value.data(), text, sizeof text);
  }
  return std::string(text) + "/" + std::to_string(address.header.ifa_prefixlen);
}

Error refused(const RouteSocket& socket, Fault fault, const std::string& what) {
  return Error(fault, socket.words().empty() ? what : what + ": " + printable(socket.words()));
}

Error with_privilege_hint(Error error) {
  if (error.error != EPERM) return error;
  return std::move(error).with_hint(without_capability(
      CAP_NET_ADMIN, "tare holds CAP_NET_ADMIN, but not over one of the two network namespaces"));
}

// Checked before any device is moved: with a name that is already used, the move would leave the
// device there under its old name.
Result<void> check_name(RouteSocket& socket, const std::string& name) {
  if (name.find('%') != std::string::npos) return {};  // the kernel chooses a free name
  const Call<Link> taken = find_link(socket, 0, name);
  if (!taken.ok() && taken.error().error == ENODEV) return {};
  if (!taken.ok()) return refused(socket, taken.error(), "look for " + name);
  return Error(Fault{EEXIST, ""}, "the container has a device " + quote(name));
}

// An index that we choose, to find the device again under any name.
Call<int> free_index(RouteSocket& socket, int wanted) {
  for (;; ++wanted) {
    const Call<Link> taken = find_link(socket, wanted, "");
    if (!taken.ok() && taken.error().error == ENODEV) return wanted;
    if (!taken.ok()) return taken.error();
  }
}

Result<void> move_device(RouteSocket& socket, const step::MoveNetDevice& step, int index,
                         int network, int new_index) {
  ifinfomsg body{};
  body.ifi_index = index;
  RouteRequest request(RTM_NEWLINK, NLM_F_ACK, body);
  request.add_number(IFLA_NET_NS_FD, static_cast<std::uint32_t>(network))
      .add_name(IFLA_IFNAME, step.new_name)
      .add_number(IFLA_NEW_IFINDEX, static_cast<std::uint32_t>(new_index));
  const Call<void> moved = socket.tell(std::move(request));
  if (moved.ok()) return {};
  return with_privilege_hint(refused(socket, moved.error(), "RTM_NEWLINK"));
}

Result<void> add_addresses(RouteSocket& socket, const std::vector<Address>& addresses,
                           const Link& link, bool renamed) {
  for (const Address& address : addresses) {
    const Call<void> added = socket.tell(new_address(address, link, renamed));
    if (added.ok()) continue;
    Error error = refused(socket, added.error(), "add the address " + address_words(address));
    if (error.error == EACCES && address.header.ifa_family == AF_INET6) {
      return std::move(error).with_hint("IPv6 is disabled in the container's namespace");
    }
    return error;
  }
  return {};
}

Result<void> bring_up(RouteSocket& socket, int index) {
  ifinfomsg body{};
  body.ifi_index = index;
  body.ifi_flags = body.ifi_change = IFF_UP;
  const Call<void> up = socket.tell(RouteRequest(RTM_NEWLINK, NLM_F_ACK, body));
  if (!up.ok()) return refused(socket, up.error(), "bring it up");
  return {};
}

}  // namespace

Result<void> perform(const step::FindNetDevice& step, LaunchContext& context) {
  RouteSocket socket = TRY(RouteSocket::open());
  const Link found = TRY(find_link(socket, 0, step.name));
  context.net_devices[static_cast<std::size_t>(step.slot)] = found.index;
  return {};
}

Result<void> perform(const step::MoveNetDevice& step, LaunchContext& context) {
  const bool joined = step.joined >= 0;
  const UniqueFd born =
      joined ? UniqueFd() : TRY(open_namespace_of(context.init, oci::NamespaceType::network));
  const int network = joined ? context.joined(step.joined) : born.get();
  const int index = context.net_devices[static_cast<std::size_t>(step.device)];
  RouteSocket here = TRY(RouteSocket::open());
  Call<RouteSocket> opened = RouteSocket::open_in(network);
  if (!opened.ok()) return with_privilege_hint(opened.error());
  RouteSocket& there = *opened;
  const std::vector<Address> addresses = TRY(kept_addresses(here, index));
  TRY(check_name(there, step.new_name));
  const int new_index = TRY(free_index(there, index));
  TRY(move_device(here, step, index, network, new_index));
  const Link link = TRY(find_link(there, new_index, ""));
  TRY(add_addresses(there, addresses, link, link.name != step.name));
  return bring_up(there, new_index);
}

}  // namespace tare::runtime

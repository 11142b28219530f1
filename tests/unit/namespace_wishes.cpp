// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/wishes.h"

#include <doctest/doctest.h>

#include <string>

namespace tare::runtime {

TEST_CASE("a mapping is three numbers of 32 bits, of which the size is not 0") {
  const auto mapping = parse_mapping("0:100000:65536");
  REQUIRE(mapping.ok());
  CHECK(oci::map_lines({*mapping, {7, 8, 9}}) == "0 100000 65536\n7 8 9\n");
  CHECK(parse_mapping("0-100000-65536", '-').ok());
  for (const char* text : {"", ":", "::", "0:0", "0:0:1:1", "0:0:0", "-1:0:1", "0:0:4294967296",
                           "a:0:1", " 0:0:1", "0:0:1 ", "0-0-1", "0::1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_mapping(text).ok());
  }
}

TEST_CASE("a kernel parameter is one of a namespace, and its path leads nowhere else") {
  const auto sysctl = parse_sysctl("net.ipv4.conf.eno2/100.forwarding=a=b");
  REQUIRE(sysctl.ok());
  CHECK(sysctl->path == "net/ipv4/conf/eno2.100/forwarding");
  CHECK(sysctl->value == "a=b");
  CHECK(sysctl->type == oci::NamespaceType::network);
  CHECK(parse_sysctl("kernel.msgmax=1")->type == oci::NamespaceType::ipc);
  for (const std::string& text :
       {std::string(), std::string("="), std::string("net.ipv4.ip_forward"),
        std::string("net.ipv4.ip_forward="), std::string("=1"), std::string("kernel.panic=1"),
        std::string("net/../kernel/panic=1"), std::string("net//x=1"), std::string("/net/x=1"),
        std::string("net/./x=1"), std::string("net.ipv4.x=1\n2"), std::string("net.x y=1"),
        "net.x=" + std::string(4096, '1')}) {
    CAPTURE(text);
    const auto parsed = parse_sysctl(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().kind == Error::Kind::usage);
    CHECK(parsed.error().what.size() < 200);
  }
}

TEST_CASE("a wish needs its namespace") {
  NamespaceWishes wishes;
  CHECK_FALSE(check(wishes).ok());
  wishes.kinds = {oci::NamespaceType::uts};
  wishes.hostname = std::string(64, 'x');
  CHECK(check(wishes).ok());
  wishes.hostname += 'x';
  CHECK_FALSE(check(wishes).ok());
  wishes.hostname.clear();
  wishes.sysctls = {{oci::NamespaceType::ipc, "kernel/msgmax", "1"}};
  CHECK_FALSE(check(wishes).ok());
  wishes.kinds.push_back(oci::NamespaceType::ipc);
  CHECK(check(wishes).ok());
  wishes.uid_map = {{0, 0, 1}};
  CHECK_FALSE(check(wishes).ok());
  wishes.kinds.push_back(oci::NamespaceType::user);
  CHECK_FALSE(check(wishes).ok());
  wishes.gid_map = {{0, 0, 1}};
  CHECK(check(wishes).ok());
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// What new namespaces are to be like, as the words of a command line say it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/namespaces/opened.h"

namespace tare::runtime {

struct Sysctl {
  oci::NamespaceType type = oci::NamespaceType::network;  // whose it is
  std::string path;                                       // below /proc/sys
  std::string value;
};

// "KEY=VALUE", with a key as sysctl(8) takes it. Kind::usage: no such text, or a parameter of the
// whole host.
Result<Sysctl> parse_sysctl(std::string_view text);

// "CONTAINER:HOST:SIZE", or with another separator.
Result<oci::IDMapping> parse_mapping(std::string_view text, char separator = ':');

struct NamespaceWishes {
  Kinds kinds;
  std::string hostname;  // empty: as it is
  std::vector<oci::IDMapping> uid_map;
  std::vector<oci::IDMapping> gid_map;
  std::vector<Sysctl> sysctls;
};

// Each wish is for a namespace that is among the kinds, and a user namespace has its maps.
// Kind::usage if not.
Result<void> check(const NamespaceWishes& wishes);

}  // namespace tare::runtime

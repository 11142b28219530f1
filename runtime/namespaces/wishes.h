// SPDX-License-Identifier: Apache-2.0
//
// The properties of new namespaces, as given on a command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/namespaces/opened.h"

namespace tare::runtime {

struct Sysctl {
  oci::NamespaceType type = oci::NamespaceType::network;  // the namespace that it belongs to
  std::string path;                                       // below /proc/sys
  std::string value;
};

// "KEY=VALUE", with a key as in sysctl(8). Kind::usage if it has another format, or if the
// parameter belongs to the whole host.
Result<Sysctl> parse_sysctl(std::string_view text);

// "CONTAINER:HOST:SIZE", or with another separator.
Result<oci::IDMapping> parse_mapping(std::string_view text, char separator = ':');

struct NamespaceWishes {
  Kinds kinds;
  std::string hostname;  // empty: unchanged
  std::vector<oci::IDMapping> uid_map;
  std::vector<oci::IDMapping> gid_map;
  std::vector<Sysctl> sysctls;
};

// Checks that each property belongs to one of the kinds, and that a user namespace has mappings.
// Otherwise Kind::usage.
Result<void> check(const NamespaceWishes& wishes);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/wishes.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/text.h"
#include "oci/config/sysctl.h"

namespace tare::runtime {

namespace {

Error usage(std::string words) {
  return Error(Error::Kind::usage, std::move(words));
}

}  // namespace

Result<Sysctl> parse_sysctl(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    return usage("a kernel parameter must be KEY=VALUE, is " + quote(text.substr(0, 64)));
  }
  Sysctl sysctl;
  const std::string key(text.substr(0, equals));
  sysctl.path = oci::sysctl_path(key);
  sysctl.value = text.substr(equals + 1);
  const auto type = oci::namespace_of_sysctl(key);
  const bool valid = oci::is_sysctl_key(key) && sysctl.value.size() <= oci::longest_sysctl_value &&
                     sysctl.value.find('\n') == std::string::npos;
  if (!valid) {
    return usage(quote(key.substr(0, 64)) + " is not a kernel parameter with a valid value");
  }
  if (!type) return usage(quote(key) + " belongs to no namespace, so to the host");
  sysctl.type = *type;
  return sysctl;
}

Result<oci::IDMapping> parse_mapping(std::string_view text, char separator) {
  if (const auto mapping = oci::parse_mapping(text, separator)) return *mapping;
  const std::string form = std::string("CONTAINER") + separator + "HOST" + separator + "SIZE";
  return usage("a mapping must be " + form + ", is " + quote(text.substr(0, 64)));
}

Result<void> check(const NamespaceWishes& wishes) {
  constexpr std::size_t longest_hostname = 64;  // __NEW_UTS_LEN
  if (wishes.kinds.empty()) return usage("no kind of namespace is named: --uts, --net, ...");
  const bool has_user = has_kind(wishes.kinds, oci::NamespaceType::user);
  const bool has_maps = !wishes.uid_map.empty() && !wishes.gid_map.empty();
  const bool has_any_map = !wishes.uid_map.empty() || !wishes.gid_map.empty();
  if (has_user && !has_maps) return usage("a user namespace needs a mapping of user and group IDs");
  if (!has_user && has_any_map) return usage("a mapping needs a user namespace");
  if (!wishes.hostname.empty() && !has_kind(wishes.kinds, oci::NamespaceType::uts)) {
    return usage("a hostname needs a UTS namespace");
  }
  if (wishes.hostname.size() > longest_hostname) {
    return usage("a hostname has at most 64 bytes, this one has " +
                 std::to_string(wishes.hostname.size()));
  }
  for (const Sysctl& sysctl : wishes.sysctls) {
    if (has_kind(wishes.kinds, sysctl.type)) continue;
    return usage(quote(sysctl.path) + " needs a namespace of kind " +
                 kind_of(sysctl.type).proc_name);
  }
  return {};
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "oci/config/capabilities.h"

#include <linux/capability.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// In the order of their numbers, linux/capability.h.
constexpr std::string_view names[] = {
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
};
static_assert(std::size(names) == CAP_LAST_CAP + 1);

char upper(char character) {
  return character >= 'a' && character <= 'z' ? static_cast<char>(character - 'a' + 'A')
                                              : character;
}

bool same(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](char a, char b) { return upper(a) == upper(b); });
}

// In upper or lower case, as in libcap.
bool is_capability(std::string_view name) {
  constexpr std::string_view prefix = "CAP_";
  if (!same(name.substr(0, prefix.size()), prefix)) return false;
  name.remove_prefix(prefix.size());
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view known) { return same(known, name); });
}

// ---- warnings

// config.md, "Linux Process": a capability that the kernel does not know is logged, not refused.
void warn_of_unknown(const Capabilities& capabilities, const Place& place,
                     std::vector<Error>& said) {
  for_each_row(fields(Of<Capabilities>{}), [&](const auto& set) {
    for (const std::string& name : capabilities.*set.member) {
      if (is_capability(name)) continue;
      said.push_back(Place(place, set.name).error("unknown " + quote(name)));
    }
  });
}

// capabilities(7): only a capability that is permitted and inheritable can be ambient.
void warn_of_ambient(const Capabilities& capabilities, const Place& place,
                     std::vector<Error>& said) {
  for (const std::string& name : capabilities.ambient) {
    if (contains(capabilities.permitted, name) && contains(capabilities.inheritable, name))
      continue;
    said.push_back(
        Place(place, "ambient").error(printable(name) + " is not both permitted and inheritable"));
  }
}

}  // namespace

void warn(const Capabilities& capabilities, const Place& place, std::vector<Error>& said) {
  warn_of_unknown(capabilities, place, said);
  warn_of_ambient(capabilities, place, said);
}

}  // namespace tare::oci

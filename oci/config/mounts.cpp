// SPDX-License-Identifier: Apache-2.0
#include "oci/config/mounts.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "base/text.h"
#include "oci/config/namespaces.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

using Mounts = std::vector<Mount>;

template <class Check>
void for_each_mount(const Mounts& mounts, const Place& list, const Check& check) {
  for (std::size_t i = 0; i < mounts.size(); ++i) check(mounts[i], Place(list, i));
}

// config.md, "Mounts": required.
void destinations(const Mounts& mounts, const Place& list, Problems& problems) {
  for_each_mount(mounts, list, [&](const Mount& mount, const Place& place) {
    if (!mount.destination.empty()) return;
    problems.add(Place(place, "destination"), "must not be empty");
  });
}

// config.md, "Mounts": with either option it is a bind mount, whatever the type is.
bool is_bind(const Mount& mount) {
  return mount.type == "bind" ||
         std::any_of(mount.options.begin(), mount.options.end(), [](const std::string& option) {
           return option == "bind" || option == "rbind";
         });
}

// Files of /proc that lxcfs and similar programs replace. All others must be the kernel's, because
// the isolation of the container depends on them (CVE-2023-27561, CVE-2025-52881).
constexpr std::string_view replaceable[] = {
    "/proc/cpuinfo",
    "/proc/diskstats",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/slabinfo",
    "/proc/sys/kernel/ns_last_pid",
    "/proc/sys/crypto/fips_enabled",
};

// A bind mount on / becomes the root file system. In the host's mount namespace it would hide the
// mount that delete must unmount.
void mounts_on_root(const Mounts& mounts, const Namespaces& namespaces, const Place& list,
                    Problems& problems) {
  for_each_mount(mounts, list, [&](const Mount& mount, const Place& place) {
    if (mount.destination != "/") return;
    const Place destination(place, "destination");
    if (!is_bind(mount) || contains(mount.options, "remount")) {
      problems.add(destination, "only a bind mount goes on /; root.readonly makes it read-only");
    } else if (find_namespace(namespaces, NamespaceType::mount) == nullptr) {
      problems.add(destination, "a mount on / needs a mount namespace");
    }
  });
}

bool is_replaceable(std::string_view file) {
  return std::find(std::begin(replaceable), std::end(replaceable), file) != std::end(replaceable);
}

// Only a procfs or a bind mount may be on /proc (its source is verified when it is mounted), and
// below it only bind mounts of replaceable files.
void mounts_on_proc(const Mounts& mounts, const Place& list, Problems& problems) {
  for_each_mount(mounts, list, [&](const Mount& mount, const Place& place) {
    const std::string& place_inside = mount.destination;
    if (place_inside == "/proc" && mount.type != "proc" && !is_bind(mount)) {
      problems.add(place, "only a proc or a bind mount goes on /proc, not " + quote(mount.type));
    }
    if (!place_inside.starts_with("/proc/") || is_replaceable(place_inside)) return;
    problems.add(place, "nothing may be mounted on " + printable(place_inside));
  });
}

// mount(2): options are at most one page of text.
void option_length(const Mounts& mounts, const Place& list, Problems& problems) {
  constexpr std::size_t longest = 4095;  // bytes
  for_each_mount(mounts, list, [&](const Mount& mount, const Place& place) {
    std::size_t length = mount.options.empty() ? 0 : mount.options.size() - 1;
    for (const std::string& option : mount.options) length += option.size();
    if (length <= longest) return;
    problems.add(Place(place, "options"),
                 "must not be longer than 4095 bytes together, have " + std::to_string(length));
  });
}

// config.md, "Mounts": both kinds of mappings or none, each valid as in user_namespaces(7).
void mount_mappings(const Mounts& mounts, const Place& list, Problems& problems) {
  for_each_mount(mounts, list, [&](const Mount& mount, const Place& place) {
    if (mount.uidMappings.empty() != mount.gidMappings.empty()) {
      problems.add(place, "must have both uidMappings and gidMappings, or neither");
    }
    check_mappings(mount.uidMappings, Place(place, "uidMappings"), problems);
    check_mappings(mount.gidMappings, Place(place, "gidMappings"), problems);
  });
}

}  // namespace

void check(const Mounts& mounts, const Namespaces& namespaces, const Place& place,
           Problems& problems) {
  destinations(mounts, place, problems);
  mounts_on_root(mounts, namespaces, place, problems);
  mounts_on_proc(mounts, place, problems);
  option_length(mounts, place, problems);
  mount_mappings(mounts, place, problems);
}

void check_added(const Mounts& mounts, const Place& place, Problems& problems) {
  static constexpr Rule<Mounts> rules[] = {destinations, mounts_on_proc, option_length,
                                           mount_mappings};
  check_rules<Mounts>(rules, mounts, place, problems);
}

void warn_of_mounts(const std::vector<Mount>& mounts, const Place& place,
                    std::vector<Error>& said) {
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    if (!mounts[i].was_relative) continue;
    said.push_back(Place(place, i).error("the destination is relative, taken for " +
                                         quote(mounts[i].destination)));
  }
}

// config.md, "Mounts": a relative destination is relative to the root.
void bring_into_normal_form(std::vector<Mount>& mounts) {
  for (Mount& mount : mounts) {
    if (mount.destination.empty()) continue;
    mount.was_relative = mount.was_relative || !mount.destination.starts_with('/');
    mount.destination = lexically_clean(mount.destination);
  }
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
#include "oci/config/sysctl.h"

#include <algorithm>
#include <string_view>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// A parameter, or all below a directory ("net/"), and the namespace that it belongs to
// (namespaces(7), ipc_namespaces(7), uts_namespaces(7)).
struct Owner {
  std::string_view path;
  NamespaceType type;
};
constexpr Owner owners[] = {
    {"kernel/msgmax", NamespaceType::ipc},     {"kernel/msgmnb", NamespaceType::ipc},
    {"kernel/msgmni", NamespaceType::ipc},     {"kernel/sem", NamespaceType::ipc},
    {"kernel/shmall", NamespaceType::ipc},     {"kernel/shmmax", NamespaceType::ipc},
    {"kernel/shmmni", NamespaceType::ipc},     {"kernel/shm_rmid_forced", NamespaceType::ipc},
    {"fs/mqueue/", NamespaceType::ipc},        {"net/", NamespaceType::network},
    {"kernel/domainname", NamespaceType::uts}, {"user/", NamespaceType::user},
};

const Owner* owner_of(std::string_view path) {
  for (const Owner& owner : owners) {
    const bool subtree = owner.path.ends_with('/');
    if (subtree ? path.starts_with(owner.path) : path == owner.path) return &owner;
  }
  return nullptr;
}

using Parameters = std::map<std::string, std::string>;

void keys(const Parameters& parameters, const Place& sysctl, Problems& problems) {
  for (const auto& [key, value] : parameters) {
    if (!is_sysctl_key(key)) problems.add(Place(sysctl, key), "is not a kernel parameter name");
  }
}

// The parameter belongs to a namespace of the container.
void own_namespace(const std::string& path, const Namespaces& namespaces, const Place& place,
                   Problems& problems) {
  if (path == "kernel/hostname") return problems.add(place, "is set by the property /hostname");
  const Owner* owner = owner_of(path);
  if (owner == nullptr) return problems.add(place, "belongs to no namespace, so to the host");
  if (find_namespace(namespaces, owner->type) == nullptr) {
    problems.add(place, "needs a namespace of type " + std::string(name_of(owner->type)));
  }
}

// proc_sysctl.c accepts one line of less than a page.
void values(const Parameters& parameters, const Place& sysctl, Problems& problems) {
  for (const auto& [key, value] : parameters) {
    const Place place(sysctl, key);
    if (value.size() > longest_sysctl_value) {
      problems.add(place,
                   "must not be longer than 4095 bytes, has " + std::to_string(value.size()));
    } else if (value.find('\n') != std::string::npos) {
      problems.add(place, "must be one line, is " + quote(value));
    }
  }
}

}  // namespace

std::string sysctl_path(std::string key) {
  const std::size_t first = key.find_first_of("./");
  if (first == std::string::npos || key[first] == '/') return key;
  for (char& character : key) {
    if (character == '.') {
      character = '/';
    } else if (character == '/') {
      character = '.';
    }
  }
  return key;
}

bool is_sysctl_key(const std::string& key) {
  constexpr std::string_view allowed =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-./";
  const std::string path = sysctl_path(key);
  const auto parts = split(path, '/');
  const bool strange = std::any_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
  return !strange && key.find_first_not_of(allowed) == std::string::npos;
}

std::optional<NamespaceType> namespace_of_sysctl(const std::string& key) {
  const Owner* owner = owner_of(sysctl_path(key));
  return owner == nullptr ? std::nullopt : std::optional(owner->type);
}

void check_sysctl(const Parameters& sysctl, const Namespaces& namespaces, const Place& place,
                  Problems& problems) {
  keys(sysctl, place, problems);
  for (const auto& [key, value] : sysctl) {
    own_namespace(sysctl_path(key), namespaces, Place(place, key), problems);
  }
  values(sysctl, place, problems);
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// User namespaces and their id maps (user_namespaces(7)), as they are.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/config.h"

namespace tare::runtime {

struct IdKind {
  const char* words;
  const char* file;     // in /proc/PID
  const char* helper;   // by its absolute path: it is set-user-ID root, and PATH is the caller's
  const char* ranges;   // where the helper looks
  const char* pointer;  // into config.json
};
inline constexpr IdKind user_ids = {"user ids", "uid_map", "/usr/bin/newuidmap", "/etc/subuid",
                                    "/linux/uidMappings"};
inline constexpr IdKind group_ids = {"group ids", "gid_map", "/usr/bin/newgidmap", "/etc/subgid",
                                     "/linux/gidMappings"};

// The map that a process's user namespace has, as the caller's user namespace sees it.
Call<std::vector<oci::IDMapping>> read_id_map(pid_t pid, const IdKind& kind);

// Whether setgroups(2) is denied in the user namespace of a process.
bool groups_are_denied(pid_t pid);

// Who in the caller's user namespace is `inside` in another one. EINVAL: it has no such ids.
struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
Call<Owner> owner_outside(int user_namespace, const Owner& inside);

// A user namespace with these maps that no process is in: only its descriptor holds it.
Call<UniqueFd> make_user_namespace(const std::string& uid_map, const std::string& gid_map);

}  // namespace tare::runtime

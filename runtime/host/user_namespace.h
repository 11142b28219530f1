// SPDX-License-Identifier: Apache-2.0
//
// User namespaces and their id maps (user_namespaces(7)) as the kernel shows them.
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
  const char* helper;   // absolute path, because it is set-user-ID root and PATH is the caller's
  const char* ranges;   // the file that the helper reads
  const char* pointer;  // into config.json
};
inline constexpr IdKind user_ids = {"user ids", "uid_map", "/usr/bin/newuidmap", "/etc/subuid",
                                    "/linux/uidMappings"};
inline constexpr IdKind group_ids = {"group ids", "gid_map", "/usr/bin/newgidmap", "/etc/subgid",
                                     "/linux/gidMappings"};

// The map of a process's user namespace, relative to the caller's user namespace.
Call<std::vector<oci::IDMapping>> read_id_map(pid_t pid, const IdKind& kind);

// True if the caller is in the user namespace that the machine started with.
bool in_first_user_namespace();

// Whether setgroups(2) is denied in the user namespace of a process; never in the first one.
bool groups_are_denied(pid_t pid);

// The ids in the caller's user namespace of `inside` in another one. EINVAL if they are not mapped.
struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};
Call<Owner> owner_outside(int user_namespace, const Owner& inside);

// A user namespace with these maps and without processes; only the descriptor holds it.
Call<UniqueFd> make_user_namespace(const std::string& uid_map, const std::string& gid_map);

}  // namespace tare::runtime

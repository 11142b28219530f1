// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// Lines as user_namespaces(7) has them, "INSIDE OUTSIDE COUNT\n".
Call<void> write_id_maps(pid_t pid, const std::string& uid_map, const std::string& gid_map);

// A user namespace with these maps that no process is in: only its descriptor holds it.
Call<UniqueFd> make_user_namespace(const std::string& uid_map, const std::string& gid_map);

}  // namespace tare::runtime

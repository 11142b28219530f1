// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

// Connects to a stream socket in the file system. Its path may be longer than sockaddr_un takes.
Result<UniqueFd> connect_socket(const std::string& path);

}  // namespace tare::runtime

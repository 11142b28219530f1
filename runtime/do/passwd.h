// SPDX-License-Identifier: Apache-2.0
//
// The image's /etc/passwd, passwd(5): text of a stranger.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tare::runtime {

// "HOME=" and the directory of this user. "/" without an entry, and where the entry has no absolute
// path.
std::string home_variable(std::string_view passwd, std::uint32_t uid);

}  // namespace tare::runtime

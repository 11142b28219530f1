// SPDX-License-Identifier: Apache-2.0
#include "runtime/do/passwd.h"

#include "base/text.h"

namespace tare::runtime {

namespace {

// name:password:uid:gid:gecos:home:shell
std::string_view home_in(std::string_view passwd, std::uint32_t uid) {
  for (const std::string_view line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 6 || parse_number<std::uint32_t>(fields[2]) != uid) continue;
    return fields[5];
  }
  return {};
}

}  // namespace

std::string home_variable(std::string_view passwd, std::uint32_t uid) {
  const std::string_view home = home_in(passwd, uid);
  const bool usable = home.starts_with('/') && home.find('\0') == std::string_view::npos;
  return "HOME=" + std::string(usable ? home : "/");
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/host/passwd.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/text.h"

namespace tare::runtime {

std::string user_name(uid_t uid) {
  const Call<std::string> passwd = read_regular_file(AT_FDCWD, "/etc/passwd", 1 << 20);
  if (passwd.ok()) {
    for (const std::string_view line : split(*passwd, '\n')) {
      const auto fields = split(line, ':');
      if (fields.size() > 2 && parse_number<uid_t>(fields[2]) == uid) return std::string(fields[0]);
    }
  }
  return std::to_string(uid);
}

}  // namespace tare::runtime

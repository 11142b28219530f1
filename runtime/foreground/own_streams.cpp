// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreground/own_streams.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

#include "base/text.h"

namespace tare::runtime {

namespace {

oci::RecordedStream own_stream(int fd) {
  oci::RecordedStream stream;
  std::array<char, PATH_MAX> link{};
  const std::string file = join({"/proc/self/fd/", std::to_string(fd)}, "");
  const ssize_t length = ::readlink(file.c_str(), link.data(), link.size());
  if (length <= 0) return stream;
  stream.link.assign(link.data(), static_cast<std::size_t>(length));
  // For a file that is neither on a file system nor a device, the name is enough.
  if (!stream.link.starts_with('/') || stream.link.starts_with("/dev/")) return stream;
  struct statx status {};
  constexpr unsigned wanted = STATX_TYPE | STATX_INO | STATX_MNT_ID;
  if (::statx(fd, "", AT_EMPTY_PATH, wanted, &status) != 0) return stream;
  if (!S_ISREG(status.stx_mode)) return stream;
  stream.mount = status.stx_mnt_id;
  stream.inode = status.stx_ino;
  return stream;
}

}  // namespace

std::vector<oci::RecordedStream> own_streams() {
  return {own_stream(STDIN_FILENO), own_stream(STDOUT_FILENO), own_stream(STDERR_FILENO)};
}

}  // namespace tare::runtime

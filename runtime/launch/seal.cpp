// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/seal.h"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/system.h"

namespace tare::runtime {

namespace {

constexpr int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

Call<UniqueFd> sealed_copy(int executable) {
  struct stat status {};
  if (::fstat(executable, &status) != 0) return Fault::last("fstat");
  UniqueFd copy = TRY(sys::executable_memory("tare"));
  for (off_t sent = 0; sent < status.st_size;) {
    const auto left = static_cast<std::size_t>(status.st_size - sent);
    if (::sendfile(copy.get(), executable, &sent, left) <= 0) return Fault::last("sendfile");
  }
  if (::fcntl(copy.get(), F_ADD_SEALS, seals) != 0) return Fault::last("fcntl(F_ADD_SEALS)");
  return copy;
}

Call<void> execute(char* const argv[]) {
  const UniqueFd self = TRY(open_at(AT_FDCWD, "/proc/self/exe", O_RDONLY));
  // Only memory files have seals. fcntl(2) fails with EINVAL on other files.
  const int present = ::fcntl(self.get(), F_GET_SEALS);
  if (present >= 0 && (present & seals) == seals) return {};
  const UniqueFd copy = TRY(sealed_copy(self.get()));
  ::syscall(SYS_execveat, copy.get(), "", argv, environ, AT_EMPTY_PATH);
  return Fault::last("execveat");
}

}  // namespace

Result<void> run_sealed(char* const argv[]) {
  return execute(argv).because("run from a sealed copy of tare");
}

}  // namespace tare::runtime

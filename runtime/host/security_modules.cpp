// SPDX-License-Identifier: Apache-2.0
#include "runtime/host/security_modules.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

namespace tare::runtime {

namespace {

bool has(int root, const char* path) {
  return ::faccessat(root, path, F_OK, 0) == 0;
}

}  // namespace

SecurityModules security_modules(int root) {
  SecurityModules modules;
  const Call<UniqueFd> enabled = open_at(root, "sys/module/apparmor/parameters/enabled", O_RDONLY);
  char answer = 'N';
  if (enabled.ok()) modules.apparmor = ::read(enabled->get(), &answer, 1) == 1 && answer == 'Y';
  modules.selinux = has(root, "sys/fs/selinux/enforce");  // selinuxfs is mounted and has a policy
  return modules;
}

}  // namespace tare::runtime

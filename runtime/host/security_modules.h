// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tare::runtime {

// The modules that can confine a process.
struct SecurityModules {
  bool apparmor = false;
  bool selinux = false;
};

// `root` is the host's "/".
SecurityModules security_modules(int root);

}  // namespace tare::runtime

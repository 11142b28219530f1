// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/root.h"

#include "base/text.h"
#include "runtime/steps/words.h"

namespace tare::runtime::step {

std::string HostPropagation::words() const {
  return "make the host's mounts " + propagation_words(flags);
}

std::string AttachRoot::words() const {
  return "mount rootfs " + shortened(path) + " on itself";
}

std::string OpenRoot::words() const {
  return "open rootfs " + shortened(path);
}

std::string EnterRoot::words() const {
  switch (how) {
    case RootChange::pivot:
      return "pivot into the root file system";
    case RootChange::move:
      return "move the root file system onto /";
    case RootChange::chroot:
      break;
  }
  return "chroot into the root file system";
}

std::string RootPropagation::words() const {
  return "make / " + propagation_words(flags);
}

}  // namespace tare::runtime::step

// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/mounts.h"

#include "base/text.h"
#include "runtime/steps/words.h"

namespace tare::runtime::step {

std::string OpenTree::words() const {
  return "take the mount " + std::string(recursive ? "tree " : "") + shortened(path);
}

std::string ReadLink::words() const {
  return "read the link " + shortened(path);
}

std::string EnterMountCopy::words() const {
  return "enter init's copy of the host's mounts";
}

std::string LeaveMountCopy::words() const {
  return "come back; the next word to init brings it the trees";
}

std::string MapTree::words() const {
  return "map the owners of " + shortened(source);
}

std::string MountFilesystem::words() const {
  return "mount " + shortened(type) + " on " + shown(destination);
}

std::string MountTree::words() const {
  return "bind " + shortened(source) + " on " + shown(destination);
}

std::string Remount::words() const {
  return "remount " + shown(destination);
}

std::string SealMount::words() const {
  const char* extent = all_below ? ", and all that is mounted below" : "";
  return "make " + shown(destination) + " read-only" + extent;
}

std::string MakeDirectory::words() const {
  return "make directory " + shown(path);
}

std::string FindMount::words() const {
  return "find the mount on " + shown(destination);
}

std::string Unmount::words() const {
  return "unmount " + shown(mount.destination);
}

}  // namespace tare::runtime::step

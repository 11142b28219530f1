// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/devices.h"

#include <sys/stat.h>

#include "runtime/steps/words.h"

namespace tare::runtime::step {

std::string MakeDevice::words() const {
  const unsigned type = mode & S_IFMT;
  if (type == S_IFIFO) return "make fifo " + shown(path) + " " + octal(mode & 07777);
  return "make device " + shown(path) + " " + (type == S_IFBLK ? "b " : "c ") +
         std::to_string(major) + ":" + std::to_string(minor) + " " + octal(mode & 07777);
}

std::string BindDevice::words() const {
  return "bind device " + shown(path);
}

std::string MakeSymlink::words() const {
  return "link " + shown(path) + " to " + target;
}

}  // namespace tare::runtime::step

// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/identity.h"

#include "base/text.h"

namespace tare::runtime::step {

std::string DropBounding::words() const {
  return "drop bounding capabilities";
}

std::string SetUser::words() const {
  return "set user " + std::to_string(uid) + ":" + std::to_string(gid);
}

std::string SetCapabilities::words() const {
  return "set capabilities";
}

std::string NoNewPrivileges::words() const {
  return "set no_new_privs";
}

std::string CheckLabel::words() const {
  return "check SELinux label " + label;
}
std::string OpenAttributes::words() const {
  return "keep the security attributes at hand";
}

std::string SetLabel::words() const {
  return "set " + module + " " + quote(shortened(text));
}

}  // namespace tare::runtime::step

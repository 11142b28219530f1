// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/namespaces.h"

#include "base/text.h"
#include "runtime/steps/namespace_kinds.h"
#include "runtime/steps/words.h"

namespace tare::runtime::step {

std::string OpenNamespace::words() const {
  return std::string("open ") + kind_of(type).word + " namespace " + shortened(path);
}

std::string CloneStage::words() const {
  return "clone the stage";
}

std::string CloneInit::words() const {
  return namespaces == 0 ? "clone init" : "clone init into new namespaces: " + kinds_of(namespaces);
}

std::string JoinNamespace::words() const {
  return std::string("join ") + kind_of(type).word + " namespace " + shortened(path);
}

std::string JoinContainer::words() const {
  return "join the container's namespaces: " + kinds_of(namespaces);
}

std::string TimeOffsets::words() const {
  return "set the clocks of a new time namespace";
}

std::string WriteMappings::words() const {
  std::string words = "map user and group ids";
  if (uids == MapWriter::helper) words += ", newuidmap";
  if (gids == MapWriter::helper) words += ", newgidmap";
  return words + (deny_groups ? ", setgroups denied" : "");
}

std::string BecomeRoot::words() const {
  return "become root of the user namespace";
}

std::string NewMountNamespace::words() const {
  return "copy the host's mounts";
}

std::string NewCgroupNamespace::words() const {
  return "new cgroup namespace";
}

std::string SetHostname::words() const {
  return "set hostname " + quote(name);
}

std::string SetDomainname::words() const {
  return "set domainname " + quote(name);
}

std::string LoopbackUp::words() const {
  return "bring lo up";
}

}  // namespace tare::runtime::step

// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/execution.h"

#include "base/text.h"

namespace tare::runtime::step {

std::string EnterStub::words() const {
  return "become the stub";
}

std::string ForkIntoNamespaces::words() const {
  return "fork into the namespaces";
}

std::string EnterDirectory::words() const {
  return "change to directory " + shortened(path);
}

std::string RetryDirectory::words() const {
  return "verify the working directory " + shortened(path);
}

std::string FindProgram::words() const {
  return "find " + quote(name);
}

std::string Ready::words() const {
  return "ready";
}

std::string AwaitStart::words() const {
  return "wait to be started";
}

std::string Execute::words() const {
  return "execute " + quote(name);
}

}  // namespace tare::runtime::step

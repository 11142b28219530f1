// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/streams.h"

namespace tare::runtime::step {

std::string OpenDescriptors::words() const {
  return "keep the own descriptors at hand";
}

std::string OwnStdio::words() const {
  return "give stdio to uid " + std::to_string(uid);
}

std::string OwnPipes::words() const {
  return "give pipes of the host to uid " + std::to_string(uid);
}

std::string TakeStreams::words() const {
  return "take the hook's standard streams";
}

}  // namespace tare::runtime::step

// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/process.h"

#include <sys/resource.h>

#include "runtime/steps/words.h"

namespace tare::runtime::step {

std::string InitialCpus::words() const {
  return "set the initial CPUs";
}

std::string AllCpus::words() const {
  return "allow all CPUs";
}

std::string FinalCpus::words() const {
  return "set the final CPUs";
}

std::string SetScheduler::words() const {
  return "set the scheduling policy";
}

std::string SetIoPriority::words() const {
  return "set the I/O priority";
}

std::string SetPersonality::words() const {
  return "set the personality";
}

std::string SetMemoryPolicy::words() const {
  return "set the memory policy";
}

std::string SetUmask::words() const {
  return "set umask " + octal(mask);
}

std::string OomScoreAdj::words() const {
  return "set oom_score_adj to " + std::to_string(value);
}

std::string SetRlimit::words() const {
  const auto limit = [](std::uint64_t value) {
    return value == RLIM_INFINITY ? std::string("unlimited") : std::to_string(value);
  };
  return "set " + type + " to " + limit(soft) + " (hard " + limit(hard) + ")";
}

std::string SessionKeyring::words() const {
  return "join session keyring " + name;
}

std::string FindHome::words() const {
  return "find HOME";
}

}  // namespace tare::runtime::step

// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/warnings.h"

#include "base/text.h"
#include "oci/validate.h"
#include "runtime/plan/capabilities.h"

namespace tare::runtime {

namespace {

bool has_user_namespace(const oci::Config& config) {
  return config.linux_ &&
         oci::find_namespace(config.linux_->namespaces, oci::NamespaceType::user) != nullptr;
}

// config.md, "Linux Process": a capability that cannot be granted is a warning and does not make
// the create fail. In a user namespace a process starts with every capability.
void warn_of_ungranted(const oci::Config& config, const Host& host, std::vector<Error>& said) {
  if (!config.process || !config.process->capabilities || has_user_namespace(config)) return;
  for (const std::string& name : config.process->capabilities->permitted) {
    if ((capability_set({name}) & ~host.capabilities) == 0) continue;
    said.push_back(Error::config("/process/capabilities/permitted",
                                 printable(name) + " cannot be granted, tare does not have it"));
  }
}

}  // namespace

std::vector<Error> doubts(const oci::Config& config, const Host& host) {
  std::vector<Error> said = oci::doubts(config);
  warn_of_ungranted(config, host, said);
  return said;
}

std::vector<std::string> warnings(const oci::Config& config, const Host& host) {
  std::vector<std::string> lines;
  for (const Error& error : doubts(config, host)) lines.push_back(error.message());
  return lines;
}

}  // namespace tare::runtime

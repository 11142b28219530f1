// SPDX-License-Identifier: Apache-2.0
//
// A container that exists, planned once more from its bundle: what it should be.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "oci/config.h"
#include "runtime/lifecycle/create.h"
#include "runtime/plan/plan.h"
#include "runtime/store/container.h"

namespace tare::runtime {

struct Configured {
  oci::Config config;
  Plan plan;
  bool changed = false;  // config.json was written after the container was created
};

// `file` is the config in the bundle, `store` the path of the store, `joined` the namespaces that
// the command line gave instead of those of the config. The cgroup is that of the record.
Result<Configured> plan_again(const Container& container, const std::string& file,
                              const std::string& store, const std::vector<oci::Namespace>& joined);

}  // namespace tare::runtime

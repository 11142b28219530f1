// SPDX-License-Identifier: Apache-2.0
//
// A container that exists, planned once more from its bundle: what it should be.
#pragma once

#include <string>

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

// `file` is the config in the bundle, `store` the path of the store. The cgroup is that of the
// record.
Result<Configured> plan_again(const Container& container, const std::string& file,
                              const std::string& store);

}  // namespace tare::runtime

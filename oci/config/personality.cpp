// SPDX-License-Identifier: Apache-2.0
#include "oci/config/personality.h"

#include "oci/config/rules.h"

namespace tare::oci {

// config-linux.md, "Personality": no flag is defined.
void check(const Personality& personality, const Place& place, Problems& problems) {
  if (personality.flags.empty()) return;
  problems.add(Place(place, "flags"), "must be empty, no flag is defined");
}

}  // namespace tare::oci

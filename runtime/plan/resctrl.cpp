// SPDX-License-Identifier: Apache-2.0
//
// The resctrl group of the container's processes (config-linux.md, "IntelRdt").
#include <string>

#include "runtime/plan/draft.h"

namespace tare::runtime {

void plan_resctrl(Draft& draft) {
  if (!draft.linux_.intelRdt) return;
  const oci::IntelRdt& rdt = *draft.linux_.intelRdt;
  const std::string origin = "/linux/intelRdt";
  const bool named = !rdt.closID.empty();
  step::EnterResctrl enter;
  enter.group = !named ? draft.options.id : rdt.closID == "/" ? "" : rdt.closID;
  enter.keeps = named;
  // The order is the specification's: L3 first, then memory bandwidth, then the rest.
  const auto line = [&](const std::string& text, const std::string& at, bool compared) {
    if (!text.empty()) enter.schemata.push_back({text, origin + at, compared});
  };
  line(rdt.l3CacheSchema, "/l3CacheSchema", named);
  line(rdt.memBwSchema, "/memBwSchema", named);
  for (std::size_t i = 0; i < rdt.schemata.size(); ++i) {
    line(rdt.schemata[i], pointer("/schemata", i), false);
  }
  enter.must_exist = named && enter.schemata.empty();
  if (rdt.enableMonitoring) enter.monitor = draft.options.id;
  draft.add<Actor::host>(origin, std::move(enter), draft.last(Actor::stage));
}

}  // namespace tare::runtime

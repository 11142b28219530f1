// SPDX-License-Identifier: Apache-2.0
#include "oci/output/planned_step.h"

#include "oci/json/codec.h"

namespace tare::oci {

constexpr auto fields(Of<PlannedStep>) {
  return Table{
      Field<&PlannedStep::change>{"change"},
      Field<&PlannedStep::step>{"step"},
      Field<&PlannedStep::actor>{"actor", Presence::always},
      Field<&PlannedStep::after>{"after"},
      Field<&PlannedStep::what>{"what", Presence::always},
      Field<&PlannedStep::details>{"details", Presence::always},
      Field<&PlannedStep::calls>{"calls", Presence::always},
      Field<&PlannedStep::origin>{"origin", Presence::always},
  };
}

std::string encode_plan(const std::vector<PlannedStep>& steps) {
  return encode_document(steps) + '\n';
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// The field table of Exit, which three documents contain.
#pragma once

#include <tuple>

#include "oci/exit.h"
#include "oci/json/fields.h"

namespace tare::oci {

template <>
struct Fields<Exit> {
  static constexpr std::tuple table{
      Field<&Exit::outcome>{"outcome", Presence::required},
      Field<&Exit::code>{"code"},
      Field<&Exit::signal>{"signal"},
      Field<&Exit::coreDumped>{"coreDumped"},
      Field<&Exit::oomKills>{"oomKills"},
      Field<&Exit::oomCgroup>{"oomCgroup"},
      Field<&Exit::ended>{"ended"},
  };
};

}  // namespace tare::oci

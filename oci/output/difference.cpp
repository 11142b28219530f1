// SPDX-License-Identifier: Apache-2.0
#include "oci/output/difference.h"

#include "oci/json/codec.h"

namespace tare::oci {

constexpr auto fields(Of<Difference>) {
  return Table{
      Field<&Difference::origin>{"origin", Presence::always},
      Field<&Difference::property>{"property", Presence::always},
      Field<&Difference::configured>{"configured", Presence::always},
      Field<&Difference::found>{"found", Presence::always},
  };
}

std::string encode_differences(const std::vector<Difference>& differences) {
  return encode_document(differences) + '\n';
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// linux.personality (config-linux.md, "Personality").
#pragma once

#include <array>
#include <string>
#include <vector>

#include "oci/json/fields.h"

namespace tare::oci {

enum class PersonalityDomain { LINUX, LINUX32 };

template <>
struct Names<PersonalityDomain> {
  using enum PersonalityDomain;
  static constexpr std::array table = {
      EnumName<PersonalityDomain>{LINUX, "LINUX"},
      EnumName<PersonalityDomain>{LINUX32, "LINUX32"},
  };
};

struct Personality {
  PersonalityDomain domain = PersonalityDomain::LINUX;
  std::vector<std::string> flags;
};

constexpr auto fields(Of<Personality>) {
  return Table{
      Field<&Personality::domain>{"domain", Presence::required},
      Field<&Personality::flags>{"flags"},
  };
}

}  // namespace tare::oci

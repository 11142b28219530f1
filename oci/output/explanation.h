// SPDX-License-Identifier: Apache-2.0
//
// What `tare why` prints.
#pragma once

#include <string>
#include <vector>

#include "oci/json/fields.h"
#include "oci/last_failure.h"

namespace tare::oci {

struct Explanation {
  Failure failure;
  std::string value;               // of the property at the failure's origin, as JSON
  std::string rule;                // what the kernel or the specification requires
  std::string section;             // of the specification
  std::vector<std::string> found;  // on this host: then, and now
  std::string look;                // a command that shows more
  std::string change;              // what to do
};

constexpr auto fields(Of<Explanation>) {
  return Table{
      Field<&Explanation::failure>{"failure", Presence::always},
      Field<&Explanation::value>{"value", Presence::always},
      Field<&Explanation::rule>{"rule", Presence::always},
      Field<&Explanation::section>{"section", Presence::always},
      Field<&Explanation::found>{"found", Presence::always},
      Field<&Explanation::look>{"look", Presence::always},
      Field<&Explanation::change>{"change", Presence::always},
  };
}

// One JSON object on one line, with a newline at the end.
std::string encode_explanation(const Explanation& explanation);

}  // namespace tare::oci

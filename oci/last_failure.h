// SPDX-License-Identifier: Apache-2.0
//
// A failed command, as tare keeps it for `tare why`.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/json/fields.h"
#include "oci/problem.h"

namespace tare::oci {

struct Failure {
  std::string time;  // RFC 3339, UTC
  std::string root;  // where the containers are recorded: --root
  std::string container;
  std::string bundle;  // absolute; empty: not known
  std::string config;  // the file in it
  std::string call;    // the system call that failed: "mount_setattr"; empty: none
  Problem problem;
};

constexpr auto fields(Of<Failure>) {
  return Table{
      Field<&Failure::time>{"time", Presence::required},
      Field<&Failure::root>{"root"},
      Field<&Failure::container>{"container"},
      Field<&Failure::bundle>{"bundle"},
      Field<&Failure::config>{"config"},
      Field<&Failure::call>{"call"},
      Field<&Failure::problem>{"problem", Presence::required},
  };
}

// One JSON object on one line, with a newline at the end.
std::string encode_failure(const Failure& failure);
Result<Failure> decode_failure(std::string_view json);

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// What the kernel and the runtime specification require where a command has failed: a table for
// `tare why`. It is about the call in general; what is so on this host is in findings.h.
#pragma once

#include <string>
#include <string_view>

namespace tare::runtime {

struct Requirement {
  std::string_view call;        // "fsopen"; empty: any
  std::string_view errno_name;  // "ENODEV"; empty: any
  std::string_view origin;      // the beginning of the JSON pointer; empty: any
  std::string_view rule;        // what must be so
  std::string_view look;        // a command that shows it; empty: none
  std::string_view change;      // what to do; empty: not known
};

// The first row that fits; a row without a rule if none does.
const Requirement& requirement_of(std::string_view call, std::string_view errno_name,
                                  std::string_view origin);

// "config.md, \"Mounts\"" for "/mounts/3/source"; empty if the property is in no section.
std::string section_of(std::string_view origin);

}  // namespace tare::runtime

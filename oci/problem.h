// SPDX-License-Identifier: Apache-2.0
//
// An Error as a program reads it: `--error-format json` and `tare check --format json`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/json/fields.h"

namespace tare::oci {

// Where there is nothing to say a member is null.
struct Problem {
  std::string code;                       // code_word() of the error's kind
  std::string phase;                      // the command, or what of it
  std::string step;                       // what was being done to which object
  std::optional<std::string> origin;      // JSON pointer into config.json
  std::optional<std::string> errno_name;  // "EPERM"
  std::optional<std::string> cause;       // the errno's words
  std::optional<std::string> hint;        // what to do
  std::string message;                    // all of it, as people read it
};

constexpr auto fields(Of<Problem>) {
  return Table{
      Field<&Problem::code>{"code", Presence::always},
      Field<&Problem::phase>{"phase", Presence::always},
      Field<&Problem::step>{"step", Presence::always},
      Field<&Problem::origin>{"origin", Presence::always},
      Field<&Problem::errno_name>{"errno", Presence::always},
      Field<&Problem::cause>{"cause", Presence::always},
      Field<&Problem::hint>{"hint", Presence::always},
      Field<&Problem::message>{"message", Presence::always},
  };
}

// One stable word for each kind; docs/errors.md lists them.
std::string_view code_word(Error::Kind kind);

Problem problem(const Error& error, std::string_view phase);

// One JSON object on one line, with a newline at the end.
std::string encode_problem(const Problem& problem);

// One line; "[]" when empty.
std::string encode_problems(const std::vector<Problem>& problems);

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// An Error as JSON: `--error-format json` and `tare check --format json`. A member without a value
// is null.
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
  std::string phase;                      // the command, or a part of it
  std::string step;                       // the failed step and its object
  std::optional<std::string> origin;      // JSON pointer into config.json
  std::optional<std::string> errno_name;  // "EPERM"
  std::optional<std::string> cause;       // the text of the errno
  std::optional<std::string> hint;        // what to do
  std::string message;                    // the whole text line
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

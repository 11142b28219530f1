// SPDX-License-Identifier: Apache-2.0
//
// From JSON text to the types of oci/config.h and back.
//
// Decoding checks the form: types, ranges, required properties, names of enums, and that nothing is
// asked for that this version does not carry out. What values mean together is oci/validate.h's.
// Unknown properties are ignored (config.md, "Extensibility"); null counts as absent wherever the
// member is an object, array, map, string or optional. What can be spelled in several ways has one
// spelling then: bring_into_normal_form() in oci/config.h.
//
// Errors are of kind `config` with the JSON pointer of the value (or line and column where the text
// is not JSON), or of kind `unsupported`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config.h"

namespace tare::oci {

Result<Config> decode_config(std::string_view json);
// Every error of the form goes into `problems`, and what has one is left as if it were absent; an
// error only where the text is not JSON.
Result<Config> decode_config_collecting(std::string_view json, std::vector<Error>& problems);
Result<Process> decode_process(std::string_view json);      // of `exec --process`
Result<Resources> decode_resources(std::string_view json);  // of `update --resources`

// Mounts that come alone: an array of them, or one.
struct MountList {
  std::vector<Mount> mounts;
  bool is_array = false;
};
Result<MountList> decode_mounts(std::string_view json);

// Compact, members in the order of the field tables; what says nothing is left out. Decoding gives
// the same value back, unless a string is not UTF-8 (it becomes U+FFFD).
std::string encode(const Config& config);
std::string encode(const Process& process);
std::string encode(const Resources& resources);

// Indented with tabs, without a newline at the end, as `runc spec` writes it.
std::string encode_pretty(const Config& config);

}  // namespace tare::oci

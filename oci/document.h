// SPDX-License-Identifier: Apache-2.0
//
// From JSON text to the types of oci/config.h and back.
//
// Decoding checks the form: types, ranges, required properties, names of enums, and unsupported
// properties. oci/validate.h checks the meaning of values together. Unknown properties are ignored
// (config.md, "Extensibility"); null counts as absent if the member is an object, array, map,
// string or optional. Values with several spellings are converted to one: bring_into_normal_form()
// in oci/config.h.
//
// Errors are of kind `config` with the JSON pointer of the value (or line and column if the text is
// not JSON), or of kind `unsupported`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "oci/config.h"

namespace tare::oci {

Result<Config> decode_config(std::string_view json);
// Adds every error of the form to `problems`, and treats the value as absent; returns an error only
// if the text is not JSON.
Result<Config> decode_config_collecting(std::string_view json, std::vector<Error>& problems);
Result<Process> decode_process(std::string_view json);      // of `exec --process`
Result<Resources> decode_resources(std::string_view json);  // of `update --resources`

// Only mounts: an array of them, or one.
struct MountList {
  std::vector<Mount> mounts;
  bool is_array = false;
};
Result<MountList> decode_mounts(std::string_view json);

// Compact, members in the order of the field tables, without empty ones. Decoding returns the same
// value, unless a string is not UTF-8 (it becomes U+FFFD).
std::string encode(const Config& config);
std::string encode(const Process& process);
std::string encode(const Resources& resources);

// Indented with tabs, without a newline at the end, as in `runc spec`.
std::string encode_pretty(const Config& config);

}  // namespace tare::oci

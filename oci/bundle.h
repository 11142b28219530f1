// SPDX-License-Identifier: Apache-2.0
//
// A bundle on disk (bundle.md) and the documents in it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/config.h"
#include "oci/document.h"

namespace tare::oci {

struct Bundle {
  std::string path;    // absolute, canonical, valid UTF-8: used unchanged in the state
  UniqueFd directory;  // O_PATH
};

// The error names the path as the caller wrote it.
Result<Bundle> open_bundle(const std::string& path);

// Opens the file once. The bundle's own config.json must be a regular file; any other may be a
// pipe, with the deadline of read_file_or_pipe(). Errors without a JSON pointer start with the
// file's name.
Result<Config> load_config(const Bundle& bundle, const std::string& file = "config.json");

// The same, with all decoding errors in `problems`: see decode_config_collecting().
Result<Config> load_config(const Bundle& bundle, const std::string& file,
                           std::vector<Error>& problems);

// Whether load_config() would read a pipe, which is possible only once.
bool comes_through_pipe(const std::string& bundle, const std::string& file);

// The document of `exec --process`, relative to the current directory.
Result<Process> load_process(const std::string& path);

}  // namespace tare::oci

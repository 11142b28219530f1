// SPDX-License-Identifier: Apache-2.0
//
// descriptors.json beside the images of a checkpoint: the standard streams of the container's
// process ("pipe:[1234]", "/dev/null"), an array of three strings. Name and format are runc's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tare::oci {

std::string encode_descriptors(const std::vector<std::string>& streams);
Result<std::vector<std::string>> decode_descriptors(std::string_view json);

}  // namespace tare::oci

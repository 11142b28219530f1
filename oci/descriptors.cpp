// SPDX-License-Identifier: Apache-2.0
#include "oci/descriptors.h"

#include "oci/json/codec.h"

namespace tare::oci {

std::string encode_descriptors(const std::vector<std::string>& streams) {
  return encode_document(streams);
}

Result<std::vector<std::string>> decode_descriptors(std::string_view json) {
  return decode_document<std::vector<std::string>>(json);
}

}  // namespace tare::oci

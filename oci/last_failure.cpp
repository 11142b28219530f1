// SPDX-License-Identifier: Apache-2.0
#include "oci/last_failure.h"

#include "oci/json/codec.h"

namespace tare::oci {

std::string encode_failure(const Failure& failure) {
  return encode_document(failure) + '\n';
}

Result<Failure> decode_failure(std::string_view json) {
  return decode_document<Failure>(json);
}

}  // namespace tare::oci

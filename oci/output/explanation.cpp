// SPDX-License-Identifier: Apache-2.0
#include "oci/output/explanation.h"

#include "oci/json/codec.h"

namespace tare::oci {

std::string encode_explanation(const Explanation& explanation) {
  return encode_document(explanation) + '\n';
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
#include "oci/value_at.h"

#include "oci/json/json.h"

namespace tare::oci {

std::optional<std::string> value_at(std::string_view json, const std::string& pointer) {
  const Result<Document> document = parse(json);
  return document.ok() ? text_at(*document, pointer) : std::nullopt;
}

}  // namespace tare::oci

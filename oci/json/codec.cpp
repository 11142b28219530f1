// SPDX-License-Identifier: Apache-2.0
#include "oci/json/codec.h"

#include "base/text.h"

namespace tare::oci {

Result<void> decode_rows(void* object, std::span<const Row> rows, const Decode* decoders,
                         const Json& json, const Place& place) {
  if (!holds_object(json)) return wrong_type(place, "an object", json);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const Place at(place, row.name);
    const Json* value = find_property(json, row.name);
    if (value == nullptr || (row.nullable && holds_null(*value))) {
      if (row.presence == Presence::required) TRY(at.passed(at.error("is required")));
      continue;
    }
    TRY(at.passed(decoders[i](object, *value, at)));
    if (row.presence == Presence::unsupported && row.says_something(object)) {
      TRY(at.passed(Error::unsupported(at.pointer(), "not carried out by this version of tare")));
    }
  }
  return {};
}

void encode_rows(const void* object, std::span<const Row> rows, Writer& writer) {
  writer.start_object();
  for (const Row& row : rows) {
    const bool always = row.presence == Presence::always || row.presence == Presence::required;
    if (!always && !row.says_something(object)) continue;
    writer.string(row.name);
    row.encode(object, writer);
  }
  writer.end_object();
}

Result<int> decode_enum(const Json& json, const Place& place, std::span<const EnumRow> rows) {
  const std::string name = TRY(decode_string(json, place));
  std::string known;
  for (const EnumRow& row : rows) {
    if (row.name == name) return row.value;
    known.append(known.empty() ? "" : ", ").append(row.name);
  }
  return place.error("must be one of " + known + ", is " + quote(name));
}

}  // namespace tare::oci

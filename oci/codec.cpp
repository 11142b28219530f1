// SPDX-License-Identifier: Apache-2.0
#include "oci/codec.h"

#include "base/text.h"
#include "oci/document.h"
#include "oci/normal_form.h"

namespace tare::oci {

Result<void> decode_rows(void* object, std::span<const Row> rows, const Json& json,
                         const Place& place) {
  if (!json.IsObject()) return wrong_type(place, "an object", json);
  for (const Row& row : rows) {
    const Place at(place, row.name);
    const Json* value = find_member(json, row.name);
    if (value == nullptr || (row.nullable && value->IsNull())) {
      if (row.presence == Presence::required) TRY(at.passed(at.error("is required")));
      continue;
    }
    TRY(at.passed(row.decode(object, *value, at)));
    if (row.presence == Presence::unsupported && row.says_something(object)) {
      TRY(at.passed(Error::unsupported(at.pointer(), "not carried out by this version of tare")));
    }
  }
  return {};
}

void encode_rows(const void* object, std::span<const Row> rows, Writer& writer) {
  writer.StartObject();
  for (const Row& row : rows) {
    const bool always = row.presence == Presence::always || row.presence == Presence::required;
    if (!always && !row.says_something(object)) continue;
    write_string(writer, row.name);
    row.encode(object, writer);
  }
  writer.EndObject();
}

Result<int> decode_enum(const Json& json, const Place& place, std::span<const EnumRow> rows) {
  if (!json.IsString()) return wrong_type(place, "a string", json);
  const std::string_view name(json.GetString(), json.GetStringLength());
  std::string known;
  for (const EnumRow& row : rows) {
    if (row.name == name) return row.value;
    known.append(known.empty() ? "" : ", ").append(row.name);
  }
  return place.error("must be one of " + known + ", is " + quote(name));
}

template Result<void> decode_value(Process&, const Json&, const Place&);
template void encode_value(const Process&, Writer&);
template Result<void> decode_value(Hooks&, const Json&, const Place&);
template void encode_value(const Hooks&, Writer&);
template Result<void> decode_value(Seccomp&, const Json&, const Place&);
template void encode_value(const Seccomp&, Writer&);
template Result<void> decode_value(Namespace&, const Json&, const Place&);
template void encode_value(const Namespace&, Writer&);

namespace {

template <class T>
Result<T> in_normal_form(Result<T> decoded) {
  if (decoded.ok()) bring_into_normal_form(*decoded);
  return decoded;
}

}  // namespace

Result<Config> decode_config(std::string_view json) {
  return in_normal_form(decode_document<Config>(json));
}
Result<Config> decode_config_collecting(std::string_view json, std::vector<Error>& problems) {
  const auto document = TRY(parse(json));
  const Place whole(problems);
  Config config;
  TRY(decode_value(config, document->tree, whole));
  bring_into_normal_form(config);
  return config;
}
Result<Process> decode_process(std::string_view json) {
  return decode_document<Process>(json);
}
Result<Resources> decode_resources(std::string_view json) {
  return in_normal_form(decode_document<Resources>(json));
}

Result<MountList> decode_mounts(std::string_view json) {
  const auto document = TRY(parse(json));
  MountList list;
  list.is_array = document->tree.IsArray();
  if (list.is_array) {
    TRY(decode_value(list.mounts, document->tree, Place()));
  } else {
    TRY(decode_value(list.mounts.emplace_back(), document->tree, Place()));
  }
  bring_into_normal_form(list.mounts);
  return list;
}

std::string encode(const Config& config) {
  return encode_document(config);
}
std::string encode(const Process& process) {
  return encode_document(process);
}
std::string encode(const Resources& resources) {
  return encode_document(resources);
}

std::string encode_pretty(const Config& config) {
  return indented(encode(config), '\t', 1);
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
#include "oci/document.h"

#include "oci/json/codec.h"

namespace tare::oci {

// For record.cpp, whose document contains a config.
template Result<void> decode_value(Config&, const Json&, const Place&);
template void encode_value(const Config&, Writer&);
template Result<void> decode_value(Linux&, const Json&, const Place&);

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
  const Document document = TRY(parse(json));
  const Place whole(problems);
  Config config;
  TRY(decode_value(config, document.root(), whole));
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
  const Document document = TRY(parse(json));
  MountList list;
  list.is_array = holds_array(document.root());
  if (list.is_array) {
    TRY(decode_value(list.mounts, document.root(), Place()));
  } else {
    TRY(decode_value(list.mounts.emplace_back(), document.root(), Place()));
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

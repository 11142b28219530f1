// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as config.json, process.json, resources, record and exit: decoded or refused, never
// worse; and what was decoded encodes to a document that decodes to the same.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "oci/document.h"
#include "oci/exit.h"
#include "oci/record.h"
#include "oci/validate.h"

using namespace tare;
using namespace tare::oci;

namespace {

[[noreturn]] void fail(const char* words, const std::string& text) {
  std::fprintf(stderr, "%s: %s\n", words, text.c_str());
  std::abort();
}

// A message is one line that no terminal obeys.
void check_message(const Error& error) {
  for (const char character : error.message()) {
    const auto byte = static_cast<unsigned char>(character);
    if (byte < 0x20 || byte == 0x7F) fail("control character in a message", error.message());
  }
}

template <class T, class Encode, class Decode>
void check(const Result<T>& decoded, const Encode& encode_as, const Decode& decode_as) {
  if (!decoded.ok()) return check_message(decoded.error());
  const std::string text = encode_as(*decoded);
  const Result<T> again = decode_as(text);
  if (!again.ok()) fail("refuses what it encoded", again.error().message());
  if (encode_as(*again) != text) fail("encodes differently the second time", text);
}

// A list of mounts, of which nothing is encoded.
void check_mounts(std::string_view json) {
  Result<MountList> list = decode_mounts(json);
  if (!list.ok()) return check_message(list.error());
  Config config;
  config.mounts = std::move(list->mounts);
  const Result<void> valid = validate_mounts(config);
  if (!valid.ok()) check_message(valid.error());
}

template <class T>
void check_rules(const Result<T>& decoded) {
  if (!decoded.ok()) return;
  const Result<void> valid = validate(*decoded);
  if (!valid.ok()) check_message(valid.error());
  (void)warnings(*decoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto encode_any = [](const auto& value) { return encode(value); };
  const Result<Config> config = decode_config(json);
  check(config, encode_any, decode_config);
  std::vector<Error> all;
  const Result<Config> collected = decode_config_collecting(json, all);
  for (const Error& problem : all) check_message(problem);
  if (config.ok() != (collected.ok() && all.empty())) fail("collects something else", "");
  const Result<Process> process = decode_process(json);
  check(process, encode_any, decode_process);
  check_rules(process);
  const Result<Resources> resources = decode_resources(json);
  check(resources, encode_any, decode_resources);
  check_rules(resources);
  check_mounts(json);
  check(decode_record(json), encode_record, decode_record);
  check(
      decode_exit(json), [](const Exit& exit) { return encode_exit(exit); }, decode_exit);
  if (!config.ok()) return 0;
  for (const Error& problem : all_problems(*config)) check_message(problem);
  check_rules(config);
  (void)encode_pretty(*config);
  return 0;
}

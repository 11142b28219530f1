// SPDX-License-Identifier: Apache-2.0
//
// The one place where RapidJSON comes in. Included by oci/*.cpp and oci/codec.h only.
//
// Parsing is stricter than RapidJSON: see parse(). What a value may be is the codec's business.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/place.h"

namespace tare::oci {

using Json = rapidjson::Value;
using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

inline constexpr std::size_t largest_document = std::size_t{16} << 20;  // bytes
inline constexpr int deepest_nesting = 64;

// A parsed document and the text that its strings point into.
struct Document {
  std::string text;
  rapidjson::Document tree;
};

// Parses one JSON text (RFC 8259) whose top level is whatever its reader wants. A byte
// order mark at its start is ignored. Refused beyond what the RFC refuses: more than 16 MiB or 64
// levels, keys that an object has twice, NUL in a key or a string, a surrogate without its partner.
// Numbers that are no 64-bit integer are kept as a mark that only says why.
Result<std::unique_ptr<Document>> parse(std::string_view text);

// The property `name` of an object, or null.
const Json* find_member(const Json& object, std::string_view name);

// "must be a string, is a number".
Error wrong_type(const Place& place, const char* wanted, const Json& found);

Result<bool> decode_boolean(const Json& json, const Place& place);
Result<std::string> decode_string(const Json& json, const Place& place);
// Within the limits, inclusive; a fraction, an exponent or a string is refused.
Result<std::int64_t> decode_signed(const Json& json, const Place& place, std::int64_t lowest,
                                   std::int64_t highest);
Result<std::uint64_t> decode_unsigned(const Json& json, const Place& place, std::uint64_t highest);

// Bytes that are not UTF-8 are written as U+FFFD: the document stays readable whatever a path
// holds.
void write_string(Writer& writer, std::string_view text);

// The same document, indented.
std::string indented(const std::string& compact, char character, unsigned count);

}  // namespace tare::oci

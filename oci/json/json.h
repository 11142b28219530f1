// SPDX-License-Identifier: Apache-2.0
//
// Converts JSON text to a tree of values, and back, with RapidJSON. Only json.cpp includes its
// headers, because they take long to compile.
//
// Parsing is stricter than RapidJSON: see parse(). The codec checks the values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "oci/json/place.h"

namespace tare::oci {

// A value of a parsed document. Valid as long as the document exists.
class Json;

inline constexpr std::size_t largest_document = std::size_t{16} << 20;  // bytes
inline constexpr int deepest_nesting = 64;

// A parsed document.
class Document {
 public:
  struct Content;
  explicit Document(std::unique_ptr<Content> content);
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  [[nodiscard]] const Json& root() const;

 private:
  std::unique_ptr<Content> content_;
};

// Parses one JSON text (RFC 8259) with any type at the top level. Ignores a byte order mark at the
// start. Refuses more than the RFC: texts of more than 16 MiB or 64 levels, duplicate keys of an
// object, NUL in a key or a string, a lone surrogate. A number that is not a 64-bit integer becomes
// a mark with the reason.
Result<Document> parse(std::string_view text);

// ---- reading values ----------------------------------------------------------------------------

bool holds_null(const Json& json);
bool holds_array(const Json& json);
bool holds_object(const Json& json);
bool holds_empty_string(const Json& json);

// "must be a string, is a number".
Error wrong_type(const Place& place, const char* wanted, const Json& found);

// The number of elements of an array; an error for anything else.
Result<std::size_t> decode_array_size(const Json& json, const Place& place);
const Json& element_of(const Json& array, std::size_t index);

// The number of properties of an object; an error for anything else.
Result<std::size_t> decode_object_size(const Json& json, const Place& place);
struct Property {
  std::string_view key;
  const Json& value;
};
Property property_of(const Json& object, std::size_t index);
// The property `name` of an object, or null.
const Json* find_property(const Json& object, std::string_view name);

Result<bool> decode_boolean(const Json& json, const Place& place);
Result<std::string> decode_string(const Json& json, const Place& place);
// An integer within the limits, inclusive. A fraction, an exponent or a string is refused.
Result<std::int64_t> decode_signed(const Json& json, const Place& place, std::int64_t lowest,
                                   std::int64_t highest);
Result<std::uint64_t> decode_unsigned(const Json& json, const Place& place, std::uint64_t highest);

// ---- writing -----------------------------------------------------------------------------------

// Writes one document, without spaces.
class Writer {
 public:
  Writer();
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void start_object();
  void end_object();
  void start_array();
  void end_array();
  void null();
  void boolean(bool value);
  void number(std::int64_t value);
  void number(std::uint64_t value);
  void digits(std::string_view number);  // written unchanged
  // A string, or the key of the next value. Bytes that are not UTF-8 are written as U+FFFD, so the
  // document stays readable whatever a path contains.
  void string(std::string_view text);

  [[nodiscard]] std::string text() const;

 private:
  struct Output;
  std::unique_ptr<Output> output_;
};

// The value at a JSON pointer (RFC 6901), compact, for people: a number that is no 64-bit integer
// is
// "...". Nothing if the pointer leads nowhere.
std::optional<std::string> text_at(const Document& document, const std::string& pointer);

// The same document, indented.
std::string indented(const std::string& compact, char character, unsigned count);

}  // namespace tare::oci

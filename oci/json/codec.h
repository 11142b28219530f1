// SPDX-License-Identifier: Apache-2.0
//
// Decodes and encodes by the field tables. Included only by .cpp files of oci/.
//
// The templates make one small function per type; the walk over the fields of an object is one
// plain function over rows, so that forty structs do not become forty copies of it.
#pragma once

#include <array>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "oci/json/fields.h"
#include "oci/json/json.h"

namespace tare::oci {

// One field of a struct, without its types: `object` is the struct.
struct Row {
  std::string_view name;
  Presence presence;
  bool nullable;  // null counts as absent
  bool (*says_something)(const void* object);
  void (*encode)(const void* object, Writer& writer);
};

struct EnumRow {
  std::string_view name;
  int value;
};

// The same field from JSON. Separate from its row, because a write-only struct has none.
using Decode = Result<void> (*)(void* object, const Json& json, const Place& place);

Result<void> decode_rows(void* object, std::span<const Row> rows, const Decode* decoders,
                         const Json& json, const Place& place);
void encode_rows(const void* object, std::span<const Row> rows, Writer& writer);
Result<int> decode_enum(const Json& json, const Place& place, std::span<const EnumRow> rows);

// ---- what kind of member it is -----------------------------------------------------------------

template <class T, template <class...> class Template>
inline constexpr bool is_a = false;
template <template <class...> class Template, class... Arguments>
inline constexpr bool is_a<Template<Arguments...>, Template> = true;

template <class T>
constexpr bool nullable = !std::is_arithmetic_v<T> && !std::is_enum_v<T>;

// An absent property and an empty one decode to the same value.
template <class T>
bool says_something(const T& value) {
  if constexpr (is_a<T, std::optional>) {
    return value.has_value();
  } else if constexpr (std::is_arithmetic_v<T>) {
    return value != T{};
  } else if constexpr (requires { value.empty(); }) {
    return !value.empty();
  } else {
    return true;
  }
}

template <class T>
Result<void> decode_value(T& value, const Json& json, const Place& place);
template <class T>
void encode_value(const T& value, Writer& writer);

// ---- rows from tables --------------------------------------------------------------------------

template <class T, auto Member>
constexpr Row row_of(const Field<Member>& field) {
  using Type = std::remove_cvref_t<decltype(std::declval<T&>().*Member)>;
  return {field.name, field.presence, nullable<Type>,
          [](const void* object) { return says_something(static_cast<const T*>(object)->*Member); },
          [](const void* object, Writer& writer) {
            encode_value(static_cast<const T*>(object)->*Member, writer);
          }};
}

template <class T, auto Member>
constexpr Decode decode_of(const Field<Member>&) {
  return [](void* object, const Json& json, const Place& place) {
    return decode_value(static_cast<T*>(object)->*Member, json, place);
  };
}

template <class T, class... Fields>
constexpr auto rows_of(const Table<Fields...>& table) {
  return std::array{row_of<T>(static_cast<const Fields&>(table))...};
}

template <class T, class... Fields>
constexpr auto decoders_of(const Table<Fields...>& table) {
  return std::array{decode_of<T>(static_cast<const Fields&>(table))...};
}

template <class T>
inline constexpr auto rows = rows_of<T>(fields(Of<T>{}));
template <class T>
inline constexpr auto decoders = decoders_of<T>(fields(Of<T>{}));

template <class E>
constexpr auto enum_rows_of() {
  std::array<EnumRow, Names<E>::table.size()> result{};
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = {Names<E>::table[i].name, static_cast<int>(Names<E>::table[i].value)};
  }
  return result;
}

template <class E>
inline constexpr auto enum_rows = enum_rows_of<E>();

// ---- values ------------------------------------------------------------------------------------

template <class Integer>
Result<void> decode_integer(Integer& value, const Json& json, const Place& place) {
  using Limits = std::numeric_limits<Integer>;
  if constexpr (std::is_signed_v<Integer>) {
    value = static_cast<Integer>(TRY(decode_signed(json, place, Limits::min(), Limits::max())));
  } else {
    value = static_cast<Integer>(TRY(decode_unsigned(json, place, Limits::max())));
  }
  return {};
}

template <class Element>
Result<void> decode_array(std::vector<Element>& value, const Json& json, const Place& place) {
  value.resize(TRY(decode_array_size(json, place)));
  for (std::size_t i = 0; i < value.size(); ++i) {
    const Place at(place, i);
    TRY(at.passed(decode_value(value[i], element_of(json, i), at)));
  }
  return {};
}

template <class Element>
Result<void> decode_map(std::map<std::string, Element>& value, const Json& json,
                        const Place& place) {
  const std::size_t size = TRY(decode_object_size(json, place));
  for (std::size_t i = 0; i < size; ++i) {
    const Property property = property_of(json, i);
    const Place at(place, property.key);
    TRY(at.passed(decode_value(value[std::string(property.key)], property.value, at)));
  }
  return {};
}

template <class T>
Result<void> decode_optional(std::optional<T>& value, const Json& json, const Place& place) {
  // The Go types of engines write "rootfsPropagation": "" for no value.
  if (std::is_enum_v<T> && holds_empty_string(json)) return {};
  return decode_value(value.emplace(), json, place);
}

template <class T>
Result<void> decode_value(T& value, const Json& json, const Place& place) {
  if constexpr (has_fields<T>) {
    return decode_rows(&value, rows<T>, decoders<T>.data(), json, place);
  } else if constexpr (is_a<T, std::optional>) {
    return decode_optional(value, json, place);
  } else if constexpr (is_a<T, std::vector>) {
    return decode_array(value, json, place);
  } else if constexpr (is_a<T, std::map>) {
    return decode_map(value, json, place);
  } else if constexpr (std::is_enum_v<T>) {
    value = static_cast<T>(TRY(decode_enum(json, place, enum_rows<T>)));
    return {};
  } else if constexpr (std::is_same_v<T, bool>) {
    value = TRY(decode_boolean(json, place));
    return {};
  } else if constexpr (std::is_integral_v<T>) {
    return decode_integer(value, json, place);
  } else {
    static_assert(std::is_same_v<T, std::string>);
    value = TRY(decode_string(json, place));
    return {};
  }
}

template <class Element>
void encode_array(const std::vector<Element>& value, Writer& writer) {
  writer.start_array();
  for (const auto& element : value) encode_value(element, writer);
  writer.end_array();
}

template <class Element>
void encode_map(const std::map<std::string, Element>& value, Writer& writer) {
  writer.start_object();
  for (const auto& [key, element] : value) {
    writer.string(key);
    encode_value(element, writer);
  }
  writer.end_object();
}

template <class T>
void encode_value(const T& value, Writer& writer) {
  if constexpr (has_fields<T>) {
    encode_rows(&value, rows<T>, writer);
  } else if constexpr (is_a<T, std::optional>) {
    value ? encode_value(*value, writer) : writer.null();
  } else if constexpr (is_a<T, std::vector>) {
    encode_array(value, writer);
  } else if constexpr (is_a<T, std::map>) {
    encode_map(value, writer);
  } else if constexpr (std::is_enum_v<T>) {
    writer.string(name_of(value));
  } else if constexpr (std::is_same_v<T, bool>) {
    writer.boolean(value);
  } else if constexpr (std::is_signed_v<T>) {
    writer.number(std::int64_t{value});
  } else if constexpr (std::is_unsigned_v<T>) {
    writer.number(std::uint64_t{value});
  } else {
    writer.string(value);
  }
}

// ---- documents ---------------------------------------------------------------------------------

template <class T>
Result<T> decode_document(std::string_view text) {
  const Document document = TRY(parse(text));
  T value;
  TRY(decode_value(value, document.root(), Place()));
  return value;
}

template <class T>
std::string encode_document(const T& value) {
  Writer writer;
  encode_value(value, writer);
  return writer.text();
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// The JSON form of a struct: its field table, which follows the struct. It has the JSON name of
// each member and whether the member is required; each enum has the JSON name of each value.
// Decoding, encoding, `tare features` and the generic tests of fields read these tables.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace tare::oci {

enum class Presence : std::uint8_t {
  optional,     // may be absent; written only if not empty
  always,       // may be absent; always written
  required,     // an error if absent; always written
  unsupported,  // not implemented by tare: an error if not empty
};

template <auto Member>
struct Field {
  static constexpr auto member = Member;
  std::string_view name;
  Presence presence = Presence::optional;
};

// The rows of a table, in the order of the encoder. Every file that includes a struct includes its
// table, and as base classes the rows cost a compiler a tenth of a std::tuple.
template <class... Rows>
struct Table : Rows... {};
template <class... Rows>
Table(Rows...) -> Table<Rows...>;

// The table of T is what `fields(Of<T>{})` returns.
template <class T>
struct Of {};

template <class T>
inline constexpr bool has_fields = requires {
  fields(Of<T>{});
};

template <class Visit, class... Rows>
constexpr void for_each_row(const Table<Rows...>& table, const Visit& visit) {
  (visit(static_cast<const Rows&>(table)), ...);
}

// The rows of both, one table after the other.
template <class... Rows, class... More>
constexpr auto joined(const Table<Rows...>& table, const Table<More...>& more) {
  return Table{static_cast<const Rows&>(table)..., static_cast<const More&>(more)...};
}

// Whether tare implements the property that is stored in `Member`.
template <class T, auto Member>
constexpr bool carried_out() {
  bool found = false;
  for_each_row(fields(Of<T>{}), [&](const auto& field) {
    using Row = std::remove_cvref_t<decltype(field)>;
    found |= std::is_same_v<Row, Field<Member>> && field.presence != Presence::unsupported;
  });
  return found;
}

// ---- enums -------------------------------------------------------------------------------------

template <class E>
struct EnumName {
  E value;
  std::string_view name;
};

// Names<E>::table is a std::array of EnumName. If a value has several names, all are read and the
// first is written.
template <class E>
struct Names;

template <class E>
constexpr std::string_view name_of(E value) {
  for (const auto& entry : Names<E>::table) {
    if (entry.value == value) return entry.name;
  }
  return {};
}

}  // namespace tare::oci

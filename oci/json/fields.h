// SPDX-License-Identifier: Apache-2.0
//
// How a struct is written as JSON: its field table, which stands behind the struct. It has the JSON
// name of each member and whether it must be there; each enum has the JSON name of each value.
// Decoding, encoding, `tare features` and the tests that go over every field read these tables.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace tare::oci {

enum class Presence : std::uint8_t {
  optional,     // may be absent; written only when it says something
  always,       // may be absent; always written
  required,     // refused when absent; always written
  unsupported,  // tare does not carry it out: refused by name when it says something
};

template <auto Member>
struct Field {
  static constexpr auto member = Member;
  std::string_view name;
  Presence presence = Presence::optional;
};

// The rows of a table, in the order in which the encoder writes. Whoever includes a struct sees its
// table: as bases, the rows cost a compiler a tenth of what they cost in a std::tuple.
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

// Whether tare carries out the property that is stored in `Member`.
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

// Names<E>::table is a std::array of EnumName. Where a value has several names, all are read and
// the first is written.
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

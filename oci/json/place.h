// SPDX-License-Identifier: Apache-2.0
//
// Where a value stands in a document: a chain of keys and indices that is built on the stack on the
// way down and becomes text only when there is something to report.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tare::oci {

class Place {
 public:
  // The whole document.
  Place() = default;
  // The same, for who wants to know of every error: see passed().
  explicit Place(std::vector<Error>& all) : all_(&all) {}
  // A property of the object, or an element of the array, at `parent`, which must outlive this (so
  // it cannot be a temporary).
  Place(const Place& parent, std::string_view key) : parent_(&parent), key_(key) {}
  Place(const Place& parent, std::size_t index)
      : parent_(&parent), index_(index), in_array_(true) {}
  Place(const Place&& parent, std::string_view key) = delete;
  Place(const Place&& parent, std::size_t index) = delete;

  // The JSON pointer (RFC 6901), "" for the whole document. A key that could drive a terminal is
  // shown as printable() shows it, a very long one is cut: the pointer is for people.
  [[nodiscard]] std::string pointer() const;

  [[nodiscard]] Error error(std::string words) const {
    return Error::config(pointer(), std::move(words));
  }

  // Whether to go on with the next value: an error is handed on, unless somebody collects them all.
  [[nodiscard]] Result<void> passed(Result<void> result) const;

 private:
  const Place* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  bool in_array_ = false;
  std::vector<Error>* all_ = nullptr;  // of the whole document only
};

}  // namespace tare::oci

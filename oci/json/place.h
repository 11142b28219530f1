// SPDX-License-Identifier: Apache-2.0
//
// The place of a value in a document: a chain of keys and indices on the stack, which becomes text
// only for an error.
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
  // The same, for callers that want all errors: see passed().
  explicit Place(std::vector<Error>& all) : all_(&all) {}
  // A property of the object, or an element of the array, at `parent`. `parent` must outlive this,
  // so it cannot be a temporary.
  Place(const Place& parent, std::string_view key) : parent_(&parent), key_(key) {}
  Place(const Place& parent, std::size_t index)
      : parent_(&parent), index_(index), in_array_(true) {}
  Place(const Place&& parent, std::string_view key) = delete;
  Place(const Place&& parent, std::size_t index) = delete;

  // The JSON pointer (RFC 6901), "" for the whole document. Keys are escaped as in printable() and
  // very long ones are shortened, because the pointer is for people.
  [[nodiscard]] std::string pointer() const;

  [[nodiscard]] Error error(std::string words) const {
    return Error::config(pointer(), std::move(words));
  }

  // Whether to continue with the next value: returns an error, unless all errors are collected.
  [[nodiscard]] Result<void> passed(Result<void> result) const;

 private:
  const Place* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  bool in_array_ = false;
  std::vector<Error>* all_ = nullptr;  // only in the place of the whole document
};

}  // namespace tare::oci

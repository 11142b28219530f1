// SPDX-License-Identifier: Apache-2.0
#include "oci/json/place.h"

#include "base/text.h"

namespace tare::oci {

namespace {

constexpr std::size_t longest_key_shown = 128;

std::string escaped(std::string_view key) {
  const bool cut = key.size() > longest_key_shown;
  std::string token;
  for (const char character : printable(key.substr(0, longest_key_shown))) {
    if (character == '~') {
      token += "~0";
    } else if (character == '/') {
      token += "~1";
    } else {
      token += character;
    }
  }
  if (cut) token += "...";
  return token;
}

}  // namespace

std::string Place::pointer() const {
  if (parent_ == nullptr) return {};
  return parent_->pointer() + '/' + (in_array_ ? std::to_string(index_) : escaped(key_));
}

Result<void> Place::passed(Result<void> result) const {
  if (result.ok()) return result;
  const Place* document = this;
  while (document->parent_ != nullptr) document = document->parent_;
  if (document->all_ == nullptr) return result;
  document->all_->push_back(std::move(result).error());
  return {};
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
#include "runtime/steps/words.h"

#include <sys/mount.h>

#include "base/text.h"
#include "runtime/steps/namespace_kinds.h"

namespace tare::runtime {

std::string kinds_of(std::uint64_t flags) {
  std::string words;
  for (std::uint64_t bit = 1; bit != 0 && bit <= flags; bit <<= 1) {
    const NamespaceKind* kind = (flags & bit) != 0 ? kind_of_flag(bit) : nullptr;
    if (kind != nullptr) words += std::string(words.empty() ? "" : ", ") + kind->word;
  }
  return words;
}

std::string propagation_words(unsigned long flags) {
  const std::string prefix = (flags & MS_REC) != 0 ? "r" : "";
  if ((flags & MS_SHARED) != 0) return prefix + "shared";
  if ((flags & MS_SLAVE) != 0) return prefix + "slave";
  if ((flags & MS_UNBINDABLE) != 0) return prefix + "unbindable";
  return prefix + "private";
}

std::string shown(const InsidePath& path) {
  return shortened(path.shown);
}

std::string octal(unsigned value) {
  std::string digits;
  for (; value != 0; value >>= 3)
    digits.insert(digits.begin(), static_cast<char>('0' + (value & 7)));
  return "0" + digits;
}

}  // namespace tare::runtime

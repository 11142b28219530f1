// SPDX-License-Identifier: Apache-2.0
//
// Colour for people: on a terminal only, and not with NO_COLOR (no-color.org).
#pragma once

#include <string>
#include <string_view>

namespace tare::runtime {

class Paint {
 public:
  // For what is written to `fd`.
  explicit Paint(int fd);
  explicit Paint(bool wanted) : wanted_(wanted) {}

  // Every cell of a column must be one of these, or none: they add the same number of bytes, so
  // that in_columns() still aligns them.
  [[nodiscard]] std::string marked(std::string_view text) const;
  [[nodiscard]] std::string plain(std::string_view text) const;
  [[nodiscard]] std::string added(std::string_view text) const;
  [[nodiscard]] std::string removed(std::string_view text) const;

 private:
  [[nodiscard]] std::string sequence(const char* colour, std::string_view text) const;

  bool wanted_;
};

}  // namespace tare::runtime

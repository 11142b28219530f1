// SPDX-License-Identifier: Apache-2.0
//
// Colours, on a terminal only, and not if NO_COLOR is set (no-color.org).
#pragma once

#include <string>
#include <string_view>

namespace tare::runtime {

class Paint {
 public:
  // `fd` is the output that the text is written to.
  explicit Paint(int fd);
  explicit Paint(bool wanted) : wanted_(wanted) {}

  // Either every cell of a column uses one of these, or none does. All add the same number of
  // bytes, so that in_columns() can align the cells.
  [[nodiscard]] std::string marked(std::string_view text) const;
  [[nodiscard]] std::string plain(std::string_view text) const;
  [[nodiscard]] std::string added(std::string_view text) const;
  [[nodiscard]] std::string removed(std::string_view text) const;

 private:
  [[nodiscard]] std::string sequence(const char* colour, std::string_view text) const;

  bool wanted_;
};

}  // namespace tare::runtime

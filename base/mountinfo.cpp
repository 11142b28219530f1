// SPDX-License-Identifier: Apache-2.0
#include "base/mountinfo.h"

#include "base/text.h"

namespace tare {

std::string unescape_mountinfo(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto code = text[i] == '\\' && i + 3 < text.size()
                          ? parse_number<unsigned char>(text.substr(i + 1, 3), 8)
                          : std::nullopt;
    plain += code ? static_cast<char>(*code) : text[i];
    if (code) i += 3;
  }
  return plain;
}

std::vector<MountLine> parse_mountinfo(std::string_view text) {
  constexpr std::size_t fields_of_a_mount = 5;
  std::vector<MountLine> mounts;
  for (const std::string_view line : split(text, '\n')) {
    const auto fields = split(line, ' ');
    if (fields.size() < fields_of_a_mount) continue;
    const auto number = parse_number<std::uint64_t>(fields[0]);
    if (!number) continue;
    mounts.push_back({*number, std::string(fields[2]), unescape_mountinfo(fields[3]),
                      unescape_mountinfo(fields[4])});
  }
  return mounts;
}

}  // namespace tare

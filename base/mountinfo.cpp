// SPDX-License-Identifier: Apache-2.0
#include "base/mountinfo.h"

#include <fcntl.h>

#include <optional>
#include <utility>

#include "base/file.h"
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

namespace {

std::vector<std::string> owned(const std::vector<std::string_view>& words) {
  return {words.begin(), words.end()};
}

// "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue"
std::optional<MountLine> parse_line(std::string_view line) {
  constexpr std::size_t fields_before = 6;
  constexpr std::size_t fields_behind = 3;
  const std::size_t separator = line.find(" - ");
  if (separator == std::string_view::npos) return std::nullopt;
  const auto front = split(line.substr(0, separator), ' ');
  const auto back = split(line.substr(separator + 3), ' ');
  if (front.size() < fields_before || back.size() < fields_behind) return std::nullopt;
  const auto number = parse_number<std::uint64_t>(front[0]);
  const auto parent = parse_number<std::uint64_t>(front[1]);
  if (!number || !parent) return std::nullopt;
  return MountLine{*number,
                   std::string(front[2]),
                   unescape_mountinfo(front[3]),
                   unescape_mountinfo(front[4]),
                   std::string(back[0]),
                   owned(split(back[2], ',')),
                   *parent,
                   owned(split(front[5], ',')),
                   owned({front.begin() + fields_before, front.end()})};
}

}  // namespace

std::vector<MountLine> parse_mountinfo(std::string_view text) {
  std::vector<MountLine> mounts;
  for (const std::string_view line : split(text, '\n')) {
    if (auto mount = parse_line(line)) mounts.push_back(std::move(*mount));
  }
  return mounts;
}

Call<std::string> read_mountinfo(pid_t pid, std::size_t limit) {
  const std::string process = pid == 0 ? "self" : std::to_string(pid);
  const std::string path = "/proc/" + process + "/mountinfo";
  const UniqueFd file = TRY(open_at(AT_FDCWD, path.c_str(), O_RDONLY));
  constexpr std::size_t usual = 8191;
  return read_to_end(file.get(), limit, usual);
}

Call<std::vector<MountLine>> read_mounts(pid_t pid, std::size_t limit) {
  return parse_mountinfo(TRY(read_mountinfo(pid, limit)));
}

}  // namespace tare

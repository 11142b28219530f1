// SPDX-License-Identifier: Apache-2.0
#include "runtime/namespaces/links.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/file.h"
#include "base/text.h"

namespace tare::runtime {

std::optional<oci::NamespaceType> kind_named(std::string_view name) {
  for (const oci::NamespaceType type : kinds_by_name) {
    const NamespaceKind& kind = kind_of(type);
    if (name == kind.proc_name || name == kind.word) return type;
  }
  return std::nullopt;
}

std::optional<NamespaceLink> parse_namespace_link(std::string_view text) {
  const std::size_t colon = text.find(":[");
  if (colon == std::string_view::npos || !text.ends_with(']')) return std::nullopt;
  const std::string_view number = text.substr(colon + 2, text.size() - colon - 3);
  const auto inode = parse_number<std::uint64_t>(number);
  const std::string_view name = text.substr(0, colon);
  for (const oci::NamespaceType type : kinds_by_name) {
    if (inode && *inode != 0 && name == kind_of(type).proc_name) return NamespaceLink{type, *inode};
  }
  return std::nullopt;
}

std::optional<NamespaceLink> read_namespace_link(int directory, const char* name) {
  std::array<char, 64> text{};
  const ssize_t length = ::readlinkat(directory, name, text.data(), text.size());
  if (length <= 0) return std::nullopt;
  return parse_namespace_link({text.data(), static_cast<std::size_t>(length)});
}

std::vector<NamespaceLink> namespaces_of(int directory) {
  std::vector<NamespaceLink> links;
  for (const oci::NamespaceType type : kinds_by_name) {
    const std::string name = std::string("ns/") + kind_of(type).proc_name;
    if (const auto link = read_namespace_link(directory, name.c_str())) links.push_back(*link);
  }
  return links;
}

std::vector<NamespaceLink> namespaces_of_process(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid);
  const Call<UniqueFd> directory = open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY);
  if (!directory.ok()) return {};
  return namespaces_of(directory->get());
}

std::uint64_t inode_of_kind(const std::vector<NamespaceLink>& links, oci::NamespaceType type) {
  const auto found = std::ranges::find(links, type, &NamespaceLink::type);
  return found == links.end() ? 0 : found->inode;
}

std::vector<NamespaceLink> namespaces_of_host() {
  std::vector<NamespaceLink> links = namespaces_of_process(1);
  return links.empty() ? namespaces_of_process(::getpid()) : links;
}

}  // namespace tare::runtime

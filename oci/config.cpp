// SPDX-License-Identifier: Apache-2.0
#include "oci/config.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "oci/config/rules.h"

namespace tare::oci {

namespace {

// ---- semantic versions -------------------------------------------------------------------------

bool is_number_without_zeros(std::string_view text) {
  return parse_number<std::uint64_t>(text) && (text == "0" || text[0] != '0');
}

bool is_identifier(std::string_view text) {
  constexpr std::string_view letters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-";
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

bool are_identifiers(std::string_view text) {
  const auto parts = split(text, '.');
  return std::all_of(parts.begin(), parts.end(), is_identifier);
}

// Removes the part after the first `mark` from `text` and returns it; absent without a mark.
std::optional<std::string_view> cut_after(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(at + 1);
  text = text.substr(0, at);
  return rest;
}

// SemVer 2.0.0: 1.2.3, 1.2.3-rc.1, 1.2.3+build.
bool is_semantic_version(std::string_view text) {
  const auto build = cut_after(text, '+');
  const auto prerelease = cut_after(text, '-');
  const auto numbers = split(text, '.');
  return numbers.size() == 3 &&
         std::all_of(numbers.begin(), numbers.end(), is_number_without_zeros) &&
         (!prerelease || are_identifiers(*prerelease)) && (!build || are_identifiers(*build));
}

// config.md, "Specification version": SemVer; all versions with the same major number are
// compatible.
void version(const Config& config, const Place& document, Problems& problems) {
  const Place place(document, "ociVersion");
  if (!is_semantic_version(config.ociVersion)) {
    problems.add(place, "must be a semantic version, is " + quote(config.ociVersion));
  } else if (!config.ociVersion.starts_with("1.")) {
    problems.add(place, "must be of version 1 of the specification, is " + config.ociVersion);
  }
}

// config.md, "Annotations": a key must not be empty.
void annotation_keys(const Config& config, const Place& document, Problems& problems) {
  if (config.annotations.contains("")) {
    problems.add(Place(document, "annotations"), "has an empty key");
  }
}

// sethostname(2), setdomainname(2): 64 bytes. Without a UTS namespace the name would be the host's.
void name(const Config& config, const std::string& value, const Place& place, Problems& problems) {
  constexpr std::size_t longest = 64;  // __NEW_UTS_LEN
  if (value.empty()) return;
  if (value.size() > longest) {
    problems.add(place, "must not be longer than 64 bytes, has " + std::to_string(value.size()));
  }
  if (find_namespace(config, NamespaceType::uts) == nullptr) {
    problems.add(place, "needs a uts namespace");
  }
}

void hostname(const Config& config, const Place& document, Problems& problems) {
  name(config, config.hostname, Place(document, "hostname"), problems);
}

void domainname(const Config& config, const Place& document, Problems& problems) {
  name(config, config.domainname, Place(document, "domainname"), problems);
}

}  // namespace

void check_top(const Config& config, const Place& document, Problems& problems) {
  static constexpr Rule<Config> rules[] = {version, hostname, domainname, annotation_keys};
  check_rules<Config>(rules, config, document, problems);
}

// A newline would forge a line of /proc/pid/cgroup, and no cgroup can have one in its name.
void check_cgroups_path(std::string_view path, const Place& place, Problems& problems) {
  if (has_control_character(path)) problems.add(place, quote(path) + " has a control character");
}

// ---- normal form --------------------------------------------------------------------------------

namespace {

void clean_absolute(std::string& path) {
  if (path.starts_with('/')) path = lexically_clean(path);
}

}  // namespace

void bring_into_normal_form(Config& config) {
  bring_into_normal_form(config.mounts);
  if (!config.linux_) return;
  for (Device& device : config.linux_->devices) clean_absolute(device.path);
  for (std::string& path : config.linux_->maskedPaths) clean_absolute(path);
  for (std::string& path : config.linux_->readonlyPaths) clean_absolute(path);
  if (config.linux_->resources) bring_into_normal_form(*config.linux_->resources);
}

}  // namespace tare::oci

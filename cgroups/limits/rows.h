// SPDX-License-Identifier: Apache-2.0
//
// The tables of writes(): the file of each field of linux.resources in each version of cgroups.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cgroups/limits/write.h"
#include "oci/config.h"

namespace tare::cgroups {

struct Value {
  std::string text;
  bool holds_anyway = false;  // the kernel does this even without the file
  std::string file = {};      // if it is not the row's own file
  std::string suffix = {};    // of the pointer: "/3"
  std::optional<Write::Fallback> fallback = {};
  std::string usage_file = {};
};
using Values = Result<std::vector<Value>>;

struct Row {
  std::string_view pointer;  // below /linux/resources
  std::string_view controller;
  const char* file;  // nullptr: no equivalent in this version
  Values (*values)(const oci::Resources&);
  bool parents_first = false;
};

// In the order of the writes.
std::span<const Row> rows_v1();
std::span<const Row> rows_v2();

std::string pointer_to(std::string_view below_resources);

// A field of an optional section: field<&oci::Resources::cpu, &oci::CPU::shares>(resources).
template <auto Section, auto Field>
auto field(const oci::Resources& resources) {
  const auto& section = resources.*Section;
  using Type = std::remove_cvref_t<decltype((*section).*Field)>;
  return section ? (*section).*Field : Type{};
}

// The unchanged number; 0 is the kernel's own default.
template <auto Section, auto Field>
Values number(const oci::Resources& resources) {
  const auto value = field<Section, Field>(resources);
  if (!value) return std::vector<Value>{};
  return std::vector<Value>{{std::to_string(*value), *value == 0}};
}

// The unchanged number; 0 means "not set", as callers write in unused fields.
template <auto Section, auto Field>
Values nonzero(const oci::Resources& resources) {
  const auto value = field<Section, Field>(resources);
  if (!value || *value == 0) return std::vector<Value>{};
  return std::vector<Value>{{std::to_string(*value), std::cmp_less(*value, 0)}};
}

template <auto Section, auto Field>
Values text_value(const oci::Resources& resources) {
  std::string value = field<Section, Field>(resources);
  if (value.empty()) return std::vector<Value>{};
  return std::vector<Value>{{std::move(value)}};
}

// Values that are the same in both versions.
Values pids_limit(const oci::Resources& resources);
Values swappiness(const oci::Resources& resources);
Values rdma_limits(const oci::Resources& resources);

// "8:16 VALUE" for every entry; `value` may skip an entry.
std::string device_number(std::int64_t major, std::int64_t minor);
Values weight_devices(const oci::Resources& resources,
                      std::optional<std::uint16_t> oci::WeightDevice::*weight);

// `files` returns the names for a page size: the file of reservations, and that of usage, which is
// the only one before Linux 5.7.
struct HugepageFiles {
  std::string reservations;
  std::string usage;
};
Values hugepage_limits(const oci::Resources& resources,
                       HugepageFiles (*files)(const std::string& page_size));

}  // namespace tare::cgroups

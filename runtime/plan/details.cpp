// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/details.h"

#include <sys/mount.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "runtime/plan/capabilities.h"
#include "runtime/steps/mount_flags.h"
#include "runtime/steps/words.h"

namespace tare::runtime {

namespace {

using WordList = std::vector<std::string>;

void add_change(WordList& words, const AttributeChange& change, const char* reach) {
  for (const MountFlag& flag : mount_flags) {
    if ((change.set & flag.mask) == flag.bits) words.push_back(flag.set + std::string(reach));
    const bool is_cleared =
        (change.clear & flag.mask) == flag.mask && (change.set & flag.mask) == 0;
    if (is_cleared) words.push_back(flag.clear + std::string(reach));
  }
}

template <class Mount>
void add_mount(WordList& words, const Mount& mount) {
  add_change(words, mount.attributes.top, "");
  add_change(words, mount.attributes.tree, " (recursively)");
  for (const unsigned long type : mount.propagation) words.push_back(propagation_words(type));
}

template <class Filesystem>
void add_options(WordList& words, const Filesystem& step) {
  for (const std::string& flag : step.superblock_flags) words.push_back("file system " + flag);
  for (const auto& [key, value] : step.data) {
    words.push_back(value.empty() ? key : join({key, value}, "="));
  }
}

std::string one_line(std::string_view lines) {
  std::string text(without_newline(lines));
  std::ranges::replace(text, '\n', ',');
  return text;
}

std::string quoted_list(const WordList& list) {
  WordList quoted;
  for (const std::string& word : list) {
    if (!word.empty()) quoted.push_back(quote(word));
  }
  return join(quoted, " ");
}

// FNV-1a: so that another program with as many instructions is not taken for the same.
std::string checksum(const std::vector<std::uint64_t>& program) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const std::uint64_t instruction : program) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      sum = (sum ^ (instruction >> shift & 0xff)) * 0x100000001b3;
    }
  }
  return std::to_string(sum);
}

std::string numbers_of(const std::vector<unsigned long>& mask) {
  WordList words;
  for (const unsigned long part : mask) words.push_back(std::to_string(part));
  return join(words, " ");
}

std::string device_rule(const oci::DeviceCgroup& rule) {
  const auto number = [](const auto& one) { return one ? std::to_string(*one) : "*"; };
  return std::string(rule.allow ? "allow " : "deny ") + (rule.type.empty() ? "a" : rule.type) +
         " " + number(rule.major) + ":" + number(rule.minor) + " " + rule.access;
}

std::string text_of(const std::string& value) {
  return value;
}
std::string text_of(const cgroups::Property::Pairs& pairs) {
  std::string text;
  for (const auto& [name, value] : pairs) text += join({"(", name, " ", value, ")"}, "");
  return text;
}
template <class Number>
std::string text_of(Number value) {
  return std::to_string(value);
}
template <class Element>
std::string text_of(const std::vector<Element>& list) {
  std::string text;
  for (const Element& element : list) text += (text.empty() ? "" : " ") + text_of(element);
  return text;
}

template <class Kind>
void add(WordList&, const Kind&) {}  // its words say all

void add(WordList& words, const step::OpenTree& step) {
  if (step.propagation != 0) words.push_back(propagation_words(step.propagation));
  constexpr const char* links[] = {"", "the link itself", "the text of the link"};
  const char* link = links[static_cast<std::size_t>(step.link)];
  if (*link != '\0') words.emplace_back(link);
}

void add(WordList& words, const step::EnterMountCopy& step) {
  if (step.keeps_root) words.emplace_back("in the same root directory");
}

void add(WordList& words, const step::MapTree& step) {
  words.push_back("users " + one_line(step.uid_map));
  words.push_back("groups " + one_line(step.gid_map));
  if (step.recursive) words.emplace_back("recursively");
}

void add(WordList& words, const step::MountFilesystem& step) {
  if (step.source != step.type) words.push_back("source " + step.source);
  add_mount(words, step);
  add_options(words, step);
  if (step.copies_up) words.emplace_back("tmpcopyup");
  if (!step.label.empty()) words.push_back("label " + step.label);
}

void add(WordList& words, const step::MountTree& step) {
  add_mount(words, step);
  if (step.onto_link) words.emplace_back("dest-nofollow");
}

void add(WordList& words, const step::Remount& step) {
  add_mount(words, step);
  if (step.superblock) add_options(words, step);
}

void add(WordList& words, const step::HostPropagation& step) {
  words.push_back(propagation_words(step.flags));
}

void add(WordList& words, const step::RestrictDevices& step) {
  for (const oci::DeviceCgroup& rule : step.rules) words.push_back(device_rule(rule));
}

void add(WordList& words, const step::StartScope& step) {
  for (const cgroups::Property& property : step.properties) {
    const auto shown_value = [](const auto& value) { return text_of(value); };
    words.push_back(property.name + "=" + std::visit(shown_value, property.value));
  }
}

void add(WordList& words, const step::WriteMappings& step) {
  words.push_back("users " + one_line(step.uid_map));
  words.push_back("groups " + one_line(step.gid_map));
}

void add(WordList& words, const step::TimeOffsets& step) {
  words.push_back(one_line(step.text));
}

void add(WordList& words, const step::MakeDevice& step) {
  words.push_back("owner " + std::to_string(step.uid) + ":" + std::to_string(step.gid));
}

void add(WordList& words, const step::DropBounding& step) {
  words.push_back("all but " + capability_names(step.keep));
}

void add(WordList& words, const step::SetCapabilities& step) {
  words.push_back("effective " + capability_names(step.effective));
  words.push_back("permitted " + capability_names(step.permitted));
  words.push_back("inheritable " + capability_names(step.inheritable));
  words.push_back("ambient " + capability_names(step.ambient));
}

void add(WordList& words, const step::SetUser& step) {
  for (const std::uint32_t group : step.groups) words.push_back("group " + std::to_string(group));
  if (step.keep_groups) words.emplace_back("the caller's groups");
}

void add(WordList& words, const step::LoadSeccomp& step) {
  words.push_back("flags " + std::to_string(step.flags));
  words.push_back("checksum " + checksum(step.program));
  if (step.listens) words.emplace_back("with a listener");
}

void add(WordList& words, const step::SetScheduler& step) {
  words.push_back("policy " + std::to_string(step.policy));
  words.push_back("flags " + std::to_string(step.flags));
  words.push_back("nice " + std::to_string(step.nice));
  words.push_back("priority " + std::to_string(step.priority));
  words.push_back("runtime " + std::to_string(step.runtime) + " ns");
  words.push_back("deadline " + std::to_string(step.deadline) + " ns");
  words.push_back("period " + std::to_string(step.period) + " ns");
}

void add(WordList& words, const step::SetIoPriority& step) {
  words.push_back(std::to_string(step.value));
}

void add(WordList& words, const step::SetPersonality& step) {
  words.push_back(std::to_string(step.domain));
}

void add(WordList& words, const step::SetMemoryPolicy& step) {
  words.push_back("mode " + std::to_string(step.mode));
  words.push_back("nodes " + numbers_of(step.nodes));
}

void add(WordList& words, const step::FinalCpus& step) {
  words.push_back(numbers_of(step.cpus));
}

void add(WordList& words, const step::RootPropagation& step) {
  words.push_back(propagation_words(step.flags));
}

void add(WordList& words, const step::SendListener& step) {
  if (!step.metadata.empty()) words.push_back("metadata " + step.metadata);
}

void add(WordList& words, const step::MakeConsole& step) {
  words.push_back(std::to_string(step.rows) + " rows, " + std::to_string(step.columns) +
                  " columns");
}

void add(WordList& words, const step::RunHook& step) {
  words.push_back("arguments " + quoted_list(step.args));
  if (!step.env.empty()) words.push_back("environment " + quoted_list(step.env));
  if (step.timeout_seconds != 0) {
    words.push_back("timeout " + std::to_string(step.timeout_seconds) + " s");
  }
}

}  // namespace

std::string details(const Plan& plan, const Step& step) {
  WordList words;
  std::visit([&](const auto& action) { add(words, action); }, step.action);
  if (std::holds_alternative<step::Execute>(step.action)) {
    words.push_back("arguments " + quoted_list(plan.args));
    words.push_back("environment " + quoted_list(plan.env));
  }
  return printable(join(words, ", "));
}

}  // namespace tare::runtime

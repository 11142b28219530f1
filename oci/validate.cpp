// SPDX-License-Identifier: Apache-2.0
#include "oci/validate.h"

#include <algorithm>

#include "base/text.h"
#include "oci/capability_names.h"
#include "oci/rules.h"

namespace tare::oci {

namespace {

void check_linux(const Config& config, const Place& document, Problems& problems) {
  const Place linux_part(document, "linux");
  check_rules(namespace_rules(), config, document, problems);
  check_rules(sysctl_rules(), config, document, problems);
  if (!config.linux_) return;
  check_rules(linux_rules(), *config.linux_, linux_part, problems);
  if (config.linux_->resources) {
    check_rules(resource_rules(), *config.linux_->resources, Place(linux_part, "resources"),
                problems);
  }
  if (config.linux_->seccomp) {
    check_rules(seccomp_rules(), *config.linux_->seccomp, Place(linux_part, "seccomp"), problems);
  }
}

Result<void> first(Problems problems) {
  std::vector<Error> found = problems.take();
  if (found.empty()) return {};
  return std::move(found.front());
}

Problems problems_of(const Config& config) {
  Problems problems;
  const Place document;
  check_rules(document_rules(), config, document, problems);
  if (config.process)
    check_rules(process_rules(), *config.process, Place(document, "process"), problems);
  check_rules(filesystem_rules(), config, document, problems);
  if (config.hooks) check_rules(hook_rules(), *config.hooks, Place(document, "hooks"), problems);
  check_linux(config, document, problems);
  return problems;
}

}  // namespace

Result<void> validate(const Config& config) {
  return first(problems_of(config));
}

Result<void> validate_mounts(const Config& config) {
  Problems problems;
  check_rules(mount_rules(), config, Place(), problems);
  return first(std::move(problems));
}

std::vector<Error> all_problems(const Config& config) {
  return problems_of(config).take();
}

Result<void> validate(const Process& process) {
  Problems problems;
  check_rules(process_rules(), process, Place(), problems);
  return first(std::move(problems));
}

Result<void> validate(const Resources& resources) {
  Problems problems;
  check_rules(resource_rules(), resources, Place(), problems);
  return first(std::move(problems));
}

// ---- warnings ----------------------------------------------------------------------------------

namespace {

struct CapabilitySet {
  const char* name;
  std::vector<std::string> Capabilities::*names;
};
constexpr CapabilitySet capability_sets[] = {
    {"bounding", &Capabilities::bounding},       {"effective", &Capabilities::effective},
    {"inheritable", &Capabilities::inheritable}, {"permitted", &Capabilities::permitted},
    {"ambient", &Capabilities::ambient},
};

void say(std::vector<Error>& said, const Place& place, const std::string& words) {
  said.push_back(place.error(words));
}

// config.md, "Linux Process": a capability that the kernel does not know is logged, not refused.
void warn_of_unknown(const Capabilities& capabilities, const Place& place,
                     std::vector<Error>& said) {
  for (const CapabilitySet& set : capability_sets) {
    for (const std::string& name : capabilities.*set.names) {
      if (!is_capability(name)) say(said, Place(place, set.name), "unknown " + quote(name));
    }
  }
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// capabilities(7): only what is permitted and inheritable can be ambient.
void warn_of_ambient(const Capabilities& capabilities, const Place& place,
                     std::vector<Error>& said) {
  for (const std::string& name : capabilities.ambient) {
    if (contains(capabilities.permitted, name) && contains(capabilities.inheritable, name))
      continue;
    say(said, Place(place, "ambient"), printable(name) + " is not both permitted and inheritable");
  }
}

void warn_of_process(const Process& process, const Place& place, std::vector<Error>& said) {
  if (!process.capabilities) return;
  const Place capabilities(place, "capabilities");
  warn_of_unknown(*process.capabilities, capabilities, said);
  warn_of_ambient(*process.capabilities, capabilities, said);
}

// sched/core.c, MIN_SHARES and MAX_SHARES: what is beyond them is taken without a word. 0 sets
// none.
void warn_of_shares(const Resources& resources, const Place& place, std::vector<Error>& said) {
  const std::uint64_t shares = resources.cpu ? resources.cpu->shares.value_or(0) : 0;
  if (shares == 0 || shares == shares_in_range(shares)) return;
  const Place cpu(place, "cpu");
  say(said, Place(cpu, "shares"),
      std::to_string(shares) + " is out of the kernel's range, taken for " +
          std::to_string(shares_in_range(shares)));
}

std::vector<std::string> messages_of(const std::vector<Error>& said) {
  std::vector<std::string> lines;
  lines.reserve(said.size());
  for (const Error& error : said) lines.push_back(error.message());
  return lines;
}

}  // namespace

std::vector<std::string> warnings(const Process& process) {
  std::vector<Error> said;
  warn_of_process(process, Place(), said);
  return messages_of(said);
}

std::vector<std::string> warnings(const Resources& resources) {
  std::vector<Error> said;
  warn_of_shares(resources, Place(), said);
  return messages_of(said);
}

std::uint64_t shares_in_range(std::uint64_t shares) {
  return std::clamp<std::uint64_t>(shares, 2, 262144);
}

std::vector<Error> doubts(const Config& config) {
  std::vector<Error> said;
  const Place document;
  const Place linux_part(document, "linux");
  if (config.linux_ && config.linux_->resources) {
    warn_of_shares(*config.linux_->resources, Place(linux_part, "resources"), said);
  }
  if (config.process) warn_of_process(*config.process, Place(document, "process"), said);
  const Place mounts(document, "mounts");
  for (std::size_t i = 0; i < config.mounts.size(); ++i) {
    if (!config.mounts[i].was_relative) continue;
    say(said, Place(mounts, i),
        "the destination is relative, taken for " + quote(config.mounts[i].destination));
  }
  return said;
}

std::vector<std::string> warnings(const Config& config) {
  return messages_of(doubts(config));
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a config.json whose seccomp profile, device rules, mount options and properties for
// systemd (annotations) are compiled: the kernel could load each program. (That a program decides
// as its rules do is in tests/unit/seccomp.cpp, cgroups_devices.cpp.)
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cgroups/devices/devices.h"
#include "cgroups/systemd/properties.h"
#include "oci/document.h"
#include "runtime/plan/mount_options.h"
#include "runtime/plan/seccomp/filter.h"
#include "tests/fuzz/require.h"

using namespace tare;

namespace {

void check_message(const Error& error) {
  require(printable(error.message()) == error.message());
}

// seccomp(2): at most BPF_MAXINSNS instructions, jumps forward and inside, loads of whole words of
// seccomp_data, and a return at the end of every way.
void check_filter(const std::vector<std::uint64_t>& program) {
  require(!program.empty() && program.size() <= BPF_MAXINSNS);
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto one = std::bit_cast<sock_filter>(program[at]);
    const std::size_t rest = program.size() - at - 1;
    const bool jumps = BPF_CLASS(one.code) == BPF_JMP;
    if (jumps && BPF_OP(one.code) == BPF_JA) require(one.k < rest);
    if (jumps && BPF_OP(one.code) != BPF_JA) require(one.jt < rest && one.jf < rest);
    if (BPF_CLASS(one.code) == BPF_LD) require(one.k % 4 == 0 && one.k < sizeof(seccomp_data));
  }
  require(BPF_CLASS(std::bit_cast<sock_filter>(program.back()).code) == BPF_RET);
}

void check_device_program(const std::vector<bpf_insn>& program) {
  require(!program.empty());
  for (std::size_t at = 0; at < program.size(); ++at) {
    const bpf_insn& one = program[at];
    const bool jumps = BPF_CLASS(one.code) == BPF_JMP && BPF_OP(one.code) != BPF_EXIT;
    if (jumps) require(one.off >= 0 && static_cast<std::size_t>(one.off) < program.size() - at - 1);
  }
  require(program.back().code == (BPF_JMP | BPF_EXIT));
}

// The name of a property is a word, so that it cannot be one that is refused under another
// spelling.
void check_properties(const std::map<std::string, std::string>& annotations) {
  const auto properties = cgroups::annotated_properties(annotations);
  if (!properties.ok()) return check_message(properties.error());
  for (const cgroups::Property& property : *properties) {
    require(printable(property.name) == property.name);
    require(property.name.find_first_of(" ='.") == std::string::npos);
  }
}

void check_devices(const std::vector<oci::DeviceCgroup>& given) {
  const auto rules = cgroups::device_rules(given);
  if (!rules.ok()) return check_message(rules.error());
  check_device_program(cgroups::compile_device_filter(*rules));
  (void)cgroups::allow_everything(*rules);
  const auto writes = cgroups::device_writes_v1(*rules);
  if (!writes.ok()) return check_message(writes.error());
  for (const cgroups::DeviceWrite& write : *writes) {
    require(write.line.find('\n') == std::string::npos);
  }
  require(!cgroups::device_list_v1(*writes).empty() || !writes->front().allow);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto config = oci::decode_config({reinterpret_cast<const char*>(data), size});
  if (!config.ok()) return 0;
  for (const oci::Mount& mount : config->mounts) {
    const auto options = runtime::parse_mount_options(mount, "/mounts/0");
    if (!options.ok()) check_message(options.error());
  }
  check_properties(config->annotations);
  if (!config->linux_) return 0;
  if (config->linux_->seccomp) {
    const auto program = runtime::compile_seccomp(*config->linux_->seccomp, "/linux/seccomp");
    const auto names = runtime::check_names(*config->linux_->seccomp, "/linux/seccomp");
    if (!names.ok()) check_message(names.error());
    (void)runtime::seccomp_flags(*config->linux_->seccomp);
    if (program.ok()) {
      check_filter(*program);
    } else {
      check_message(program.error());
    }
  }
  if (config->linux_->resources) check_devices(config->linux_->resources->devices);
  return 0;
}

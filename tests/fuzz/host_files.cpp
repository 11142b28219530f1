// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the texts that tare reads of the host and of an image: files of procfs and cgroupfs,
// passwd, a log of CRIU.
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/process.h"
#include "base/text.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/stats/stat_text.h"
#include "runtime/criu/service.h"
#include "runtime/do/passwd.h"

using namespace tare;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// The text is that of /proc/PID/cgroup and of mountinfo; nothing is mounted.
void check_layout(std::string_view text) {
  static const UniqueFd empty(::open("/proc/self/fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string mountinfo(text);
  const auto layout = cgroups::find_hierarchies(text, empty.get(), "/none",
                                                [&]() -> Call<std::string> { return mountinfo; });
  if (!layout.ok()) return;
  for (const cgroups::Hierarchy& one : layout->hierarchies) {
    require(one.own.starts_with('/') && (one.version == 1 || one.version == 2));
  }
}

void check_statistics(std::string_view text) {
  oci::Stats stats;
  (void)cgroups::stat_number(text);
  (void)cgroups::stat_numbers(text);
  (void)cgroups::stat_ranges(text);
  (void)cgroups::stat_keys(text);
  (void)cgroups::stat_pressures(text);
  cgroups::take_pids_max(text, stats);
  cgroups::take_memory_stat(text, "cache", stats);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t before = rest.size();
    if (!cgroups::take_device(rest) || rest.size() >= before) break;
  }
}

// A variable of the environment is one line.
void check_passwd(std::string_view text) {
  for (const std::uint32_t uid : {0U, 1000U}) {
    const std::string home = runtime::home_variable(text, uid);
    require(home.starts_with("HOME=/"));
    require(home.find('\n') == std::string::npos && home.find('\0') == std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_layout(text);
  check_statistics(text);
  check_passwd(text);
  (void)parse_mountinfo(text);
  (void)unescape_mountinfo(text);
  (void)status_field(text, "CapPrm");
  const std::string said = runtime::criu_errors(text);
  require(said.find('\n') == std::string::npos);
  return 0;
}

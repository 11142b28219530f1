// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the texts that tare reads of the host and of an image: files of procfs, cgroupfs and
// resctrl, passwd, a log of CRIU.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/text.h"
#include "cgroups/hierarchy/layout.h"
#include "cgroups/stats/stat_text.h"
#include "runtime/criu/service.h"
#include "runtime/do/passwd.h"
#include "runtime/do/resctrl_group.h"
#include "runtime/look/cgroup_limits.h"
#include "tests/fuzz/require.h"

using namespace tare;

namespace {

// A directory with what the root of a hierarchy of each version has.
class Hierarchies {
 public:
  Hierarchies() {
    require(::mkdtemp(path_.data()) != nullptr);
    directory_ = UniqueFd(::open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    require(::mkdirat(directory_.get(), "memory", 0700) == 0);
    make("memory/tasks", "");
    make("cgroup.controllers", "cpu pids\n");
  }
  Hierarchies(const Hierarchies&) = delete;
  Hierarchies& operator=(const Hierarchies&) = delete;
  ~Hierarchies() {
    ::unlinkat(directory_.get(), "memory/tasks", 0);
    ::unlinkat(directory_.get(), "cgroup.controllers", 0);
    ::unlinkat(directory_.get(), "memory", AT_REMOVEDIR);
    ::rmdir(path_.c_str());
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int directory() const { return directory_.get(); }

 private:
  void make(const char* name, std::string_view text) const {
    const Call<UniqueFd> file = open_at(directory_.get(), name, O_WRONLY | O_CREAT, 0600);
    require(file.ok() && write_all(file->get(), text).ok());
  }
  std::string path_ = "/tmp/tare-fuzz-XXXXXX";
  UniqueFd directory_;
};

void check_layout(std::string_view cgroup, const std::string& mountinfo, int mounts,
                  const std::string& path) {
  const auto layout = cgroups::find_hierarchies(cgroup, mounts, path,
                                                [&]() -> Call<std::string> { return mountinfo; });
  if (!layout.ok()) return;
  for (const cgroups::Hierarchy& one : layout->hierarchies) {
    require(one.own.starts_with('/') && (one.version == 1 || one.version == 2));
  }
}

// The text is that of /proc/PID/cgroup and of mountinfo, where HERE stands for a directory with
// hierarchies. It is the usual place, or nothing is mounted there.
void check_layout(std::string_view text) {
  static const UniqueFd empty(::open("/proc/self/fdinfo", O_PATH | O_DIRECTORY | O_CLOEXEC));
  static const Hierarchies hierarchies;
  std::string mountinfo(text);
  for (std::size_t at = 0; (at = mountinfo.find("HERE", at)) != std::string::npos;) {
    mountinfo.replace(at, 4, hierarchies.path());
  }
  check_layout(text, mountinfo, empty.get(), "/none");
  check_layout(text, mountinfo, hierarchies.directory(), hierarchies.path());
}

void check_statistics(std::string_view text) {
  oci::Stats stats;
  (void)cgroups::stat_number(text);
  (void)cgroups::stat_numbers(text);
  (void)cgroups::stat_ranges(text);
  (void)cgroups::stat_keys(text);
  (void)cgroups::stat_pressures(text);
  constexpr cgroups::StatKey keys[] = {
      {"nr_periods", [](oci::Stats& of) -> std::uint64_t& { return of.pids.limit; }, 1},
      {"usage_usec", [](oci::Stats& of) -> std::uint64_t& { return of.pids.current; }, 1000}};
  cgroups::take_keys(text, keys, stats);
  cgroups::take_pids_max(text, stats);
  cgroups::take_memory_stat(text, "cache", stats);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t before = rest.size();
    if (!cgroups::take_device(rest) || rest.size() >= before) break;
  }
}

// No limit is more than the kernel counts (parse_limit), and only the device that is asked for has
// one.
void check_limits(std::string_view text) {
  const auto limit = runtime::parse_limit(text);
  require(!limit || *limit < std::uint64_t{1} << 62);
  const std::size_t blank = std::min(text.find(' '), text.size());
  (void)runtime::parse_quota(text.substr(0, blank), text.substr(std::min(blank + 1, text.size())));
  const auto of_device = runtime::parse_device_limit(text, text.substr(0, blank), "hca_handle");
  require(!of_device || text.find(" hca_handle=") != std::string_view::npos);
}

// A file of resctrl has each line that is in it, unless a resource has two lines there.
void check_schemata(std::string_view text) {
  const auto lines = split(text, '\n');
  (void)runtime::has_schema(text, lines.back());
  if (lines.size() != 1 || text.find(':') == std::string_view::npos) return;
  const std::size_t resource = text.find_first_not_of(' ');
  require(runtime::has_schema(text, text) == (text[resource] != ':'));
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
  check_limits(text);
  check_schemata(text);
  check_passwd(text);
  (void)parse_mountinfo(text);
  (void)unescape_mountinfo(text);
  const std::string said = runtime::criu_errors(text);
  require(said.find('\n') == std::string::npos);
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
//
// CRIU (criu(8)) as a service: `criu swrk` on a socket of ours, with its RPC (criu.proto).
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tare::runtime {

enum class CriuCall { dump, pre_dump, restore };
enum class CriuCgroups { ignore, soft, full, strict };
enum class CriuNetworkLock { iptables, nftables, skip };

// A request to CRIU; an empty member is not sent.
struct CriuOptions {
  struct PageServer {
    std::string address;
    int port = 0;
  };
  struct CgroupRoot {
    std::string controllers;  // of a v1 hierarchy; empty: v2
    std::string path;         // below the hierarchy's mount
  };
  struct InheritedFd {
    std::string key;  // CRIU's name for the file of this descriptor
    int fd = -1;      // ours; CRIU gets it with the same number
  };

  int images = -1;  // directories
  int work = -1;
  int status_fd = -1;         // gets a zero byte when CRIU is ready (lazy pages)
  pid_t pid = 0;              // the root of the dumped process tree
  std::string root;           // the container's root on the host
  std::string log;            // a name in `work`
  std::string parent_images;  // relative to `images`
  std::string freeze_cgroup;
  std::string lsm_profile;
  std::string lsm_mount_context;
  std::string config_file;
  std::optional<PageServer> page_server;
  CriuCgroups cgroups = CriuCgroups::soft;
  std::optional<CriuNetworkLock> network_lock;
  std::vector<CgroupRoot> cgroup_roots;
  std::vector<InheritedFd> inherited;
  std::vector<std::string> external;
  unsigned empty_namespaces = 0;  // CLONE_NEW*
  bool leave_running = false;
  bool tcp_established = false;
  bool tcp_close = false;
  bool tcp_skip_in_flight = false;
  bool ext_unix_sk = false;
  bool shell_job = false;
  bool file_locks = false;
  bool lazy_pages = false;
  bool auto_dedup = false;
  bool link_remap = false;
};

// A callback of CRIU, which waits for the answer.
struct CriuNotice {
  std::string script;   // "setup-namespaces", "post-restore", "orphan-pts-master", ...
  pid_t pid = 0;        // the container's init in our pid namespace
  UniqueFd descriptor;  // of "orphan-pts-master": the master of the terminal
};
using CriuListener = std::function<Result<void>(CriuNotice&)>;

// The program: `given`, or criu of $PATH. Kind::unsupported if there is none.
Result<std::string> find_criu(const std::string& given);

class CriuService {
 public:
  static Result<CriuService> start(const std::string& program);
  // For a restore: with our standard streams, these descriptors of ours under the same numbers, and
  // `root` as a mount point in a mount namespace of CRIU's own, because CRIU restores onto a mount
  // point.
  static Result<CriuService> start(const std::string& program, const std::vector<int>& passed,
                                   const std::string& root);
  CriuService(CriuService&& other) noexcept;
  CriuService& operator=(CriuService&&) noexcept = delete;
  ~CriuService();  // waits until CRIU exits

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The directory at an absolute path in CRIU's mount namespace: CRIU mounts in `work`.
  [[nodiscard]] Result<UniqueFd> open_directory(const std::string& path) const;

  // The only call. For a restore the result is init, now a child of ours. The error contains the
  // first errors of CRIU's log. Ten minutes without a message of CRIU are an error.
  Result<pid_t> call(CriuCall call, const CriuOptions& options, const CriuListener& listener);

 private:
  CriuService(pid_t pid, UniqueFd socket, UniqueFd errors)
      : pid_(pid), socket_(std::move(socket)), errors_(std::move(errors)) {}
  Result<pid_t> talk(const CriuListener& listener);
  [[nodiscard]] std::string said(const CriuOptions& options, std::string_view known) const;

  pid_t pid_;
  UniqueFd socket_;
  UniqueFd errors_;  // CRIU's standard error, before and after it has a log
};

// Whether this CRIU can work with this kernel.
Result<void> check_criu(const std::string& given);

// The first errors of a log, as one line; empty if it has none. Later ones are consequences, and
// one in `known` is already reported.
std::string criu_errors(std::string_view log, std::string_view known = {});

}  // namespace tare::runtime

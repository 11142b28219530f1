// SPDX-License-Identifier: Apache-2.0
//
// CRIU (criu(8)) as a service: `criu swrk` on a socket of ours, which it answers in its RPC
// (criu.proto).
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

// What is asked of CRIU; a member that says nothing is not sent.
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
    std::string key;  // what CRIU calls the file that this descriptor stands for
    int fd = -1;      // ours; CRIU gets it by the same number
  };

  int images = -1;  // directories
  int work = -1;
  int status_fd = -1;         // gets a zero byte when CRIU is ready (lazy pages)
  pid_t pid = 0;              // whose tree is dumped
  std::string root;           // the container's root, as the host sees it
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

// What CRIU says while it works, and waits to be answered.
struct CriuNotice {
  std::string script;   // "setup-namespaces", "post-restore", "orphan-pts-master", ...
  pid_t pid = 0;        // the container's init, as we see it
  UniqueFd descriptor;  // of "orphan-pts-master": the master of the terminal
};
using CriuListener = std::function<Result<void>(CriuNotice&)>;

// The program: `given`, or criu of $PATH. Kind::unsupported if there is none.
Result<std::string> find_criu(const std::string& given);

class CriuService {
 public:
  static Result<CriuService> start(const std::string& program);
  // To restore: with our standard streams and these descriptors of ours open by the same numbers,
  // and `root` a mount point, in a mount namespace of CRIU's own: that is what it restores onto.
  static Result<CriuService> start(const std::string& program, const std::vector<int>& passed,
                                   const std::string& root);
  CriuService(CriuService&& other) noexcept;
  CriuService& operator=(CriuService&&) noexcept = delete;
  ~CriuService();  // waits for its end

  [[nodiscard]] pid_t pid() const { return pid_; }
  // The directory at an absolute path as it is in CRIU's mount namespace: it mounts in `work`.
  [[nodiscard]] Result<UniqueFd> open_directory(const std::string& path) const;

  // One call, and the last. Of a restore the result is init, a child of ours from now on. The error
  // has the first errors of CRIU's log. Nothing heard of CRIU for ten minutes is an error.
  Result<pid_t> call(CriuCall call, const CriuOptions& options, const CriuListener& listener);

 private:
  CriuService(pid_t pid, UniqueFd socket, UniqueFd errors)
      : pid_(pid), socket_(std::move(socket)), errors_(std::move(errors)) {}
  Result<pid_t> talk(const CriuListener& listener);
  [[nodiscard]] std::string said(const CriuOptions& options, std::string_view known) const;

  pid_t pid_;
  UniqueFd socket_;
  UniqueFd errors_;  // what it writes to standard error, before it has a log and after
};

// Whether this CRIU can work with this kernel.
Result<void> check_criu(const std::string& given);

// The first errors of a log, as one line; empty if it has none. The later ones follow from them,
// and one that is in `known` is told already.
std::string criu_errors(std::string_view log, std::string_view known = {});

}  // namespace tare::runtime

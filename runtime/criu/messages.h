// SPDX-License-Identifier: Apache-2.0
//
// The messages of CRIU's RPC (criu.proto) as bytes: one request, notices that CRIU waits for, and
// an answer.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

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

std::string criu_request(CriuCall call, const CriuOptions& options);
std::string criu_notice_answer(bool success);

// What CRIU says. Its images may be a user's: nothing in an answer is trusted.
struct CriuAnswer {
  bool is_notice = false;
  std::string script;  // of a notice
  pid_t pid = 0;       // of the container's init; 0: CRIU names none
};

// An error is CRIU's own, or an answer that is none.
Result<CriuAnswer> read_criu_answer(std::string_view bytes);

}  // namespace tare::runtime

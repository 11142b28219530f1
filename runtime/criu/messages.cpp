// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/messages.h"

#include <array>
#include <vector>

#include <criu.pb-c.h>
#include "base/text.h"

namespace tare::runtime {

namespace {

constexpr int log_level = 4;  // debug: needed to find the reason of a failed restore

// ---- the request --------------------------------------------------------------------------------

// libprotobuf-c takes mutable text, but does not change it.
char* text(const std::string& value) {
  return const_cast<char*>(value.c_str());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

void put(char*& field, const std::string& value) {
  if (!value.empty()) field = text(value);
}
void put(protobuf_c_boolean& has, protobuf_c_boolean& field, bool value) {
  has = field = value ? 1 : 0;
}
void put(protobuf_c_boolean& has, std::int32_t& field, int value, int nothing) {
  has = value != nothing ? 1 : 0;
  field = value;
}

Criu__CgroupMode mode_of(CriuCgroups cgroups) {
  constexpr std::array modes{CRIU__CGROUP_MODE__IGNORE, CRIU__CGROUP_MODE__SOFT,
                             CRIU__CGROUP_MODE__FULL, CRIU__CGROUP_MODE__STRICT};
  return modes[static_cast<std::size_t>(cgroups)];
}

Criu__NetworkLock lock_of(CriuNetworkLock lock) {
  constexpr std::array locks{CRIU__NETWORK_LOCK__IPTABLES, CRIU__NETWORK_LOCK__NFTABLES,
                             CRIU__NETWORK_LOCK__SKIP};
  return locks[static_cast<std::size_t>(lock)];
}

// The messages and the lists of pointers that a request needs.
class Encoded {
 public:
  Encoded(CriuCall call, const CriuOptions& given) {
    criu__options__init(&options_);
    criu__request__init(&request_);
    constexpr std::array types{CRIU__REQUEST_TYPE__DUMP, CRIU__REQUEST_TYPE__PRE_DUMP,
                               CRIU__REQUEST_TYPE__RESTORE};
    request_.type = types[static_cast<std::size_t>(call)];
    request_.options = &options_;
    put_values(given);
    put_switches(given);
    put_lists(given);
    put(options_.has_track_memory, options_.track_memory, call == CriuCall::pre_dump);
    put(options_.has_restore_sibling, options_.restore_sibling, call == CriuCall::restore);
    // A terminal with an external master: allowed in a dump, and given back at a restore.
    put(options_.has_orphan_terminal, options_.orphan_terminal, true);
    put(options_.has_notify_scripts, options_.notify_scripts, call == CriuCall::restore);
  }
  Encoded(const Encoded&) = delete;
  Encoded& operator=(const Encoded&) = delete;

  [[nodiscard]] std::string bytes() const {
    std::string packed(criu__request__get_packed_size(&request_), '\0');
    criu__request__pack(&request_, reinterpret_cast<std::uint8_t*>(packed.data()));
    return packed;
  }

 private:
  void put_values(const CriuOptions& given) {
    options_.images_dir_fd = given.images;
    put(options_.has_work_dir_fd, options_.work_dir_fd, given.work, -1);
    put(options_.has_status_fd, options_.status_fd, given.status_fd, -1);
    put(options_.has_pid, options_.pid, given.pid, 0);
    put(options_.has_log_level, options_.log_level, log_level, 0);
    put(options_.log_file, given.log);
    put(options_.root, given.root);
    put(options_.parent_images, given.parent_images);
    put(options_.freeze_cgroup, given.freeze_cgroup);
    put(options_.config_file, given.config_file);
    put(options_.lsm_profile, given.lsm_profile);
    put(options_.lsm_mount_context, given.lsm_mount_context);
    options_.has_cgroup_mode = 1;
    options_.cgroup_mode = mode_of(given.cgroups);
    put(options_.has_manage_cgroups, options_.manage_cgroups, given.cgroups != CriuCgroups::ignore);
    options_.has_empty_namespaces = given.empty_namespaces != 0 ? 1 : 0;
    options_.empty_namespaces = given.empty_namespaces;
    if (given.network_lock) {
      options_.has_network_lock = 1;
      options_.network_lock = lock_of(*given.network_lock);
    }
    if (given.page_server) {
      criu__page_server__init(&page_server_);
      put(page_server_.address, given.page_server->address);
      put(page_server_.has_port, page_server_.port, given.page_server->port, 0);
      options_.page_server = &page_server_;
    }
  }

  void put_switches(const CriuOptions& given) {
    put(options_.has_leave_running, options_.leave_running, given.leave_running);
    put(options_.has_tcp_established, options_.tcp_established, given.tcp_established);
    put(options_.has_tcp_close, options_.tcp_close, given.tcp_close);
    put(options_.has_tcp_skip_in_flight, options_.tcp_skip_in_flight, given.tcp_skip_in_flight);
    put(options_.has_ext_unix_sk, options_.ext_unix_sk, given.ext_unix_sk);
    put(options_.has_shell_job, options_.shell_job, given.shell_job);
    put(options_.has_file_locks, options_.file_locks, given.file_locks);
    put(options_.has_lazy_pages, options_.lazy_pages, given.lazy_pages);
    put(options_.has_auto_dedup, options_.auto_dedup, given.auto_dedup);
    put(options_.has_link_remap, options_.link_remap, given.link_remap);
  }

  void put_lists(const CriuOptions& given) {
    for (const std::string& external : given.external) external_.push_back(text(external));
    roots_.resize(given.cgroup_roots.size());
    for (std::size_t i = 0; i < roots_.size(); ++i) {
      criu__cgroup_root__init(&roots_[i]);
      roots_[i].controllers = text(given.cgroup_roots[i].controllers);  // not sent: all hierarchies
      roots_[i].path = text(given.cgroup_roots[i].path);
      root_list_.push_back(&roots_[i]);
    }
    inherited_.resize(given.inherited.size());
    for (std::size_t i = 0; i < inherited_.size(); ++i) {
      criu__inherited_fd__init(&inherited_[i]);
      inherited_[i].key = text(given.inherited[i].key);
      inherited_[i].fd = given.inherited[i].fd;
      inherited_list_.push_back(&inherited_[i]);
    }
    options_.n_external = external_.size();
    options_.external = external_.data();
    options_.n_cgroup_roots = root_list_.size();
    options_.cgroup_roots = root_list_.data();
    options_.n_inherited = inherited_list_.size();
    options_.inherited = inherited_list_.data();
  }

  Criu__Request request_{};
  Criu__Options options_{};
  Criu__PageServer page_server_{};
  std::vector<char*> external_;
  std::vector<Criu__CgroupRoot> roots_;
  std::vector<Criu__CgroupRoot*> root_list_;
  std::vector<Criu__InheritedFd> inherited_;
  std::vector<Criu__InheritedFd*> inherited_list_;
};

}  // namespace

std::string criu_request(CriuCall call, const CriuOptions& options) {
  return Encoded(call, options).bytes();
}

std::string criu_notice_answer(bool success) {
  Criu__Request request;
  criu__request__init(&request);
  request.type = CRIU__REQUEST_TYPE__NOTIFY;
  put(request.has_notify_success, request.notify_success, success);
  request.has_notify_success = 1;
  std::string packed(criu__request__get_packed_size(&request), '\0');
  criu__request__pack(&request, reinterpret_cast<std::uint8_t*>(packed.data()));
  return packed;
}

// ---- the answer ---------------------------------------------------------------------------------

namespace {

struct Unpacked {
  explicit Unpacked(std::string_view bytes)
      : response(criu__response__unpack(nullptr, bytes.size(),
                                        reinterpret_cast<const std::uint8_t*>(bytes.data()))) {}
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;
  ~Unpacked() { criu__response__free_unpacked(response, nullptr); }
  Criu__Response* response;  // nullptr: the bytes are not a message
};

Error failure_of(const Criu__Response& response) {
  Error error("criu failed");
  error.error = response.has_error != 0 ? response.error : 0;
  if (response.error_message != nullptr) {
    error.what += ": " + printable(without_newline(response.error_message));
  }
  return error;
}

CriuAnswer notice_of(const Criu__Notification* told) {
  CriuAnswer notice{true, "", 0};
  if (told == nullptr) return notice;
  if (told->script != nullptr) notice.script = told->script;
  notice.pid = told->pid;
  return notice;
}

}  // namespace

Result<CriuAnswer> read_criu_answer(std::string_view bytes) {
  const Unpacked unpacked(bytes);
  const Criu__Response* response = unpacked.response;
  if (response == nullptr) return Error("criu gave an answer that is none");
  if (response->type == CRIU__REQUEST_TYPE__NOTIFY) return notice_of(response->notification);
  if (response->success == 0) return failure_of(*response);
  return CriuAnswer{false, "", response->restored != nullptr ? response->restored->pid : 0};
}

}  // namespace tare::runtime

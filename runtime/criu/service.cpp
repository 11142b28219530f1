// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/service.h"

#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include <criu.pb-c.h>
#include "base/file.h"
#include "base/pair.h"
#include "base/process.h"
#include "base/progress.h"
#include "base/signals.h"
#include "base/story.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

constexpr int silence_ms = 10 * 60 * 1000;  // a dump of much memory is silent for long
constexpr std::size_t log_limit = std::size_t{64} << 20;
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

std::string answer_to_notice(bool success) {
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

struct Unpacked {
  explicit Unpacked(std::string_view bytes)
      : response(criu__response__unpack(nullptr, bytes.size(),
                                        reinterpret_cast<const std::uint8_t*>(bytes.data()))) {}
  Unpacked(const Unpacked&) = delete;
  Unpacked& operator=(const Unpacked&) = delete;
  ~Unpacked() { criu__response__free_unpacked(response, nullptr); }
  Criu__Response* response;  // nullptr: the bytes are not a message
};

Result<void> send_message(int socket, const std::string& bytes) {
  if (::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) return {};
  return Error(Fault::last("send"), "ask criu");
}

Error failure_of(const Criu__Response& response) {
  Error error("criu failed");
  error.error = response.has_error != 0 ? response.error : 0;
  if (response.error_message != nullptr) {
    error.what += ": " + printable(without_newline(response.error_message));
  }
  return error;
}

}  // namespace

std::string criu_errors(std::string_view log, std::string_view known) {
  constexpr std::size_t most = 3;
  std::vector<std::string> found;
  for (const std::string_view line : split(log, '\n')) {
    const std::size_t start = line.find("Error (");
    if (start == std::string_view::npos || found.size() == most) continue;
    std::string error = shortened(line.substr(start));
    if (known.find(error) == std::string_view::npos) found.push_back(std::move(error));
  }
  return join(found, "; ");
}

Result<std::string> find_criu(const std::string& given) {
  if (!given.empty()) {
    if (::access(given.c_str(), X_OK) == 0) return given;
    return Error(Fault::last("access"), printable(given));
  }
  const char* path = ::getenv("PATH");
  const std::string_view places = path != nullptr ? path : "/usr/sbin:/usr/bin:/sbin:/bin";
  for (const std::string_view directory : split(places, ':')) {
    std::string program = std::string(directory) + "/criu";
    if (program.front() == '/' && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return Error(Error::Kind::unsupported, "criu: executable file not found in $PATH")
      .with_hint("checkpoints need CRIU (package criu)");
}

// ---- the process --------------------------------------------------------------------------------

namespace {

// A private mount of CRIU, which ends with it.
Call<void> make_mount_point(const char* root) {
  if (::unshare(CLONE_NEWNS) != 0) return Fault::last("unshare");
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return Fault::last("mount");
  if (::mount(root, root, nullptr, MS_BIND | MS_REC, nullptr) != 0) return Fault::last("mount");
  return {};
}

constexpr int cannot_start = 127;

Fault execute(const std::string& program, const char* const* arguments, int errors) {
  if (errors >= 0 && ::dup2(errors, STDERR_FILENO) < 0) return Fault::last("dup2");
  (void)reset_signals();
  ::execv(program.c_str(), const_cast<char* const*>(arguments));  // NOLINT: execv(3) changes none
  return Fault::last("execve");
}

struct CriuStart {
  const std::string& program;
  int socket;
  int errors;  // for its standard error; -1: it has our standard streams
  const std::vector<int>& passed;
  const std::string& root;
};

Fault become_criu(const CriuStart& start) {
  if (!start.root.empty()) {
    const Call<void> made = make_mount_point(start.root.c_str());
    if (!made.ok()) return made.error();
  }
  for (const int fd : start.passed) ::fcntl(fd, F_SETFD, 0);
  ::fcntl(start.socket, F_SETFD, 0);
  const std::string number = std::to_string(start.socket);
  const char* const arguments[] = {"criu", "swrk", number.c_str(), nullptr};
  return execute(start.program, arguments, start.errors);
}

struct Begun {
  pid_t pid;
  UniqueFd socket;
};

Result<UniqueFd> make_error_file() {
  UniqueFd file(::memfd_create("criu-errors", MFD_CLOEXEC));
  if (!file.valid()) return Error(Fault::last("memfd_create"), "begin criu");
  return file;
}

std::string errors_in(int file) {
  if (::lseek(file, 0, SEEK_SET) != 0) return "";
  const auto text = read_to_end(file);
  return text.ok() ? criu_errors(*text) : std::string();
}

Result<Begun> begin_service(const std::string& program, int errors, const std::vector<int>& passed,
                            const std::string& root) {
  auto [ours, theirs] = TRY(make_socket_pair(SOCK_SEQPACKET).because("begin criu"));
  auto [started, starting] = TRY(make_pipe().because("begin criu"));
  const pid_t pid = ::fork();
  if (pid < 0) return Error(Fault::last("fork"), "begin criu");
  if (pid == 0) {
    const Fault fault = become_criu({program, theirs.get(), errors, passed, root});
    (void)write_all(starting.get(), {reinterpret_cast<const char*>(&fault), sizeof fault});
    ::_exit(cannot_start);
  }
  starting.reset();
  theirs.reset();
  // Its end means that execve(2) succeeded, so the mount namespace exists.
  Fault fault;
  if (::read(started.get(), &fault, sizeof fault) == 0) return Begun{pid, std::move(ours)};
  (void)reap(pid);
  return Error(fault, "begin " + printable(program) + ": " + fault.call);
}

}  // namespace

Result<CriuService> CriuService::start(const std::string& program) {
  UniqueFd errors = TRY(make_error_file());
  Begun begun = TRY(begin_service(program, errors.get(), {}, ""));
  return CriuService(begun.pid, std::move(begun.socket), std::move(errors));
}

Result<CriuService> CriuService::start(const std::string& program, const std::vector<int>& passed,
                                       const std::string& root) {
  Begun begun = TRY(begin_service(program, -1, passed, root));
  return CriuService(begun.pid, std::move(begun.socket), UniqueFd());
}

Result<UniqueFd> CriuService::open_directory(const std::string& path) const {
  const std::string seen = "/proc/" + std::to_string(pid_) + "/root" + path;
  return open_at(AT_FDCWD, seen.c_str(), O_RDONLY | O_DIRECTORY)
      .because("open the directory " + printable(path));
}

CriuService::CriuService(CriuService&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      socket_(std::move(other.socket_)),
      errors_(std::move(other.errors_)) {}

CriuService::~CriuService() {
  // CRIU exits when the connection is shut down. Closing the socket would be a reset, for which it
  // prints an error.
  if (socket_.valid()) ::shutdown(socket_.get(), SHUT_WR);
  if (pid_ > 0) (void)reap(pid_);
}

namespace {

// Reads one answer; a descriptor that came with it is stored in `descriptor`.
Result<std::string> receive_answer(int socket, UniqueFd& descriptor) {
  pollfd waiting{socket, POLLIN, 0};
  Progress progress("wait for CRIU");
  const int ready = progress.await({&waiting, 1}, silence_ms);
  if (ready < 0) return Error(Fault::last("poll"), "wait for criu");
  if (ready == 0) return Error(Fault{ETIMEDOUT, "poll"}, "wait for criu");
  char peeked = 0;
  const ssize_t size = ::recv(socket, &peeked, sizeof peeked, MSG_PEEK | MSG_TRUNC);
  if (size < 0) return Error(Fault::last("recv"), "hear criu");
  if (size == 0) return Error("criu ended without an answer");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  (void)TRY(receive_message(socket, bytes, descriptor).because("hear criu"));
  return bytes;
}

}  // namespace

std::string CriuService::said(const CriuOptions& options, std::string_view known) const {
  const auto log = read_regular_file(options.work, options.log.c_str(), log_limit);
  if (log.ok()) {
    const std::string errors = criu_errors(*log, known);
    return errors + (errors.empty() ? "" : " ") + "(log: " + options.log +
           " in the work directory)";
  }
  return errors_.valid() ? errors_in(errors_.get()) : std::string();
}

namespace {

void fill_notice(CriuNotice& notice, const Criu__Notification* told) {
  if (told == nullptr) return;
  if (told->script != nullptr) notice.script = told->script;
  notice.pid = told->pid;
}

Result<pid_t> end_of_call(const Criu__Response* response) {
  if (response == nullptr) return Error("criu gave an answer that is none");
  if (response->success == 0) return failure_of(*response);
  return response->restored != nullptr ? response->restored->pid : 0;
}

}  // namespace

Result<pid_t> CriuService::talk(const CriuListener& listener) {
  Result<void> heard;  // the first failure of the listener, which causes CRIU's own
  for (;;) {
    CriuNotice notice;
    const std::string bytes = TRY(receive_answer(socket_.get(), notice.descriptor));
    const Unpacked answer(bytes);
    const Criu__Response* response = answer.response;
    if (response == nullptr || response->type != CRIU__REQUEST_TYPE__NOTIFY) {
      TRY(std::move(heard));
      return end_of_call(response);
    }
    fill_notice(notice, response->notification);
    if (heard.ok() && listener) heard = listener(notice);
    TRY(send_message(socket_.get(), answer_to_notice(heard.ok())));
  }
}

Result<pid_t> CriuService::call(CriuCall call, const CriuOptions& options,
                                const CriuListener& listener) {
  const story::Step told([] { return std::string("call criu"); });
  TRY(send_message(socket_.get(), Encoded(call, options).bytes()));
  Result<pid_t> ended = talk(listener);
  if (ended.ok()) return ended;
  Error error = std::move(ended).error();
  const std::string words = said(options, error.what);
  if (!words.empty()) error.what += ": " + words;
  return error;
}

// Not by RPC, which writes a log into a directory.
Result<void> check_criu(const std::string& given) {
  const std::string program = TRY(find_criu(given));
  const UniqueFd errors = TRY(make_error_file());
  const pid_t pid = ::fork();
  if (pid < 0) return Error(Fault::last("fork"), "begin criu");
  if (pid == 0) {
    const char* const arguments[] = {"criu", "check", nullptr};
    ::dup2(errors.get(), STDOUT_FILENO);  // "Looks good."
    (void)execute(program, arguments, errors.get());
    ::_exit(cannot_start);
  }
  if (reap(pid) == 0) return {};
  const std::string words = errors_in(errors.get());
  return Error(Error::Kind::unsupported,
               printable(program) + " does not work here" + (words.empty() ? "" : ": " + words));
}

}  // namespace tare::runtime

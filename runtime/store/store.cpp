// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/store.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/directory.h"
#include "base/file.h"
#include "base/process.h"
#include "base/story.h"
#include "base/system.h"
#include "base/text.h"
#include "oci/version.h"
#include "runtime/store/claim.h"
#include "runtime/store/files.h"

namespace tare::runtime {

namespace {

constexpr std::size_t record_limit = std::size_t{32} << 20;

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '+' || c == '.' || c == '-';
}

Result<oci::Record> read_record(int directory, const char* name) {
  Call<std::string> text = read_regular_file(directory, name, record_limit);
  if (!text.ok()) return Error(text.error(), std::string("read ") + name);
  return oci::decode_record(*text).because(name);
}

// An empty file was never written: a loss of power leaves one.
bool has_no_content(int directory, const char* name) {
  struct stat status {};
  return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
         status.st_size == 0;
}

}  // namespace

Result<void> check_id(const std::string& id) {
  if (id.empty()) return Error(Error::Kind::usage, "container id cannot be empty");
  const bool valid = id.size() <= longest_id && id != "." && id != ".." &&
                     std::all_of(id.begin(), id.end(), is_id_character);
  if (valid) return {};
  return Error(Error::Kind::usage, "invalid container ID format: " + quote(id.substr(0, 64)))
      .with_hint("letters, digits and _ + . - only, at most 255");
}

Result<oci::Record> Entry::read() const {
  Result<oci::Record> state = read_record(directory_.get(), state_file);
  if (state.ok() || state.error().kind == Error::Kind::unsupported) return state;
  std::optional<oci::Record> earlier = of_earlier_boot();
  if (earlier) return std::move(*earlier);
  return state.error().error == ENOENT ? read_intent() : std::move(state);
}

Result<oci::Record> Entry::read_intent() const {
  Result<oci::Record> intent = read_record(directory_.get(), intent_file);
  if (intent.ok() || !has_no_content(directory_.get(), intent_file)) return intent;
  return Error(Fault{ENOENT, "read"}, std::string("read ") + intent_file);
}

// Without state.json.
std::optional<oci::Record> Entry::of_earlier_boot() const {
  Result<oci::Record> intent = read_intent();
  if (intent.ok() && !is_this_boot(intent->bootId)) return std::move(intent).value();
  const std::optional<Init> init = read_init();
  if (intent.ok() || !init || is_this_boot(init->boot)) return std::nullopt;
  oci::Record record;
  record.id = id_;
  record.phase = "creating";
  record.bootId = init->boot;
  record.config.ociVersion = oci::newest_spec_version;
  return record;
}

Result<Replacement> Entry::prepare(const oci::Record& record) const {
  const story::Step told([&] { return "write the record of " + id_; });
  return Replacement::prepare(directory_.get(), state_file, oci::encode_record(record), 0600)
      .because("write the record of container " + id_);
}

Result<void> Entry::put(Replacement record) const {
  return record.put().because("write the record of container " + id_);
}

Result<void> Entry::write(const oci::Record& record) const {
  return put(TRY(prepare(record)));
}

Result<void> Entry::write_init(const Init& init) const {
  // With less than 60 bytes it is in the inode, and is not lost if the power is.
  const std::string text =
      std::to_string(init.pid) + " " + std::to_string(init.start_time) + " " + init.boot;
  if (::symlinkat(text.c_str(), directory_.get(), init_link) == 0) return {};
  return Error(Fault::last("symlinkat"), "write the init of container " + id_);
}

std::optional<Entry::Init> Entry::read_init() const {
  std::array<char, 128> text{};
  const ssize_t length = ::readlinkat(directory_.get(), init_link, text.data(), text.size());
  if (length <= 0) return std::nullopt;
  const auto parts = split({text.data(), static_cast<std::size_t>(length)}, ' ');
  if (parts.size() != 2 && parts.size() != 3) return std::nullopt;
  const auto pid = parse_number<std::int64_t>(parts[0]);
  const auto start_time = parse_number<std::uint64_t>(parts[1]);
  if (!pid || !start_time || *pid <= 0 || *pid > oci::highest_pid) return std::nullopt;
  return Init{*pid, *start_time, parts.size() == 3 ? std::string(parts[2]) : ""};
}

bool is_this_boot(const std::string& boot) {
  const Call<std::string> now = boot_id();
  return !now.ok() || boot.empty() || *now == boot;
}

Result<oci::Exit> Entry::read_exit() const {
  const std::string text = TRY(read_regular_file(directory_.get(), exit_file, record_limit)
                                   .because("read how container " + id_ + " ended"));
  return oci::decode_exit(text).because(exit_file);
}

Result<void> Entry::write_exit(const oci::Exit& exit) const {
  return replace_file(directory_.get(), exit_file, oci::encode_exit(exit), 0600)
      .because("write how container " + id_ + " ended");
}

Result<void> Entry::lock(int timeout_ms) const {
  const story::Step told([&] { return "lock " + id_; });
  const std::string wait = "wait for another command that works on container " + id_;
  const Call<void> locked = lock_within(directory_.get(), timeout_ms, wait);
  if (locked.ok()) return {};
  const bool is_held = locked.error().error == ETIMEDOUT;
  return Error(locked.error(), is_held ? wait : "lock container " + id_);
}

bool Entry::is_removed() const {
  struct stat status {};
  return ::fstat(directory_.get(), &status) == 0 && status.st_nlink == 0;
}

// If it cannot be known, yes: what init is then decides.
bool Entry::awaits_start() const {
  struct stat status {};
  if (::fstatat(directory_.get(), start_fifo, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno != ENOENT;
  }
  return S_ISFIFO(status.st_mode);
}

std::optional<timespec> Entry::started() const {
  struct stat status {};
  if (awaits_start()) return std::nullopt;
  for (const char* name : {started_fifo, state_file}) {
    if (::fstatat(directory_.get(), name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    return status.st_mtim.tv_sec == 0 ? std::nullopt : std::optional(status.st_mtim);
  }
  return std::nullopt;
}

void Entry::never_started() const {
  constexpr timespec never[2] = {};
  ::utimensat(directory_.get(), started_fifo, never, AT_SYMLINK_NOFOLLOW);
}

Reservation::~Reservation() {
  // A failed removal must not hide the reason of a failed create.
  if (entry_ && entry_->directory() >= 0 && !kept_) (void)store_->remove(*entry_);
}

Result<Reservation::Fifos> Reservation::make_fifos() const {
  const int directory = entry_->directory();
  const auto make = [&](const char* name) -> Result<UniqueFd> {
    const std::string what = std::string("make fifo ") + name;
    if (::mkfifoat(directory, name, 0600) != 0) return Error(Fault::last("mkfifoat"), what);
    // Opened for reading and writing, so that open(2) never blocks and the fifo never reports its
    // end.
    return open_at(directory, name, O_RDWR | O_NOFOLLOW).because(what);
  };
  UniqueFd start = TRY(make(start_fifo));
  UniqueFd started = TRY(make(started_fifo));
  return Fifos{std::move(start), std::move(started)};
}

Result<void> Reservation::make_notify_directory() const {
  if (::mkdirat(entry_->directory(), notify_directory, 0755) == 0) return {};
  return Error(Fault::last("mkdirat"), "make the place of the notify socket");
}

namespace {

Result<std::string> clean_root(const std::string& root) {
  std::string path = root;
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (!path.empty() && path != "/") return path;
  return Error(Error::Kind::usage, "Option --root argument should not be set to " + quote(path));
}

}  // namespace

Result<Store> Store::open(const std::string& root) {
  const std::string path = TRY(clean_root(root));
  Call<UniqueFd> directory = open_at(AT_FDCWD, path.c_str(), O_RDONLY | O_DIRECTORY);
  if (directory.ok()) return Store(std::move(directory).value());
  if (directory.error().error == ENOENT) return Store(UniqueFd());
  return Error(directory.error(), "open the store " + printable(path));
}

Result<Store> Store::make(const std::string& root) {
  const std::string path = TRY(clean_root(root));
  TRY(make_directories(path, 0700, "make the store"));
  return open(root);
}

Result<Reservation> Store::reserve(const oci::Record& intent) const {
  TRY(check_id(intent.id));
  UniqueFd directory = TRY(claim(root_.get(), intent.id, oci::encode_record(intent)));
  return Reservation(*this, Entry(intent.id, std::move(directory)));
}

bool Store::remove_claim(const std::string& id, bool dry_run) const {
  return root_.valid() && runtime::remove_claim(root_.get(), claim_name(id), dry_run);
}

Result<Entry> Store::find(const std::string& id) const {
  TRY(check_id(id));
  const Error missing(Error::Kind::not_found, "container does not exist: " + id);
  if (!root_) return missing;
  Call<UniqueFd> directory = open_entry(root_.get(), id);
  if (directory.ok()) return Entry(id, std::move(directory).value());
  if (directory.error().error == ENOENT) return missing;
  return Error(directory.error(), "open container " + id);
}

Result<std::vector<std::string>> Store::names(bool (*wanted)(const std::string&)) const {
  std::vector<std::string> names;
  if (!root_) return names;
  TRY(for_each_entry(root_.get(), [&](const dirent& entry) {
        if (wanted(entry.d_name)) names.emplace_back(entry.d_name);
      }).because("list the store"));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> Store::ids() const {
  return names([](const std::string& name) { return check_id(name).ok(); });
}

Result<std::vector<std::string>> Store::claims() const {
  std::vector<std::string> ids;
  for (const std::string& name : TRY(names(is_claim))) ids.push_back(name.substr(1));
  return ids;
}

namespace {

// The temporary file of a killed replace_file(): ".state.json.PID".
bool is_temporary(std::string_view name) {
  for (const std::string_view file : {intent_file, state_file, exit_file}) {
    if (!name.starts_with('.') || !name.substr(1).starts_with(file)) continue;
    const std::string_view rest = name.substr(1 + file.size());
    if (rest.starts_with('.') && parse_number<std::int64_t>(rest.substr(1))) return true;
  }
  return false;
}

// Removes a file, or an empty directory in its place. Returns false if it stays.
bool remove_name(int directory, const char* name) {
  if (::unlinkat(directory, name, 0) == 0 || errno == ENOENT) return true;
  return errno == EISDIR && ::unlinkat(directory, name, AT_REMOVEDIR) == 0;
}

// Files that a container without special options does not have.
Result<void> remove_rest(const Entry& entry, const std::string& why) {
  const std::string socket = std::string(notify_directory) + "/" + notify_socket;
  ::unlinkat(entry.directory(), socket.c_str(), 0);
  std::string foreign;
  TRY(for_each_entry(entry.directory(), [&](const dirent& one) {
        const std::string_view name = one.d_name;
        const bool is_ours = name == exit_file || name == notify_directory || is_temporary(name);
        if (!is_ours || !remove_name(entry.directory(), one.d_name)) foreign = name;
      }).because(why));
  if (foreign.empty()) return {};
  return Error(why + ": " + quote(foreign) + " in it is not tare's");
}

}  // namespace

Result<void> Store::remove(const Entry& entry) const {
  const std::string why = "remove the record of " + entry.id();
  const story::Step told([&] { return std::string(why); });
  for (const char* name : {intent_file, state_file, init_link, start_fifo, started_fifo}) {
    if (remove_name(entry.directory(), name) || errno == ENOTEMPTY) continue;
    return Error(Fault::last("unlinkat"), why + ": " + name);
  }
  // a waiting command may just be writing exit.json: each command once
  constexpr int attempts = 100;
  for (int i = 1;; ++i) {
    if (::unlinkat(root_.get(), entry.id().c_str(), AT_REMOVEDIR) == 0) return {};
    if (errno == ENOENT) return {};
    if (errno != ENOTEMPTY || i == attempts) return Error(Fault::last("unlinkat"), why);
    TRY(remove_rest(entry, why));
  }
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// The durable record of each container: one directory per container below --root.
//
// clang-format off
//   ROOT/ID/            renamed from the claim (claim.h); flock(2) on it is the container's lock
//   ROOT/ID/intent.json written before the first change to the host: the cgroups and the creator;
//                       kept, so that `delete --force` can use it in any phase
//   ROOT/ID/state.json  the record; replaced by rename(2), never half written
//   ROOT/ID/init        a link whose text is init's pid, start time and boot, for a damaged state.json
//   ROOT/ID/exit.json   how the container ended, once a command has learned it
//   ROOT/ID/start       fifo: init waits here; removed by `start`
//   ROOT/ID/started     fifo: the result of execve(2)
//   ROOT/ID/notify/     the container's /run/notify, if the creator has NOTIFY_SOCKET (notify.h)
// clang-format on
//
// Nothing waits for the disk: the store is usually in memory (/run). On a disk a loss of power may
// leave files without content. Their containers have ended with that boot, so that it is enough to
// know the boot.
#pragma once

#include <time.h>

#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/exit.h"
#include "oci/record.h"

namespace tare::runtime {

inline constexpr const char* notify_directory = "notify";
inline constexpr const char* notify_socket = "notify.sock";  // in it

// [A-Za-z0-9_+.-]+, neither "." nor "..", at most 255 bytes. Checked before any path is built.
Result<void> check_id(const std::string& id);

// A recorded container.
class Entry {
 public:
  Entry(std::string id, UniqueFd directory)
      : id_(std::move(id)), directory_(std::move(directory)) {}

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] int directory() const { return directory_.get(); }

  // Reads state.json. While it does not exist, or if it is damaged and of an earlier boot, the
  // intent. Without one, a record with nothing but the earlier boot. ENOENT if nothing was written.
  [[nodiscard]] Result<oci::Record> read() const;
  // ENOENT also for an empty file.
  [[nodiscard]] Result<oci::Record> read_intent() const;
  Result<void> write(const oci::Record& record) const;
  // The same in two parts. Nobody sees the record before put().
  [[nodiscard]] Result<Replacement> prepare(const oci::Record& record) const;
  Result<void> put(Replacement record) const;

  // Reads init's pid from the link, so that `delete --force` can kill init even if state.json is
  // damaged.
  struct Init {
    std::int64_t pid = 0;
    std::uint64_t start_time = 0;
    std::string boot;  // empty: not known
  };
  Result<void> write_init(const Init& init) const;
  [[nodiscard]] std::optional<Init> read_init() const;

  // Reads exit.json. ENOENT if no command has learned how the container ended.
  [[nodiscard]] Result<oci::Exit> read_exit() const;
  Result<void> write_exit(const oci::Exit& exit) const;

  // Takes the container's lock; waits at most this long for it (ETIMEDOUT).
  Result<void> lock(int timeout_ms) const;

  // True if the directory was removed since it was opened.
  [[nodiscard]] bool is_removed() const;

  // True while init waits on the start fifo.
  [[nodiscard]] bool awaits_start() const;

  // The time when init's program was executed, without a file of its own: when the stub last wrote
  // to the fifo that `start` reads, or, without a fifo (`run`, `restore`), when the record was
  // written. Nothing while init waits, and after never_started(). Meaningless while the container
  // is being created.
  [[nodiscard]] std::optional<timespec> started() const;
  void never_started() const;

 private:
  [[nodiscard]] std::optional<oci::Record> of_earlier_boot() const;
  std::string id_;
  UniqueFd directory_;
};

// True also if one of the two is not known. A pid of an earlier boot is not valid.
bool is_this_boot(const std::string& boot);

class Store;

// An id that is claimed for a container in creation. If it is destroyed before keep(), the
// directory is removed.
class Reservation {
 public:
  Reservation(Reservation&& other) noexcept = default;
  Reservation& operator=(Reservation&&) noexcept = delete;
  ~Reservation();

  [[nodiscard]] const Entry& entry() const { return *entry_; }

  struct Fifos {
    UniqueFd start;
    UniqueFd started;
  };
  [[nodiscard]] Result<Fifos> make_fifos() const;
  [[nodiscard]] Result<void> make_notify_directory() const;

  void keep() { kept_ = true; }

 private:
  friend class Store;
  Reservation(const Store& store, Entry entry) : store_(&store), entry_(std::move(entry)) {}
  const Store* store_;
  std::optional<Entry> entry_;
  bool kept_ = false;
};

class Store {
 public:
  // For reading: a missing directory is an empty store and is not created.
  static Result<Store> open(const std::string& root);
  // For creating: creates the directory (0700) if it is missing.
  static Result<Store> make(const std::string& root);

  // Claims the id; "container with given ID already exists" if it exists. Takes the lock and writes
  // the intent.
  Result<Reservation> reserve(const oci::Record& intent) const;

  // Kind::not_found: "container does not exist".
  Result<Entry> find(const std::string& id) const;

  Result<std::vector<std::string>> ids() const;  // sorted

  // The ids whose create was killed, or is about to rename its claim (claim.h).
  Result<std::vector<std::string>> claims() const;
  // Removes the claim unless `dry_run`. Returns false if there is none, or another command works on
  // it.
  [[nodiscard]] bool remove_claim(const std::string& id, bool dry_run = false) const;

  // Removes a container's directory and tare's files in it, by name; any other file is an error and
  // stays. Opens no descriptor if only our own files are there, because it must work when none is
  // left.
  Result<void> remove(const Entry& entry) const;

 private:
  explicit Store(UniqueFd root) : root_(std::move(root)) {}
  Result<std::vector<std::string>> names(bool (*wanted)(const std::string&)) const;
  UniqueFd root_;
};

}  // namespace tare::runtime

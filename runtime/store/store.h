// SPDX-License-Identifier: Apache-2.0
//
// The durable record of each container: one directory per container below --root.
//
// clang-format off
//   ROOT/ID/            mkdir(2) of it is what claims the id; flock(2) on it is the container's lock
//   ROOT/ID/intent.json written before the first effect on the host: which cgroups will exist, who
//                       creates; kept, so that `delete --force` works from it in any phase
//   ROOT/ID/state.json  the container as created; replaced by rename(2), never half written
//   ROOT/ID/init        a link whose text is init's pid and start time, for a damaged state.json
//   ROOT/ID/exit.json   how it ended, once somebody has learned it
//   ROOT/ID/start       fifo: init waits here; gone once the container was started
//   ROOT/ID/started     fifo: the result of execve(2)
//   ROOT/ID/notify/     the container's /run/notify, if its creator wants to be notified (notify.h)
// clang-format on
#pragma once

#include <time.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "oci/exit.h"
#include "oci/record.h"

namespace tare::runtime {

inline constexpr const char* notify_directory = "notify";
inline constexpr const char* notify_socket = "notify.sock";  // in it

// [A-Za-z0-9_+.-]+, neither "." nor "..", at most 255 bytes. Checked before any path is built.
Result<void> check_id(const std::string& id);

// A container that is recorded.
class Entry {
 public:
  Entry(std::string id, UniqueFd directory)
      : id_(std::move(id)), directory_(std::move(directory)) {}

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] int directory() const { return directory_.get(); }

  // state.json, or the intent while it is not there. Kind::failure if both cannot be read.
  [[nodiscard]] Result<oci::Record> read() const;
  [[nodiscard]] Result<oci::Record> read_intent() const;
  Result<void> write(const oci::Record& record) const;

  // Init once more, apart from state.json: `delete --force` ends it also if that is damaged.
  struct Init {
    std::int64_t pid = 0;
    std::uint64_t start_time = 0;
  };
  Result<void> write_init(const Init& init) const;
  [[nodiscard]] std::optional<Init> read_init() const;

  // exit.json, where somebody has learned how the container ended. ENOENT if nobody has.
  [[nodiscard]] Result<oci::Exit> read_exit() const;
  Result<void> write_exit(const oci::Exit& exit) const;

  // Waits for whoever holds the container's lock, at most so long (ETIMEDOUT).
  Result<void> lock(int timeout_ms) const;

  // True if the directory was removed since it was opened.
  [[nodiscard]] bool is_removed() const;

  // True while init waits on the start fifo.
  [[nodiscard]] bool awaits_start() const;

  // When init's program was executed, as the files show that have to be written for it anyway: the
  // stub's last word into the fifo that `start` listens to, and where there was none (`run`,
  // `restore`) the record. Nothing while init waits, and after never_started(). Means nothing of a
  // container that is being created.
  [[nodiscard]] std::optional<timespec> started() const;
  void never_started() const;

 private:
  std::string id_;
  UniqueFd directory_;
};

class Store;

// An id that is claimed for a container in creation. Dropped before keep(): the directory goes.
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
  // For looking: a directory that is not there is an empty store, and is not made.
  static Result<Store> open(const std::string& root);
  // For creating: makes the directory (0700) if it is missing.
  static Result<Store> make(const std::string& root);

  // Claims the id; "container with given ID already exists" if somebody has it. The lock is held,
  // and the intent is written.
  Result<Reservation> reserve(const oci::Record& intent) const;

  // Kind::not_found: "container does not exist".
  Result<Entry> find(const std::string& id) const;

  Result<std::vector<std::string>> ids() const;  // sorted

  // The ids of creates that were killed, or are about to make a directory of the id (claim.h).
  Result<std::vector<std::string>> claims() const;
  // Removes it unless `dry_run`. False if there is none, or somebody is at work on it.
  [[nodiscard]] bool remove_claim(const std::string& id, bool dry_run = false) const;

  // Removes a container's directory and what tare puts there, by name: anything else is an error,
  // and stays. Opens nothing as long as only our own files are there: it must work when no
  // descriptor is left.
  Result<void> remove(const Entry& entry) const;

 private:
  explicit Store(UniqueFd root) : root_(std::move(root)) {}
  Result<std::vector<std::string>> names(bool (*wanted)(const std::string&)) const;
  UniqueFd root_;
};

}  // namespace tare::runtime

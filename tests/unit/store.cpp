// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/store.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/process.h"
#include "base/text.h"
#include "runtime/store/remains.h"
#include "tests/unit/scratch.h"

namespace tare::runtime {

namespace {

Store open_store(const Scratch& scratch) {
  Result<Store> store = Store::make(scratch.path("store"));
  REQUIRE(store.ok());
  return std::move(store).value();
}

oci::Record record(const std::string& id, const std::string& phase = "created") {
  oci::Record record;
  record.config.ociVersion = "1.2.0";
  record.id = id;
  record.bundle = "/b";
  record.rootfs = "/b/rootfs";
  record.created = "2026-11-24T00:00:00Z";
  record.bootId = "boot";
  record.phase = phase;
  record.pid = 7;
  record.pidStartTime = 9;
  record.creatorPid = 8;
  record.creatorStartTime = 9;
  record.cgroupManager = "cgroupfs";
  return record;
}

// A reservation that is kept; its lock goes with it.
void make(const Store& store, const std::string& id, const std::string& boot = "boot") {
  oci::Record intent = record(id, "creating");
  intent.bootId = boot;
  Result<Reservation> reservation = store.reserve(intent);
  REQUIRE(reservation.ok());
  reservation->keep();
}

std::string this_boot() {
  return boot_id().value_or("");
}

}  // namespace

TEST_CASE("an id is made of letters, digits and _ + . -") {
  for (const char* good : {"a", "0", "a_b+c.d-e", "...", "-x", ".a"}) CHECK(check_id(good).ok());
  CHECK(check_id(std::string(255, 'x')).ok());
  for (const char* bad :
       {"", ".", "..", "a/b", "/", "a b", "a\n", "\xc3\xa9", "a:b", "../x", "a%"}) {
    INFO(bad);
    const Result<void> checked = check_id(bad);
    REQUIRE_FALSE(checked.ok());
    CHECK(checked.error().kind == Error::Kind::usage);
  }
  CHECK_FALSE(check_id(std::string(256, 'x')).ok());
  CHECK_FALSE(check_id(std::string("a\0b", 3)).ok());
}

TEST_CASE("an id can be claimed once") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const Result<Reservation> first = store.reserve(record("one", "creating"));
  REQUIRE(first.ok());
  const Result<Reservation> second = store.reserve(record("one", "creating"));
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().kind == Error::Kind::refused);
  CHECK(second.error().what.find("container with given ID already exists") == 0);
}

TEST_CASE("a claim that is dropped leaves nothing, one that is kept stays") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  {
    const Result<Reservation> dropped = store.reserve(record("one", "creating"));
    REQUIRE(dropped.ok());
    REQUIRE(dropped->make_fifos().ok());
  }
  CHECK_FALSE(scratch.exists("store/one"));
  make(store, "one");
  CHECK(scratch.exists("store/one"));
  REQUIRE(store.remove(*store.find("one")).ok());
  CHECK_FALSE(scratch.exists("store/one"));
}

TEST_CASE("what does not exist is told as engines know it") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const Result<Entry> entry = store.find("none");
  REQUIRE_FALSE(entry.ok());
  CHECK(entry.error().kind == Error::Kind::not_found);
  CHECK(entry.error().what.find("container does not exist") == 0);
}

TEST_CASE("a symbolic link in the store is no container") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  scratch.directory("elsewhere");
  scratch.file("elsewhere/state.json");
  scratch.link("store/evil", "../elsewhere");
  CHECK_FALSE(store.find("evil").ok());
  CHECK(scratch.exists("elsewhere/state.json"));
}

TEST_CASE("nobody but the owner may enter the store or a container's directory") {
  const Scratch scratch;
  make(open_store(scratch), "one");
  for (const char* name : {"store", "store/one"}) {
    struct stat status {};
    REQUIRE(::stat(scratch.path(name).c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0700);
  }
}

TEST_CASE("in a store that is missing no container exists") {
  const Scratch scratch;
  const Result<Store> store = Store::open(scratch.path("none"));
  REQUIRE(store.ok());
  CHECK(store->find("one").error().kind == Error::Kind::not_found);
}

TEST_CASE("the root directory of the host is no store") {
  for (const char* path : {"", "/", "//"}) {
    CHECK_FALSE(Store::open(path).ok());
    CHECK_FALSE(Store::make(path).ok());
  }
}

TEST_CASE("to look makes no store: one that is missing is empty") {
  const Scratch scratch;
  const Result<Store> store = Store::open(scratch.path("none/yet"));
  REQUIRE(store.ok());
  CHECK(store->ids()->empty());
  CHECK_FALSE(store->find("one").ok());
  CHECK_FALSE(scratch.exists("none"));
  CHECK(Store::make(scratch.path("none/yet")).ok());
  CHECK(scratch.exists("none/yet"));
}

TEST_CASE("ids are listed in order, and nothing else that lies there") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  for (const char* id : {"b", "a", "c.1"}) make(store, id);
  scratch.directory("store/not an id");
  const auto ids = store.ids();
  REQUIRE(ids.ok());
  CHECK(*ids == std::vector<std::string>{"a", "b", "c.1"});
}

TEST_CASE("until a container is recorded its intent is what is known") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const Result<Reservation> reservation = store.reserve(record("one", "creating"));
  REQUIRE(reservation.ok());
  REQUIRE(reservation->entry().read().ok());
  CHECK(reservation->entry().read()->phase == "creating");
  REQUIRE(reservation->entry().write(record("one")).ok());
  CHECK(reservation->entry().read()->phase == "created");
  CHECK(reservation->entry().read_intent()->phase == "creating");
}

TEST_CASE("a record is replaced at once: a reader sees the old one or the new one") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  make(store, "one");
  const Result<Entry> entry = store.find("one");
  REQUIRE(entry.ok());
  REQUIRE(entry->write(record("one")).ok());
  std::thread writer([&] {
    oci::Record changing = record("one");
    for (int i = 0; i < 200; ++i) {
      changing.bundle = "/" + std::string(static_cast<std::size_t>(i * 50), 'b');
      (void)entry->write(changing);
    }
  });
  int torn = 0;
  for (int i = 0; i < 400; ++i) torn += entry->read().ok() ? 0 : 1;
  writer.join();
  CHECK(torn == 0);
  REQUIRE(store.remove(*entry).ok());  // no temporary file is left that would be in the way
}

TEST_CASE("a torn record is an error, not an empty container") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  make(store, "one", this_boot());
  const Result<Entry> entry = store.find("one");
  for (const char* text : {"", "{", "{}", "[]", "null", "{\"version\":99}"}) {
    scratch.file("store/one/state.json", text);
    CHECK_FALSE_MESSAGE(entry->read().ok(), text);
  }
  ::unlink(scratch.path("store/one/state.json").c_str());
  REQUIRE(::mkfifo(scratch.path("store/one/state.json").c_str(), 0600) == 0);
  CHECK_FALSE(entry->read().ok());  // and does not wait for a writer
}

TEST_CASE("of an earlier boot's container the intent is enough, or the boot in the link init") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  make(store, "one");  // its boot is called "boot"
  const Result<Entry> entry = store.find("one");
  for (const char* lost : {"", "{", "{}"}) {
    scratch.file("store/one/state.json", lost);
    REQUIRE_MESSAGE(entry->read().ok(), lost);
    CHECK(entry->read()->phase == "creating");
    CHECK(entry->read()->creatorPid == 8);
  }
  scratch.file("store/one/intent.json", "");
  CHECK_FALSE(entry->read().ok());
  REQUIRE(entry->write_init({7, 9, "boot"}).ok());
  REQUIRE(entry->read().ok());
  CHECK(entry->read()->id == "one");
  CHECK(entry->read()->bootId == "boot");
  CHECK(entry->read()->pid == 0);
  CHECK(entry->read_init()->boot == "boot");
}

TEST_CASE("a damaged record of this boot is not replaced by less, as its container may run") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  make(store, "one", this_boot());
  const Result<Entry> entry = store.find("one");
  scratch.file("store/one/state.json", "");
  CHECK_FALSE(entry->read().ok());
  scratch.link("store/one/init", "7 9");  // as written by versions that did not name the boot
  CHECK_FALSE(entry->read().ok());
  CHECK(entry->read_init()->pid == 7);
  scratch.file("store/one/intent.json", "");
  CHECK_FALSE(entry->read().ok());
}

TEST_CASE("a later version's record is not replaced by less") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  make(store, "one");
  std::string later = oci::encode_record(record("one"));
  later.replace(later.find("\"version\":2"), 11, "\"version\":99");
  scratch.file("store/one/state.json", later);
  CHECK(store.find("one")->read().error().kind == Error::Kind::unsupported);
}

TEST_CASE("an intent without content was never written") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  make(store, "one");
  scratch.file("store/one/intent.json", "");
  CHECK(store.find("one")->read().error().error == ENOENT);
  CHECK((*find_remains(store, "one"))->why == "the ID is claimed, and nothing else");
}

TEST_CASE("one command at a time works on a container") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  Result<Reservation> reservation = store.reserve(record("one", "creating"));
  REQUIRE(reservation.ok());
  {
    const Result<Entry> other = store.find("one");
    REQUIRE(other.ok());
    const Result<void> locked = other->lock(30);
    REQUIRE_FALSE(locked.ok());
    CHECK(locked.error().error == ETIMEDOUT);
  }
  reservation->keep();
  { const Reservation ended = std::move(*reservation); }
  const Result<Entry> other = store.find("one");
  CHECK(other->lock(0).ok());
}

TEST_CASE("who writes how a container ended is not in the way of who removes it") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const oci::Exit exit = oci::exit_of(0);
  for (int round = 0; round < 2000; ++round) {
    make(store, "one");
    const Result<Entry> entry = store.find("one");
    REQUIRE(entry.ok());
    std::atomic<bool> begun = false;
    std::thread waiter([&] {
      begun = true;
      for (int i = 0; i < 3; ++i) (void)entry->write_exit(exit);  // it may come too late
    });
    while (!begun) {
    }
    const Result<void> removed = store.remove(*entry);
    waiter.join();
    REQUIRE_MESSAGE(removed.ok(), removed.error().message());
    REQUIRE(entry->is_removed());
  }
}

TEST_CASE("an id that is claimed is never lost to whoever removes remains meanwhile") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  bool done = false;
  std::thread collector([&] {
    const Store another = open_store(scratch);  // locks of the store are a descriptor's
    while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
      (void)another.remove_claim("one");
      const auto found = find_remains(store, "one");
      if (found.ok() && *found) (void)store.remove((*found)->container.entry);
    }
  });
  std::string failures;
  for (int i = 0; i < 200; ++i) {
    const Result<Reservation> claimed = store.reserve(record("one", "creating"));
    if (!claimed.ok()) failures += claimed.error().message() + "\n";
  }
  __atomic_store_n(&done, true, __ATOMIC_RELAXED);
  collector.join();
  CHECK(failures == "");
}

TEST_CASE("what a create has left that was killed before it had the id is claimed again") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  scratch.directory("store/:one");
  scratch.file("store/:one/intent.json", "{\"half");
  CHECK(*store.claims() == std::vector<std::string>{"one"});
  CHECK(store.ids()->empty());
  CHECK(store.find("one").error().kind == Error::Kind::not_found);
  const Result<Reservation> taken = store.reserve(record("one", "creating"));
  REQUIRE(taken.ok());
  CHECK(taken->entry().read()->id == "one");
  CHECK(store.claims()->empty());
}

TEST_CASE("a claim is removed if nobody is at work on it") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  CHECK_FALSE(store.remove_claim("one"));
  scratch.directory("store/:one");
  const auto held = open_at(AT_FDCWD, scratch.path("store/:one").c_str(), O_RDONLY | O_DIRECTORY);
  REQUIRE(::flock(held->get(), LOCK_EX) == 0);
  CHECK_FALSE(store.remove_claim("one"));
  CHECK_FALSE(store.remove_claim("one", true));
  CHECK(store.reserve(record("one", "creating")).error().kind == Error::Kind::refused);
  REQUIRE(::flock(held->get(), LOCK_UN) == 0);
  CHECK(store.remove_claim("one", true));
  CHECK(scratch.exists("store/:one"));
  CHECK(store.remove_claim("one"));
  CHECK_FALSE(scratch.exists("store/:one"));
}

TEST_CASE("a claim that cannot be made leaves nothing") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  make(store, "one");
  CHECK_FALSE(store.reserve(record("one", "creating")).ok());
  CHECK(store.claims()->empty());
  scratch.link("store/:two", "/");
  CHECK_FALSE(store.reserve(record("two", "creating")).ok());
  CHECK_FALSE(store.remove_claim("two"));
  CHECK(store.reserve(record(std::string(255, 'x'), "creating")).ok());
}

TEST_CASE("what is left of a create that ended is found, what is whole is not") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const auto why = [&](const std::string& id) {
    const auto found = find_remains(store, id);
    REQUIRE(found.ok());
    return *found ? (*found)->why : "";
  };
  CHECK(why("nobody") == "");
  scratch.directory("store/one");  // as before claims had names of their own
  CHECK(why("one") == "the ID is claimed, and nothing else");
  oci::Record ended = record("two", "creating");
  ended.creatorPid = 4'000'000;  // nobody's
  std::optional<Reservation> two = std::move(store.reserve(ended)).value();
  CHECK(why("two") == "");  // somebody works on it
  two->keep();
  two.reset();
  CHECK(why("two") == "it is of an earlier boot, and its record is not complete");
  ended.bootId = this_boot();
  scratch.file("store/two/intent.json", oci::encode_record(ended));
  CHECK(why("two") == "its create, process 4000000, ended before it was done");
  CHECK(store.find("two")->write(record("two")).ok());  // created, has run and stopped
  CHECK(why("two") == "");
}

TEST_CASE("a container awaits its start as long as the fifo is there") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const Result<Reservation> reservation = store.reserve(record("one", "creating"));
  REQUIRE(reservation.ok());
  CHECK_FALSE(reservation->entry().awaits_start());
  const auto fifos = reservation->make_fifos();
  REQUIRE(fifos.ok());
  CHECK(reservation->entry().awaits_start());
  CHECK_FALSE(reservation->make_fifos().ok());
  REQUIRE(::unlinkat(reservation->entry().directory(), "start", 0) == 0);
  CHECK_FALSE(reservation->entry().awaits_start());
}

TEST_CASE("gc knows the groups of resctrl that a create meant to make, and names no others") {
  const Scratch scratch;
  const Store store = open_store(scratch);
  const auto shown = [&](const std::string& id, const oci::RecordedResctrl& resctrl) {
    oci::Record intent = record(id, "creating");
    intent.resctrl = resctrl;
    {
      Result<Reservation> reservation = store.reserve(intent);
      REQUIRE(reservation.ok());
      reservation->keep();
    }
    const auto found = find_remains(store, id);
    REQUIRE((found.ok() && *found));
    return join(belongings((*found)->container), "; ");
  };
  CHECK(shown("own", {"own", "", true}) == "resctrl group own");
  CHECK(shown("both", {"both", "both", true}) ==
        "resctrl group both; monitoring group both of resctrl group both");
  CHECK(shown("shared", {"gold", "shared", false}) ==
        "monitoring group shared of resctrl group gold");
  CHECK(shown("default", {"", "default", false}) == "monitoring group default of resctrl group /");
  CHECK(shown("joined", {"gold", "", false}).empty());
}

}  // namespace tare::runtime

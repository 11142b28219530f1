// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/mount_options.h"

#include <doctest/doctest.h>
#include <sys/mount.h>

#include <algorithm>
#include <set>

namespace tare::runtime {

namespace {

using Words = std::vector<std::string>;

Result<MountOptions> parse(const Words& words, const char* type = "tmpfs") {
  oci::Mount mount;
  mount.destination = "/m";
  mount.type = type;
  mount.options = words;
  return parse_mount_options(mount, "/mounts/0");
}

MountOptions parsed(const Words& words, const char* type = "tmpfs") {
  Result<MountOptions> options = parse(words, type);
  REQUIRE_MESSAGE(options.ok(), (options.ok() ? "" : options.error().message()));
  return std::move(options).value();
}

struct Attribute {
  const char* set;
  const char* clear;
  std::uint64_t bit;
};
constexpr Attribute attributes[] = {
    {"ro", "rw", MOUNT_ATTR_RDONLY},
    {"nosuid", "suid", MOUNT_ATTR_NOSUID},
    {"nodev", "dev", MOUNT_ATTR_NODEV},
    {"noexec", "exec", MOUNT_ATTR_NOEXEC},
    {"nodiratime", "diratime", MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW},
};

// Owners are mapped of bind mounts only.
const char* type_for(const std::string& word) {
  const bool of_binds =
      word.ends_with("idmap") || word.ends_with("nofollow") || word == "copy-symlink";
  return of_binds ? "bind" : "tmpfs";
}

}  // namespace

TEST_CASE("every option of the specification's table is carried out, or refused by name") {
  const Words all = {
      "async",          "atime",       "bind",         "defaults",    "dev",
      "diratime",       "dirsync",     "exec",         "idmap",       "iversion",
      "lazytime",       "loud",        "noatime",      "nodev",       "nodiratime",
      "noexec",         "noiversion",  "nolazytime",   "norelatime",  "nostrictatime",
      "nosuid",         "nosymfollow", "private",      "ratime",      "rbind",
      "rdev",           "rdiratime",   "relatime",     "remount",     "rexec",
      "ridmap",         "rnoatime",    "rnodiratime",  "rnoexec",     "rnorelatime",
      "rnostrictatime", "rnosuid",     "rnosymfollow", "ro",          "rprivate",
      "rrelatime",      "rro",         "rrw",          "rshared",     "rslave",
      "rstrictatime",   "rsuid",       "rsymfollow",   "runbindable", "rw",
      "shared",         "silent",      "slave",        "strictatime", "suid",
      "symfollow",      "sync",        "tmpcopyup",    "unbindable",  "mand",
      "nomand",
  };
  const Words known = known_mount_options();
  for (const std::string& word : all) {
    INFO(word);
    const Result<MountOptions> options = parse({word}, type_for(word));
    CHECK(options.ok() == std::binary_search(known.begin(), known.end(), word));
    if (!options.ok()) {
      CHECK(options.error().kind == Error::Kind::unsupported);
      CHECK(options.error().at == "/mounts/0/options/0");
    } else {
      CHECK(options->data.empty());
    }
  }
}

TEST_CASE("the list of known options is sorted and names none twice") {
  const Words known = known_mount_options();
  CHECK(std::is_sorted(known.begin(), known.end()));
  CHECK(std::set<std::string>(known.begin(), known.end()).size() == known.size());
}

TEST_CASE("a known option is never passed on to the file system") {
  for (const std::string& word : known_mount_options())
    CHECK(parsed({word}, type_for(word)).data.empty());
}

TEST_CASE("flags of the mount are set and cleared, the later word wins") {
  for (const Attribute& attribute : attributes) {
    INFO(attribute.set);
    CHECK(parsed({attribute.set}).attributes.top.set == attribute.bit);
    CHECK(parsed({attribute.clear}).attributes.top.clear == attribute.bit);
    const auto cleared = parsed({attribute.set, attribute.clear}).attributes.top;
    CHECK(cleared.set == 0);
    CHECK(cleared.clear == attribute.bit);
    const auto set = parsed({attribute.clear, attribute.set}).attributes.top;
    CHECK(set.set == attribute.bit);
    CHECK(set.clear == 0);
  }
}

TEST_CASE("options with an r in front are for the whole tree") {
  for (const Attribute& attribute : attributes) {
    const std::string word = std::string("r") + attribute.set;
    INFO(word);
    const auto changes = parsed({word}).attributes;
    CHECK(changes.tree.set == attribute.bit);
    CHECK(changes.top.empty());
    CHECK(parsed({std::string("r") + attribute.clear}).attributes.tree.clear == attribute.bit);
  }
}

TEST_CASE("access time is one field: setting a value clears the field") {
  const auto change = parsed({"noatime", "strictatime"}).attributes.top;
  CHECK(change.clear == MOUNT_ATTR__ATIME);
  CHECK(change.set == MOUNT_ATTR_STRICTATIME);
  CHECK(parsed({"noatime"}).attributes.top.set == MOUNT_ATTR_NOATIME);
  CHECK(parsed({"noatime", "atime"}).attributes.top.set == MOUNT_ATTR_RELATIME);
  CHECK(parsed({"rnoatime"}).attributes.tree.set == MOUNT_ATTR_NOATIME);
  CHECK(parsed({"rnoatime"}).attributes.tree.clear == MOUNT_ATTR__ATIME);
}

TEST_CASE("read-only and access time do not touch each other") {
  const auto change = parsed({"ro", "noatime", "nosuid"}).attributes.top;
  CHECK(change.set == (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME | MOUNT_ATTR_NOSUID));
  CHECK(parsed({"ro"}).read_only());
  CHECK_FALSE(parsed({"ro", "rw"}).read_only());
}

TEST_CASE("bind and rbind make a bind mount, and so does the type") {
  CHECK(parsed({"bind"}, "none").bind);
  CHECK_FALSE(parsed({"bind"}, "none").recursive);
  CHECK(parsed({"rbind"}, "none").bind);
  CHECK(parsed({"rbind"}, "none").recursive);
  CHECK(parsed({}, "bind").bind);
  CHECK_FALSE(parsed({}, "tmpfs").bind);
}

TEST_CASE("owners are mapped where an option or the mount's mappings ask for it") {
  CHECK(parsed({"idmap"}, "bind").id_map);
  CHECK_FALSE(parsed({"idmap"}, "bind").id_map_recursive);
  CHECK(parsed({"ridmap"}, "bind").id_map_recursive);
  CHECK_FALSE(parsed({}, "bind").id_map);
  CHECK(parse({"idmap"}, "tmpfs").error().kind == Error::Kind::config);
  oci::Mount mount;
  mount.type = "bind";
  mount.uidMappings = mount.gidMappings = {{0, 1000, 1}};
  CHECK(parse_mount_options(mount, "/mounts/0")->id_map);
}

TEST_CASE("the option idmap can have mappings, as crun's has") {
  const MountOptions options = parsed({"idmap=uids=0-1-10#@10-11-20;gids=5-6-7"}, "bind");
  CHECK(options.id_map);
  CHECK_FALSE(options.id_map_recursive);
  REQUIRE(options.owners.uids.size() == 2);
  CHECK_FALSE(options.owners.uids[0].relative);
  CHECK(options.owners.uids[1].relative);
  CHECK(options.owners.uids[1].ids.containerID == 10);
  CHECK(options.owners.uids[1].ids.hostID == 11);
  CHECK(options.owners.uids[1].ids.size == 20);
  REQUIRE(options.owners.gids.size() == 1);
  CHECK(parsed({"ridmap=uids=0-1-1;gids=0-1-1"}, "bind").id_map_recursive);
  for (const char* value : {"", "uids", "uids=", "uids=0-1", "uids=0-1-0", "uids=0-1-2-3", "uids=@",
                            "uids=0-1-1#", "ids=0-1-1", "uids=0-1-1;", "uids=0:1:1"}) {
    INFO(value);
    const Result<MountOptions> refused = parse({"ro", std::string("idmap=") + value}, "bind");
    REQUIRE(!refused.ok());
    CHECK(refused.error().kind == Error::Kind::config);
    CHECK(refused.error().at == "/mounts/0/options/1");
  }
  CHECK(parse({"idmap=uids=0-1-1;gids=0-1-1"}, "tmpfs").error().at == "/mounts/0");
  oci::Mount mount;
  mount.type = "bind";
  mount.options = {"idmap=uids=0-1-1;gids=0-1-1"};
  mount.uidMappings = mount.gidMappings = {{0, 1000, 1}};
  CHECK(parse_mount_options(mount, "/mounts/0").error().at == "/mounts/0");
}

TEST_CASE(
    "a symbolic link is the source or the destination of a bind mount where an option says so") {
  using step::SourceLink;
  CHECK(parsed({}, "bind").source_link == SourceLink::follow);
  CHECK(parsed({"src-nofollow"}, "bind").source_link == SourceLink::mount);
  CHECK(parsed({"copy-symlink"}, "bind").source_link == SourceLink::copy);
  CHECK(parsed({"copy-symlink", "src-nofollow"}, "bind").source_link == SourceLink::copy);
  CHECK_FALSE(parsed({}, "bind").onto_link);
  CHECK(parsed({"dest-nofollow"}, "bind").onto_link);
  for (const char* option : {"src-nofollow", "copy-symlink", "dest-nofollow"}) {
    CHECK(parse({option}, "tmpfs").error().at == "/mounts/0/options");
  }
}

TEST_CASE("propagation is applied in the order given") {
  CHECK(parsed({"rshared", "slave"}).propagation ==
        std::vector<unsigned long>{MS_SHARED | MS_REC, MS_SLAVE});
  CHECK(parsed({"private", "runbindable"}).propagation ==
        std::vector<unsigned long>{MS_PRIVATE, MS_UNBINDABLE | MS_REC});
}

TEST_CASE("flags of the superblock go by fsconfig's names") {
  CHECK(parsed({"sync", "dirsync", "lazytime"}).superblock_flags ==
        Words{"sync", "dirsync", "lazytime"});
}

TEST_CASE("other words are for the file system: key and value, or a flag") {
  using Data = std::vector<std::pair<std::string, std::string>>;
  CHECK(parsed({"size=64k", "newinstance", "context=\"a=b\"", ""}).data ==
        Data{{"size", "64k"}, {"newinstance", ""}, {"context", "\"a=b\""}});
}

TEST_CASE("a bind mount has no file system to pass options to") {
  const Result<MountOptions> options = parse({"bind", "size=1"}, "none");
  REQUIRE_FALSE(options.ok());
  CHECK(options.error().kind == Error::Kind::config);
  CHECK(options.error().what.find("\"size=1\"") != std::string::npos);
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#include "runtime/plan/mount_options.h"

#include <sys/mount.h>

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace tare::runtime {

namespace {

using step::SourceLink;

enum class Effect : std::uint8_t {
  nothing,
  bind,
  rbind,
  remount,
  set,  // a flag of the mount
  clear,
  access_time,  // the access time policy of the mount: one field with several values, not bits
  set_tree,     // the same three, for the mount and all mounts below it
  clear_tree,
  access_time_tree,
  superblock,  // a flag of the file system, under fsconfig's name
  propagation,
  copy_up,
  id_map,       // maps the owners of the mount's files
  id_map_tree,  // and of all mounts below it
  source_link,  // the source may be a symbolic link: step::SourceLink
  onto_link,
};

struct Option {
  std::string_view name;
  Effect effect;
  std::uint64_t value = 0;
  const char* flag = nullptr;  // fsconfig's name of a superblock flag
};

constexpr Option table[] = {
    {"defaults", Effect::nothing},
    {"bind", Effect::bind},
    {"rbind", Effect::rbind},
    {"remount", Effect::remount},

    {"ro", Effect::set, MOUNT_ATTR_RDONLY},
    {"rw", Effect::clear, MOUNT_ATTR_RDONLY},
    {"nosuid", Effect::set, MOUNT_ATTR_NOSUID},
    {"suid", Effect::clear, MOUNT_ATTR_NOSUID},
    {"nodev", Effect::set, MOUNT_ATTR_NODEV},
    {"dev", Effect::clear, MOUNT_ATTR_NODEV},
    {"noexec", Effect::set, MOUNT_ATTR_NOEXEC},
    {"exec", Effect::clear, MOUNT_ATTR_NOEXEC},
    {"nodiratime", Effect::set, MOUNT_ATTR_NODIRATIME},
    {"diratime", Effect::clear, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", Effect::set, MOUNT_ATTR_NOSYMFOLLOW},
    {"symfollow", Effect::clear, MOUNT_ATTR_NOSYMFOLLOW},
    {"relatime", Effect::access_time, MOUNT_ATTR_RELATIME},
    {"noatime", Effect::access_time, MOUNT_ATTR_NOATIME},
    {"strictatime", Effect::access_time, MOUNT_ATTR_STRICTATIME},
    // Clearing one of them restores the kernel's default, relatime.
    {"norelatime", Effect::access_time, MOUNT_ATTR_RELATIME},
    {"atime", Effect::access_time, MOUNT_ATTR_RELATIME},
    {"nostrictatime", Effect::access_time, MOUNT_ATTR_RELATIME},

    {"rro", Effect::set_tree, MOUNT_ATTR_RDONLY},
    {"rrw", Effect::clear_tree, MOUNT_ATTR_RDONLY},
    {"rnosuid", Effect::set_tree, MOUNT_ATTR_NOSUID},
    {"rsuid", Effect::clear_tree, MOUNT_ATTR_NOSUID},
    {"rnodev", Effect::set_tree, MOUNT_ATTR_NODEV},
    {"rdev", Effect::clear_tree, MOUNT_ATTR_NODEV},
    {"rnoexec", Effect::set_tree, MOUNT_ATTR_NOEXEC},
    {"rexec", Effect::clear_tree, MOUNT_ATTR_NOEXEC},
    {"rnodiratime", Effect::set_tree, MOUNT_ATTR_NODIRATIME},
    {"rdiratime", Effect::clear_tree, MOUNT_ATTR_NODIRATIME},
    {"rnosymfollow", Effect::set_tree, MOUNT_ATTR_NOSYMFOLLOW},
    {"rsymfollow", Effect::clear_tree, MOUNT_ATTR_NOSYMFOLLOW},
    {"rrelatime", Effect::access_time_tree, MOUNT_ATTR_RELATIME},
    {"rnoatime", Effect::access_time_tree, MOUNT_ATTR_NOATIME},
    {"rstrictatime", Effect::access_time_tree, MOUNT_ATTR_STRICTATIME},
    {"rnorelatime", Effect::access_time_tree, MOUNT_ATTR_RELATIME},
    {"ratime", Effect::access_time_tree, MOUNT_ATTR_RELATIME},
    {"rnostrictatime", Effect::access_time_tree, MOUNT_ATTR_RELATIME},

    {"sync", Effect::superblock, 0, "sync"},
    {"async", Effect::superblock, 0, "async"},
    {"dirsync", Effect::superblock, 0, "dirsync"},
    {"mand", Effect::superblock, 0, "mand"},
    {"nomand", Effect::superblock, 0, "nomand"},
    {"lazytime", Effect::superblock, 0, "lazytime"},
    {"nolazytime", Effect::superblock, 0, "nolazytime"},
    // Since Linux 5.11, every file system that supports inode versions always has them on. The
    // descriptor API has no flag for them.
    {"iversion", Effect::nothing},
    {"noiversion", Effect::nothing},
    {"silent", Effect::nothing},  // a flag of mount(2); the descriptor API has a log of its own
    {"loud", Effect::nothing},

    {"private", Effect::propagation, MS_PRIVATE},
    {"rprivate", Effect::propagation, MS_PRIVATE | MS_REC},
    {"shared", Effect::propagation, MS_SHARED},
    {"rshared", Effect::propagation, MS_SHARED | MS_REC},
    {"slave", Effect::propagation, MS_SLAVE},
    {"rslave", Effect::propagation, MS_SLAVE | MS_REC},
    {"unbindable", Effect::propagation, MS_UNBINDABLE},
    {"runbindable", Effect::propagation, MS_UNBINDABLE | MS_REC},

    {"idmap", Effect::id_map},
    {"ridmap", Effect::id_map_tree},
    {"tmpcopyup", Effect::copy_up},
    // Options of crun, which podman uses.
    {"src-nofollow", Effect::source_link, static_cast<std::uint64_t>(SourceLink::mount)},
    {"copy-symlink", Effect::source_link, static_cast<std::uint64_t>(SourceLink::copy)},
    {"dest-nofollow", Effect::onto_link},
};

const Option* find_option(std::string_view name) {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [&](const Option& o) { return o.name == name; });
  return found == std::end(table) ? nullptr : found;
}

// A later option overrides an earlier opposite one, as with mount(8).
void add_bits(AttributeChange& change, std::uint64_t bits) {
  change.set |= bits;
  change.clear &= ~bits;
}

void clear(AttributeChange& change, std::uint64_t bits) {
  change.clear |= bits;
  change.set &= ~bits;
}

// If mount_setattr(2) sets a value of this field, it requires that the whole field is cleared too.
void set_access_time(AttributeChange& change, std::uint64_t value) {
  change.set = (change.set & ~std::uint64_t{MOUNT_ATTR__ATIME}) | value;
  change.clear |= MOUNT_ATTR__ATIME;
}

void apply_option(const Option& option, MountOptions& options) {
  MountAttributes& attributes = options.attributes;
  switch (option.effect) {
    case Effect::nothing:
      return;
    case Effect::bind:
      options.bind = true;
      return;
    case Effect::rbind:
      options.bind = options.recursive = true;
      return;
    case Effect::remount:
      options.remount = true;
      return;
    case Effect::set:
      return add_bits(attributes.top, option.value);
    case Effect::clear:
      return clear(attributes.top, option.value);
    case Effect::access_time:
      return set_access_time(attributes.top, option.value);
    case Effect::set_tree:
      return add_bits(attributes.tree, option.value);
    case Effect::clear_tree:
      return clear(attributes.tree, option.value);
    case Effect::access_time_tree:
      return set_access_time(attributes.tree, option.value);
    case Effect::superblock:
      options.superblock_flags.emplace_back(option.flag);
      return;
    case Effect::copy_up:
      options.copy_up = true;
      return;
    case Effect::id_map_tree:
      options.id_map_recursive = true;
      [[fallthrough]];
    case Effect::id_map:
      options.id_map = true;
      return;
    case Effect::source_link:  // a copied link is not followed either
      options.source_link = std::max(options.source_link, static_cast<SourceLink>(option.value));
      return;
    case Effect::onto_link:
      options.onto_link = true;
      return;
    case Effect::propagation:
      options.propagation.push_back(option.value);
      return;
  }
}

// An option that is not in the table goes to the file system: "size=64k", or a flag without a
// value.
std::pair<std::string, std::string> data_option(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) return {word, ""};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

}  // namespace

bool MountOptions::read_only() const {
  return (attributes.top.set & MOUNT_ATTR_RDONLY) != 0;
}

Result<MountOptions> parse_mount_options(const oci::Mount& mount, const std::string& pointer) {
  MountOptions options;
  if (mount.type == "bind") options.bind = true;
  for (std::size_t i = 0; i < mount.options.size(); ++i) {
    const std::string& word = mount.options[i];
    const auto& [key, value] = data_option(word);
    if (const Option* option = find_option(word)) {
      apply_option(*option, options);
    } else if (key == "idmap" || key == "ridmap") {
      apply_option(*find_option(key), options);
      options.owners = TRY(parse_owner_mappings(value, pointer + "/options/" + std::to_string(i)));
    } else if (!word.empty()) {
      options.data.push_back(data_option(word));
    }
  }
  options.id_map = options.id_map || !mount.uidMappings.empty();
  if (options.id_map && !options.bind) {
    return Error::config(pointer, "only a bind mount can have mapped owners");
  }
  const bool has_owners = !options.owners.uids.empty() || !options.owners.gids.empty();
  if (has_owners && !mount.uidMappings.empty()) {
    return Error::config(pointer, "owners are mapped by the option idmap and by uidMappings");
  }
  if ((options.source_link != SourceLink::follow || options.onto_link) && !options.bind) {
    return Error::config(pointer + "/options",
                         "src-nofollow, copy-symlink and dest-nofollow need a bind mount");
  }
  if (options.copy_up && (mount.type != "tmpfs" || options.bind)) {
    return Error::config(pointer + "/options", "tmpcopyup needs a mount of type tmpfs");
  }
  if (options.bind && !options.data.empty()) {
    const auto& [key, value] = options.data.front();
    return Error::config(pointer + "/options",
                         "unknown mount option " + quote(value.empty() ? key : key + "=" + value) +
                             ": a bind mount takes no options of a file system");
  }
  return options;
}

std::vector<std::string> known_mount_options() {
  std::vector<std::string> names;
  for (const Option& option : table) names.emplace_back(option.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tare::runtime

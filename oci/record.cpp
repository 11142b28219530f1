// SPDX-License-Identifier: Apache-2.0
#include "oci/record.h"

#include <algorithm>

#include "base/text.h"
#include "oci/json/codec.h"

namespace tare::oci {

// Instantiated in document.cpp.
extern template Result<void> decode_value(Config&, const Json&, const Place&);
extern template void encode_value(const Config&, Writer&);
extern template Result<void> decode_value(Linux&, const Json&, const Place&);

constexpr auto fields(Of<RecordedCgroup>) {
  return Table{
      Field<&RecordedCgroup::version>{"version", Presence::required},
      Field<&RecordedCgroup::mount>{"mount", Presence::required},
      Field<&RecordedCgroup::path>{"path", Presence::required},
      Field<&RecordedCgroup::controllers>{"controllers"},
      Field<&RecordedCgroup::made>{"made"},
  };
}

constexpr auto fields(Of<RecordedScope>) {
  return Table{
      Field<&RecordedScope::unit>{"unit", Presence::required},
      Field<&RecordedScope::slice>{"slice", Presence::required},
      Field<&RecordedScope::ofUser>{"ofUser"},
  };
}

constexpr auto fields(Of<RecordedResctrl>) {
  return Table{
      Field<&RecordedResctrl::group>{"group", Presence::always},
      Field<&RecordedResctrl::monitor>{"monitor"},
      Field<&RecordedResctrl::made>{"made"},
  };
}

constexpr auto fields(Of<RecordedStream>) {
  return Table{
      Field<&RecordedStream::link>{"link", Presence::always},
      Field<&RecordedStream::mount>{"mount"},
      Field<&RecordedStream::inode>{"inode"},
  };
}

constexpr auto fields(Of<Record>) {
  return Table{
      Field<&Record::version>{"version", Presence::required},
      Field<&Record::id>{"id", Presence::required},
      Field<&Record::bundle>{"bundle", Presence::required},
      Field<&Record::rootfs>{"rootfs", Presence::required},
      Field<&Record::created>{"created", Presence::required},
      Field<&Record::bootId>{"bootId", Presence::required},
      Field<&Record::phase>{"phase", Presence::required},
      Field<&Record::pid>{"pid"},
      Field<&Record::pidStartTime>{"pidStartTime"},
      Field<&Record::creatorPid>{"creatorPid"},
      Field<&Record::creatorStartTime>{"creatorStartTime"},
      Field<&Record::cgroupManager>{"cgroupManager"},
      Field<&Record::cgroups>{"cgroups"},
      Field<&Record::systemdScope>{"systemdScope"},
      Field<&Record::resctrl>{"resctrl"},
      Field<&Record::binds>{"binds"},
      Field<&Record::streams>{"streams"},
      Field<&Record::hostMount>{"hostMount"},
      Field<&Record::noNewKeyring>{"noNewKeyring"},
      Field<&Record::config>{"config"},
  };
}

namespace {

// Before version 2 the properties of the config and those of its `linux` were members of the record
// itself.
Result<Config> config_of_version_1(std::string_view json) {
  Config beside = TRY(decode_document<Config>(json));
  beside.linux_ = TRY(decode_document<Linux>(json));
  return kept(beside);
}

// ---- checks -------------------------------------------------------------------------------------

// A change of the format that an older tare would misunderstand gets a new version.
Result<void> check_version(int version, const Place& place) {
  if (version < 1) return place.error(std::to_string(version) + " is not a valid version");
  if (version <= record_version) return {};
  return Error::unsupported(place.pointer(), "written by a later tare, as version " +
                                                 std::to_string(version) +
                                                 ": this one reads records up to version " +
                                                 std::to_string(record_version));
}

// The cgroup must be below the root of its hierarchy, because the path of a damaged record may be
// anybody's.
bool is_below_root(std::string_view path) {
  if (!path.starts_with('/') || path.size() == 1) return false;
  const auto parts = split(path.substr(1), '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
}

Result<void> check_cgroups(const std::vector<RecordedCgroup>& cgroups, const Place& place) {
  for (std::size_t i = 0; i < cgroups.size(); ++i) {
    const Place at(place, i);
    if (!cgroups[i].mount.starts_with('/')) {
      return Place(at, "mount").error("is not an absolute path");
    }
    if (!is_below_root(cgroups[i].path)) {
      return Place(at, "path").error(quote(cgroups[i].path) + " is not the cgroup of a container");
    }
    if (cgroups[i].version != 1 && cgroups[i].version != 2) {
      return Place(at, "version").error("must be 1 or 2");
    }
  }
  return {};
}

Result<void> check_pid(std::int64_t pid, const Place& place) {
  if (pid < 0 || pid > highest_pid) {
    return place.error(std::to_string(pid) + " is not a process id");
  }
  return {};
}

}  // namespace

Config kept(const Config& config) {
  Config part;
  part.ociVersion = config.ociVersion;
  part.annotations = config.annotations;
  part.hooks = config.hooks;
  part.process = config.process;
  if (!config.linux_) return part;
  Linux& linux_part = part.linux_.emplace();
  linux_part.namespaces = config.linux_->namespaces;
  linux_part.seccomp = config.linux_->seccomp;
  linux_part.personality = config.linux_->personality;
  linux_part.memoryPolicy = config.linux_->memoryPolicy;
  linux_part.mountLabel = config.linux_->mountLabel;
  return part;
}

std::string encode_record(const Record& record) {
  return encode_document(record) + '\n';
}

Result<Record> decode_record(std::string_view json) {
  Record record = TRY(decode_document<Record>(json));
  const Place place;
  TRY(check_version(record.version, Place(place, "version")));
  if (record.version == 1) record.config = TRY(config_of_version_1(json));
  record.version = record_version;  // in whose form it is now
  if (record.config.ociVersion.empty()) return Place(place, "config").error("is required");
  TRY(check_pid(record.pid, Place(place, "pid")));
  TRY(check_pid(record.creatorPid, Place(place, "creatorPid")));
  TRY(check_cgroups(record.cgroups, Place(place, "cgroups")));
  return record;
}

}  // namespace tare::oci

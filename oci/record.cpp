// SPDX-License-Identifier: Apache-2.0
#include "oci/record.h"

#include "oci/codec.h"

namespace tare::oci {

template <>
struct Fields<RecordedCgroup> {
  static constexpr std::tuple table{
      Field<&RecordedCgroup::version>{"version", Presence::required},
      Field<&RecordedCgroup::mount>{"mount", Presence::required},
      Field<&RecordedCgroup::path>{"path", Presence::required},
      Field<&RecordedCgroup::controllers>{"controllers"},
      Field<&RecordedCgroup::made>{"made"},
  };
};

template <>
struct Fields<RecordedScope> {
  static constexpr std::tuple table{
      Field<&RecordedScope::unit>{"unit", Presence::required},
      Field<&RecordedScope::slice>{"slice", Presence::required},
      Field<&RecordedScope::ofUser>{"ofUser"},
  };
};

template <>
struct Fields<RecordedResctrl> {
  static constexpr std::tuple table{
      Field<&RecordedResctrl::group>{"group", Presence::always},
      Field<&RecordedResctrl::monitor>{"monitor"},
      Field<&RecordedResctrl::made>{"made"},
  };
};

template <>
struct Fields<RecordedStream> {
  static constexpr std::tuple table{
      Field<&RecordedStream::link>{"link", Presence::always},
      Field<&RecordedStream::mount>{"mount"},
      Field<&RecordedStream::inode>{"inode"},
  };
};

template <>
struct Fields<Record> {
  static constexpr std::tuple table{
      Field<&Record::version>{"version", Presence::required},
      Field<&Record::ociVersion>{"ociVersion", Presence::required},
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
      Field<&Record::namespaces>{"namespaces"},
      Field<&Record::binds>{"binds"},
      Field<&Record::streams>{"streams"},
      Field<&Record::mountsOnHost>{"mountsOnHost"},
      Field<&Record::annotations>{"annotations"},
      Field<&Record::hooks>{"hooks"},
      Field<&Record::process>{"process"},
      Field<&Record::seccomp>{"seccomp"},
      Field<&Record::personality>{"personality"},
      Field<&Record::memoryPolicy>{"memoryPolicy"},
      Field<&Record::noNewKeyring>{"noNewKeyring"},
      Field<&Record::mountLabel>{"mountLabel"},
  };
};

namespace {

constexpr std::int64_t highest_pid = std::int64_t{1} << 22;  // PID_MAX_LIMIT, linux/threads.h

Result<void> check_pid(std::int64_t pid, const Place& place) {
  if (pid < 0 || pid > highest_pid) return place.error(std::to_string(pid) + " is no process id");
  return {};
}

}  // namespace

std::string encode_record(const Record& record) {
  return encode_document(record) + '\n';
}

Result<Record> decode_record(std::string_view json) {
  Record record = TRY(decode_document<Record>(json));
  const Place place;
  if (record.version != Record{}.version) {
    return Place(place, "version").error("written by another version of tare");
  }
  TRY(check_pid(record.pid, Place(place, "pid")));
  TRY(check_pid(record.creatorPid, Place(place, "creatorPid")));
  return record;
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
#include "oci/output/limits.h"

#include "oci/json/codec.h"

namespace tare::oci {

constexpr auto fields(Of<LimitOfCgroup>) {
  return Table{
      Field<&LimitOfCgroup::file>{"file", Presence::always},
      Field<&LimitOfCgroup::limit>{"limit", Presence::always},
      Field<&LimitOfCgroup::usage>{"usage", Presence::always},
  };
}

constexpr auto fields(Of<Limit>) {
  return Table{
      Field<&Limit::resource>{"resource", Presence::always},
      Field<&Limit::unit>{"unit", Presence::always},
      Field<&Limit::own>{"own", Presence::always},
      Field<&Limit::binds>{"binds", Presence::always},
  };
}

constexpr auto fields(Of<Setting>) {
  return Table{
      Field<&Setting::resource>{"resource", Presence::always},
      Field<&Setting::value>{"value", Presence::always},
      Field<&Setting::file>{"file", Presence::always},
  };
}

constexpr auto fields(Of<PressureNow>) {
  return Table{
      Field<&PressureNow::resource>{"resource", Presence::always},
      Field<&PressureNow::some>{"some", Presence::always},
      Field<&PressureNow::full>{"full", Presence::always},
  };
}

constexpr auto fields(Of<ThrottledNow>) {
  return Table{
      Field<&ThrottledNow::periods>{"periods", Presence::always},
      Field<&ThrottledNow::throttled>{"throttled", Presence::always},
      Field<&ThrottledNow::nanoseconds>{"nanoseconds", Presence::always},
  };
}

constexpr auto fields(Of<Limits>) {
  return Table{
      Field<&Limits::id>{"id", Presence::always},
      Field<&Limits::limits>{"limits", Presence::always},
      Field<&Limits::settings>{"settings", Presence::always},
      Field<&Limits::pressure>{"pressure", Presence::always},
      Field<&Limits::throttling>{"throttling", Presence::always},
      Field<&Limits::oomKills>{"oomKills", Presence::always},
  };
}

std::string encode_limits(const Limits& limits) {
  return encode_document(limits) + '\n';
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
//
// The root file system: root (config.md, "Root"), and linux.rootfsPropagation, maskedPaths and
// readonlyPaths.
#pragma once

#include <array>
#include <string>

#include "oci/json/fields.h"

namespace tare::oci {

struct Root {
  std::string path;
  bool readonly = false;
};

constexpr auto fields(Of<Root>) {
  return Table{
      Field<&Root::path>{"path", Presence::required},
      Field<&Root::readonly>{"readonly"},
  };
}

enum class RootfsPropagation { private_, shared, slave, unbindable };

// Engines write the recursive names, the specification has the plain ones. The propagation of the
// root file system always applies to the whole tree.
template <>
struct Names<RootfsPropagation> {
  using enum RootfsPropagation;
  static constexpr std::array table = {
      EnumName<RootfsPropagation>{private_, "private"},
      EnumName<RootfsPropagation>{private_, "rprivate"},
      EnumName<RootfsPropagation>{shared, "shared"},
      EnumName<RootfsPropagation>{shared, "rshared"},
      EnumName<RootfsPropagation>{slave, "slave"},
      EnumName<RootfsPropagation>{slave, "rslave"},
      EnumName<RootfsPropagation>{unbindable, "unbindable"},
      EnumName<RootfsPropagation>{unbindable, "runbindable"},
  };
};

}  // namespace tare::oci

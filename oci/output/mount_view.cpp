// SPDX-License-Identifier: Apache-2.0
#include "oci/output/mount_view.h"

#include "oci/json/codec.h"

namespace tare::oci {

constexpr auto fields(Of<OtherMount>) {
  return Table{
      Field<&OtherMount::where>{"where", Presence::always},
      Field<&OtherMount::point>{"point", Presence::always},
  };
}

constexpr auto fields(Of<MountView>) {
  return Table{
      Field<&MountView::number>{"number", Presence::always},
      Field<&MountView::parent>{"parent", Presence::always},
      Field<&MountView::point>{"point", Presence::always},
      Field<&MountView::type>{"type", Presence::always},
      Field<&MountView::root>{"root", Presence::always},
      Field<&MountView::options>{"options", Presence::always},
      Field<&MountView::propagation>{"propagation", Presence::always},
      Field<&MountView::peers>{"peers", Presence::always},
      Field<&MountView::masters>{"masters", Presence::always},
      Field<&MountView::slaves>{"slaves", Presence::always},
      Field<&MountView::locked>{"locked", Presence::always},
      Field<&MountView::remount>{"remount", Presence::always},
  };
}

std::string encode_mount_views(const std::vector<MountView>& mounts) {
  return encode_document(mounts) + '\n';
}

}  // namespace tare::oci

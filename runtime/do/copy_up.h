// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

// tmpcopyup: copies the contents of the directory `from` into the directory `to`: directories,
// files, links, devices and fifos with their owners, modes, times and extended attributes. Works by
// descriptors and follows no link, because the tree belongs to the image and is hostile. Hard links
// become copies. The attributes of `to` itself are unchanged.
Call<void> copy_tree(int from, int to, const step::GivenForRoot& given);

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "runtime/steps/mounts.h"

namespace tare::runtime {

// tmpcopyup: copies what is in the directory `from` into the directory `to`: directories, files,
// links, devices and fifos with their owners, modes, times and extended attributes. Works by
// descriptors and follows no link: the tree is the image's, and hostile. Hard links become copies.
// What is given for `to` itself stays as it is.
Call<void> copy_tree(int from, int to, const step::GivenForRoot& given);

}  // namespace tare::runtime

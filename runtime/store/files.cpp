// SPDX-License-Identifier: Apache-2.0
#include "runtime/store/files.h"

#include <fcntl.h>
#include <linux/openat2.h>

#include "base/system.h"

namespace tare::runtime {

Call<UniqueFd> open_entry(int root, const std::string& id) {
  return sys::openat2(root, id.c_str(), O_RDONLY | O_DIRECTORY,
                      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

}  // namespace tare::runtime

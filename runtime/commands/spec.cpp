// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"
#include "oci/spec_default.h"
#include "runtime/commands/commands.h"

namespace tare::runtime {

Result<int> spec_command(const CommandContext& context) {
  const std::string directory = context.options().text("bundle");
  const std::string path = directory + "/config.json";
  const bool rootless = context.options().has("rootless");
  const std::string text =
      oci::encode_pretty(oci::default_config(rootless, ::geteuid(), ::getegid()));
  Call<UniqueFd> file =
      open_at(AT_FDCWD, path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
  if (!file.ok() && file.error().error == EEXIST) {
    return Error("file " + printable(path) + " exists: remove it first");
  }
  if (!file.ok()) return Error(file.error(), "write " + printable(path));
  TRY(write_all(file->get(), text).because("write " + printable(path)));
  return 0;
}

}  // namespace tare::runtime

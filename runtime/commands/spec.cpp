// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/text.h"
#include "oci/spec_default.h"
#include "runtime/command_line/shared_options.h"
#include "runtime/commands/commands.h"
#include "runtime/commands/rows.h"

namespace tare::runtime {

namespace {

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

constexpr Option options[] = {
    shared::bundle,
    {.name = "rootless", .help = "write a configuration for an unprivileged user"},
};
constexpr Term files[] = {shared::config_file};
constexpr Example examples[] = {
    {"Make a bundle and run a shell in it:",
     "mkdir -p new/rootfs/bin\ncp /bin/busybox new/rootfs/bin/sh\ntare spec --bundle new\n"
     "tare run --bundle new first"},
};

}  // namespace

const Command spec_row = {
    .name = "spec",
    .arguments = "",
    .summary = "write a default config.json (never overwrites one)",
    .description =
        "Writes config.json for a shell with a terminal, new namespaces, a read-only root file "
        "system in the directory rootfs, and few capabilities. Edit the file to run something "
        "else.\n\n"
        "`--rootless` adds a user namespace in which the caller is root, and uses the network of "
        "the host.",
    .options = options,
    .least = 0,
    .most = 0,
    .run = spec_command,
    .uses_store = false,
    .files = files,
    .examples = examples,
    .see_also = "tare-run(1) tare-check(1)",
};

}  // namespace tare::runtime

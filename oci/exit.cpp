// SPDX-License-Identifier: Apache-2.0
#include "oci/exit.h"

#include <sys/wait.h>

#include "base/process.h"
#include "oci/json/codec.h"

namespace tare::oci {

namespace {

struct NamedExit : Exit {
  std::string id;
};

}  // namespace

constexpr auto fields(Of<NamedExit>) {
  return joined(Table{Field<&NamedExit::id>{"id", Presence::always}}, fields(Of<Exit>{}));
}

Exit exit_of(std::optional<int> wait_status) {
  Exit exit;
  if (!wait_status) return exit;
  exit.outcome = WIFSIGNALED(*wait_status) ? "signalled" : "exited";
  exit.code = exit_status(*wait_status);
  if (!WIFSIGNALED(*wait_status)) return exit;
  exit.signal = WTERMSIG(*wait_status);
  exit.coreDumped = WCOREDUMP(*wait_status);
  return exit;
}

std::string encode_exit(const Exit& exit) {
  return encode_document(exit) + '\n';
}

std::string encode_exit(const std::string& id, const Exit& exit) {
  return encode_document(NamedExit{exit, id}) + '\n';
}

Result<Exit> decode_exit(std::string_view json) {
  return decode_document<Exit>(json);
}

}  // namespace tare::oci

// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/child.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <utility>

#include "base/file.h"
#include "base/pair.h"
#include "base/process.h"

namespace tare::runtime {

Result<std::string> read_from_child(const std::string& why, const std::string& why_in_child,
                                    std::size_t limit, const ChildTask& task) {
  Pipe pipe = TRY(make_pipe().because(why));
  const pid_t child = ::fork();
  if (child < 0) return Error(Fault::last("fork"), why);
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const Call<void> done = task(pipe.write.get());
    ::_exit(done.ok() ? 0 : done.error().error);
  }
  pipe.write.reset();
  Call<std::string> text = read_to_end(pipe.read.get(), limit);
  pipe.read.reset();
  const int status = exit_status(reap(child));
  if (status != 0) return Error(Fault{status, ""}, why_in_child);
  return std::move(text).because(why);
}

}  // namespace tare::runtime

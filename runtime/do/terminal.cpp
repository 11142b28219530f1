// SPDX-License-Identifier: Apache-2.0
//
// The container's terminal, from its own devpts, only by descriptor (CVE-2025-52565). TIOCGPTPEER
// opens the other end; a name in the container's /dev/pts is never used.
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "base/file.h"
#include "base/system.h"
#include "runtime/do/context.h"
#include "runtime/do/file_target.h"
#include "runtime/do/inside.h"
#include "runtime/steps/terminal.h"
#include "runtime/stub/messages.h"

namespace tare::runtime {

namespace {

Call<UniqueFd> open_master(const LaunchContext& context) {
  const InsidePath ptmx("/dev/pts/ptmx");
  UniqueFd master = TRY(context.inside.open_without_links(ptmx, O_RDWR | O_NOCTTY));
  struct statfs filesystem {};
  struct stat status {};
  if (::fstatfs(master.get(), &filesystem) != 0) return Fault::last("fstatfs");
  if (::fstat(master.get(), &status) != 0) return Fault::last("fstat");
  const bool is_ptmx = filesystem.f_type == DEVPTS_SUPER_MAGIC && S_ISCHR(status.st_mode) &&
                       status.st_rdev == makedev(5, 2);
  if (!is_ptmx) return Fault{ENODEV, "fstatfs"};
  const int unlocked = 0;
  if (::ioctl(master.get(), TIOCSPTLCK, &unlocked) != 0) return Fault::last("ioctl(TIOCSPTLCK)");
  return master;
}

Call<UniqueFd> open_peer(int master) {
  const int fd = ::ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return Fault::last("ioctl(TIOCGPTPEER)");
  return UniqueFd(fd);
}

Call<void> bind_console(const step::MakeConsole& step, LaunchContext& context, int peer) {
  const auto place = TRY(context.inside.make_parent(InsidePath("/dev/console")));
  if (step.makes_device) TRY(make_file_target(place, 0600));
  const UniqueFd mount = TRY(sys::open_tree(peer, "", AT_EMPTY_PATH | OPEN_TREE_CLONE));
  const Call<void> attached = attach_to_file(context, mount.get(), place);
  const bool is_absent = !attached.ok() && attached.error().error == ENOENT;
  if (is_absent && !step.makes_device) return {};
  return attached;
}

// The terminal is a file of the container's devpts. If that is mounted with a context, it does not
// accept labels of single files: all have the context already.
Call<void> label_terminal(int peer, const std::string& label) {
  if (label.empty()) return {};
  if (::fsetxattr(peer, "security.selinux", label.data(), label.size(), 0) != 0 &&
      errno != ENOTSUP) {
    return Fault::last("fsetxattr");
  }
  return {};
}

Call<void> send_master(const LaunchContext& context, int master) {
  unsigned number = 0;
  if (::ioctl(master, TIOCGPTN, &number) != 0) return Fault::last("ioctl(TIOCGPTN)");
  std::array<char, 32> name{};
  std::memcpy(name.data(), "/dev/pts/", 9);
  char* const end = std::to_chars(name.data() + 9, name.data() + name.size(), number).ptr;
  return send_descriptor(context.console_socket.get(),
                         std::string_view(name.data(), static_cast<std::size_t>(end - name.data())),
                         master);
}

Call<void> become_stdio(int peer, std::uint32_t owner, bool controlling) {
  if (::fchown(peer, owner, static_cast<gid_t>(-1)) != 0 && errno != EPERM && errno != EINVAL) {
    return Fault::last("fchown");
  }
  if (controlling && ::ioctl(peer, TIOCSCTTY, 0) != 0) return Fault::last("ioctl(TIOCSCTTY)");
  for (int fd = 0; fd <= 2; ++fd) {
    if (::dup2(peer, fd) < 0) return Fault::last("dup2");
  }
  return {};
}

}  // namespace

Call<void> perform(const step::MakeConsole& step, LaunchContext& context) {
  Call<UniqueFd> master = open_master(context);
  if (!master.ok()) {
    context.set_note("a terminal needs a devpts mounted on /dev/pts");
    return master.error();
  }
  const UniqueFd peer = TRY(open_peer(master->get()));
  if (step.rows != 0 || step.columns != 0) {
    const winsize size{step.rows, step.columns, 0, 0};
    if (::ioctl(master->get(), TIOCSWINSZ, &size) != 0) return Fault::last("ioctl(TIOCSWINSZ)");
  }
  TRY(label_terminal(peer.get(), step.label));
  if (step.device) TRY(bind_console(step, context, peer.get()));
  TRY(send_master(context, master->get()));
  context.console_socket.reset();
  return become_stdio(peer.get(), step.owner, step.controlling);
}

Call<void> perform(const step::NewSession&, LaunchContext&) {
  if (::setsid() < 0) return Fault::last("setsid");
  return {};
}

}  // namespace tare::runtime

// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what the namespace commands read: links of nsfs, --map, --sysctl, mountinfo, and the
// directory of the names below the root. In the file of a holder, BOOT stands for the boot ID and
// SELF for the pid and start time of this process.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/process.h"
#include "base/text.h"
#include "runtime/look/mount_relations.h"
#include "runtime/namespaces/links.h"
#include "runtime/namespaces/names.h"
#include "runtime/namespaces/wishes.h"
#include "runtime/store/store.h"
#include "tests/fuzz/require.h"

using namespace tare;
using namespace tare::runtime;

namespace {

void check_message(const Error& error) {
  require(printable(error.message()) == error.message());
}

void check_usage(const Error& error) {
  require(error.kind == Error::Kind::usage);
  check_message(error);
}

// ---- texts --------------------------------------------------------------------------------------

void check_link(std::string_view text) {
  const auto link = parse_namespace_link(text);
  if (!link) return;
  const std::string again =
      std::string(kind_of(link->type).proc_name) + ":[" + std::to_string(link->inode) + "]";
  const auto same = parse_namespace_link(again);
  require(same && same->inode == link->inode && same->type == link->type);
}

void check_mapping(std::string_view text, char separator) {
  const Result<oci::IDMapping> mapping = parse_mapping(text, separator);
  if (!mapping.ok()) return check_usage(mapping.error());
  require(mapping->size != 0);
  std::string again = oci::map_lines({*mapping});
  require(again.ends_with('\n'));
  again.pop_back();
  require(parse_mapping(again, ' ').ok());
}

// What is written to is below /proc/sys, and one line.
void check_sysctl(std::string_view text) {
  const Result<Sysctl> sysctl = parse_sysctl(text);
  if (!sysctl.ok()) return check_usage(sysctl.error());
  for (const std::string_view part : split(sysctl->path, '/')) {
    require(!part.empty() && part != "." && part != "..");
  }
  require(sysctl->path.find('\0') == std::string::npos);
  require(!sysctl->value.empty() && sysctl->value.find('\n') == std::string::npos);
}

void check_mountinfo(std::string_view text) {
  const std::vector<MountLine> mounts = parse_mountinfo(text);
  for (const MountLine& mount : mounts) {
    if (mount.type == "nsfs") check_link(mount.root);
  }
  const auto views = mount_views(mounts, {}, {{"the host", mounts}});
  require(views.size() == mounts.size());
  for (const oci::MountView& view : views) require(printable(view.point) == view.point);
}

// ---- the directory of the names -----------------------------------------------------------------

// A scratch directory with ROOT/@ns/pod, gone with the input.
class Root {
 public:
  Root() {
    require(::mkdtemp(path_.data()) != nullptr);
    require(::mkdir(names().c_str(), 0700) == 0);
    require(::mkdir((names() + "/pod").c_str(), 0700) == 0);
  }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  ~Root() {
    ::unlink(holder().c_str());
    ::rmdir((names() + "/pod").c_str());
    ::rmdir(names().c_str());
    ::rmdir(path_.c_str());
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string names() const { return path_ + "/@ns"; }
  [[nodiscard]] std::string holder() const { return names() + "/pod/holder"; }

 private:
  std::string path_ = "/tmp/tare-fuzz-XXXXXX";
};

void replace(std::string& text, std::string_view word, const std::string& by) {
  const std::size_t at = text.find(word);
  if (at != std::string::npos) text.replace(at, word.size(), by);
}

// Of the processes that a file can name only this one is right.
void check_holder(const Root& root, std::string_view input) {
  static const std::string boot = boot_id().value_or("");
  static const std::string self =
      std::to_string(::getpid()) + " " +
      std::to_string(process_status(::getpid()).value_or(ProcessStatus{}).start_time);
  std::string text(input);
  replace(text, "BOOT", boot);
  replace(text, "SELF", self);
  {
    const Call<UniqueFd> file =
        open_at(AT_FDCWD, root.holder().c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    require(file.ok() && write_all(file->get(), text).ok());
  }
  const Result<oci::NamespaceName> described = describe_name(root.path(), "pod");
  require(described.ok());
  require(described->holder == 0 || described->holder == ::getpid());
  require(!described->complete && described->kinds.empty());
}

// A name leads nowhere but to its directory.
void check_name(const Root& root, const std::string& name) {
  const Result<oci::NamespaceName> described = describe_name(root.path(), name);
  if (described.ok()) return require(name == "pod");
  check_message(described.error());
  require(check_id(name).ok() == (described.error().kind == Error::Kind::not_found));
}

void check_entry(const Root& root, const std::string& entry) {
  const std::string path = root.names() + "/" + entry;
  const bool is_plain =
      entry.find('/') == std::string::npos && entry.find('\0') == std::string::npos;
  if (!is_plain || ::mkdir(path.c_str(), 0700) != 0) return;
  const std::vector<std::string> names = names_below(root.path());
  ::rmdir(path.c_str());
  require(std::ranges::count(names, entry) == (check_id(entry).ok() ? 1 : 0));
  require(std::ranges::count(names, "pod") == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_mountinfo(input);
  const Root root;
  check_holder(root, input);
  for (const std::string_view line : split(input, '\n')) {
    check_link(line);
    (void)kind_named(line);
    check_mapping(line, ':');
    check_mapping(line, '-');
    check_sysctl(line);
  }
  const std::string first(input.substr(0, input.find('\n')));
  check_name(root, first);
  check_entry(root, first);
  return 0;
}

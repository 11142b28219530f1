// SPDX-License-Identifier: Apache-2.0
#include "runtime/look/expected_mounts.h"

#include <sys/mount.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "runtime/plan/visible.h"

namespace tare::runtime {

bool ExpectedMount::is_read_only() const {
  return (flags & MOUNT_ATTR_RDONLY) != 0;
}

namespace {

constexpr std::uint64_t all_flags = ~std::uint64_t{0};

// Walks the plan as init does, and applies the mounts to a list.
class Mounting {
 public:
  std::vector<ExpectedMount> done() && { return std::move(mounts_); }

  void take(const Step& step) {
    origin_ = step.origin;
    std::visit([&](const auto& action) { mount(action); }, step.action);
  }

 private:
  template <class Kind>
  void mount(const Kind&) {}  // the step mounts nothing

  void mount(const step::OpenTree& step) {
    if (step.recursive) recursive_.insert(step.slot);
  }
  void mount(const step::MapTree& step) { mapped_.insert(step.tree); }

  void mount(const step::AttachRoot& step) {
    ExpectedMount root = begin("/");
    root.source = step.path;
    cover(std::move(root));
  }

  void mount(const step::MountFilesystem& step) {
    ExpectedMount made = begin(step.destination.shown);
    made.type = step.type;
    made.known = all_flags;
    change(made, step.attributes);
    made.superblock_read_only = contains(step.superblock_flags, "ro");
    made.data = step.data;
    propagate(made, step.propagation);
    if (!step.fallback.empty()) allow_fallback(made);
    cover(std::move(made));
  }

  // If the kernel refuses a new mount, the host's mount has its own flags and the flags of the
  // config.
  static void allow_fallback(ExpectedMount& made) {
    made.known = made.flags;
    made.superblock_read_only = false;
    made.data.clear();
    made.brings_more = true;
  }

  void mount(const step::MountTree& step) {
    ExpectedMount made = begin(step.destination.shown);
    made.source = step.source;
    made.brings_more = recursive_.contains(step.tree);
    made.mapped = mapped_.contains(step.tree);
    change(made, step.attributes);
    propagate(made, step.propagation);
    cover(std::move(made));
  }

  void mount(const step::Remount& step) {
    ExpectedMount* present = at(step.destination.shown);
    if (present == nullptr) return;  // a mount that came with a tree
    change(*present, step.attributes);
    if (contains(step.superblock_flags, "ro")) present->superblock_read_only = true;
    propagate(*present, step.propagation);
  }

  void mount(const step::SealMount& step) { seal(step.destination.shown, step.all_below); }

  void mount(const step::ReadonlyPath& step) {
    const std::string& path = step.path.shown;
    seal(path, true);
    if (at(path) != nullptr) return;
    ExpectedMount made = begin(path);
    made.kind = ExpectedMount::Kind::read_only;
    made.flags = made.known = MOUNT_ATTR_RDONLY;
    made.brings_more = true;
    mounts_.push_back(std::move(made));
  }

  void mount(const step::MaskPath& step) {
    ExpectedMount made = begin(step.path.shown);
    made.kind = ExpectedMount::Kind::mask;
    made.flags = made.known = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    cover(std::move(made));
  }

  void mount(const step::BindDevice& step) { cover(begin(step.path.shown)); }

  void mount(const step::MakeConsole& step) {
    if (step.device) mounts_.push_back(console());
  }

  ExpectedMount console() const {
    ExpectedMount made = begin("/dev/console");
    made.kind = ExpectedMount::Kind::device;
    return made;
  }

  void mount(const step::RootPropagation& step) {
    if (ExpectedMount* root = at("/")) root->propagation = step.flags;
  }

  [[nodiscard]] ExpectedMount begin(const std::string& path) const {
    ExpectedMount made;
    made.origin = origin_;
    made.path = path;
    return made;
  }

  ExpectedMount* at(std::string_view path) {
    for (ExpectedMount& one : mounts_) {
      if (one.path == path) return &one;
    }
    return nullptr;
  }

  void cover(ExpectedMount made) {
    std::erase_if(mounts_,
                  [&](const ExpectedMount& one) { return is_at_or_below(one.path, made.path); });
    mounts_.push_back(std::move(made));
  }

  void seal(std::string_view path, bool all_below) {
    for (ExpectedMount& one : mounts_) {
      const bool meant = all_below ? is_at_or_below(one.path, path) : one.path == path;
      if (!meant) continue;
      one.flags |= MOUNT_ATTR_RDONLY;
      one.known |= MOUNT_ATTR_RDONLY;
    }
  }

  static void change(ExpectedMount& mount, const MountAttributes& attributes) {
    for (const AttributeChange& change : {attributes.top, attributes.tree}) {
      mount.flags = (mount.flags & ~change.clear) | change.set;
      mount.known |= change.clear | change.set;
    }
  }

  static void propagate(ExpectedMount& mount, const std::vector<unsigned long>& types) {
    if (!types.empty()) mount.propagation = types.back() & ~static_cast<unsigned long>(MS_REC);
  }

  std::string origin_;
  std::set<Slot> recursive_;
  std::set<Slot> mapped_;
  std::vector<ExpectedMount> mounts_;
};

}  // namespace

std::vector<ExpectedMount> expected_mounts(const Plan& plan) {
  Mounting mounting;
  for (const Step& step : plan.steps) mounting.take(step);
  return std::move(mounting).done();
}

}  // namespace tare::runtime

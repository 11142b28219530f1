// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/pinns.h"

#include <fcntl.h>
#include <getopt.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/system.h"
#include "base/text.h"
#include "runtime/namespaces/making.h"
#include "runtime/namespaces/pins.h"
#include "runtime/namespaces/wishes.h"

namespace tare::runtime {

namespace {

using oci::NamespaceType;

enum : int { uid_mapping = 1000, gid_mapping, log_level };

constexpr option long_options[] = {
    {"uts", optional_argument, nullptr, 'u'},
    {"ipc", optional_argument, nullptr, 'i'},
    {"net", optional_argument, nullptr, 'n'},
    {"user", optional_argument, nullptr, 'U'},
    {"cgroup", optional_argument, nullptr, 'c'},
    {"mnt", optional_argument, nullptr, 'm'},
    {"dir", required_argument, nullptr, 'd'},
    {"filename", required_argument, nullptr, 'f'},
    {"sysctl", required_argument, nullptr, 's'},
    {"uid-mapping", required_argument, nullptr, uid_mapping},
    {"gid-mapping", required_argument, nullptr, gid_mapping},
    {"log-level", required_argument, nullptr, log_level},
    {nullptr, 0, nullptr, 0},
};

std::optional<NamespaceType> kind_of_letter(int letter) {
  constexpr std::array<std::pair<int, NamespaceType>, 6> letters = {{{'u', NamespaceType::uts},
                                                                     {'i', NamespaceType::ipc},
                                                                     {'n', NamespaceType::network},
                                                                     {'U', NamespaceType::user},
                                                                     {'c', NamespaceType::cgroup},
                                                                     {'m', NamespaceType::mount}}};
  for (const auto& [known, type] : letters) {
    if (known == letter) return type;
  }
  return std::nullopt;
}

struct Request {
  std::string directory;
  std::string filename;
  NamespaceWishes wishes;
  Kinds hosts;  // the host's own namespaces, pinned as they are: --net=host
};

Error usage(std::string words) {
  return Error(Error::Kind::usage, std::move(words));
}

// "CONTAINER-HOST-SIZE@CONTAINER-HOST-SIZE"
Result<std::vector<oci::IDMapping>> parse_mappings(std::string_view text) {
  std::vector<oci::IDMapping> mappings;
  for (const std::string_view one : split(text, '@')) {
    mappings.push_back(TRY(parse_mapping(one, '-')));
  }
  return mappings;
}

Result<void> take_option(Request& request, int letter, const char* value) {
  const std::string_view text = value == nullptr ? "" : value;
  if (const auto type = kind_of_letter(letter)) {
    Kinds& kinds = text == "host" ? request.hosts : request.wishes.kinds;
    if (!has_kind(kinds, *type)) kinds.push_back(*type);
    return {};
  }
  if (letter == 'd') request.directory = text;
  if (letter == 'f') request.filename = text;
  if (letter == 's') request.wishes.sysctls.push_back(TRY(parse_sysctl(text)));
  if (letter == uid_mapping) request.wishes.uid_map = TRY(parse_mappings(text));
  if (letter == gid_mapping) request.wishes.gid_map = TRY(parse_mappings(text));
  return {};
}

Result<Request> read_request(int argc, char* argv[]) {
  Request request;
  ::opterr = 0;
  for (;;) {
    const int letter = ::getopt_long(argc, argv, ":uinUcmd:f:s:", long_options, nullptr);
    if (letter == -1) break;
    if (letter == '?' || letter == ':') {
      return usage("unknown or incomplete option " + quote(argv[::optind - 1]));
    }
    TRY(take_option(request, letter, ::optarg));
  }
  const bool is_name = !request.filename.empty() && request.filename.find('/') == std::string::npos;
  if (request.directory.empty()) return usage("no directory is named (-d)");
  if (!is_name) return usage("no file name is given (-f), or one with a slash");
  if (request.wishes.kinds.empty() && request.hosts.empty()) {
    return usage("no kind of namespace is named");
  }
  if (!request.wishes.kinds.empty()) TRY(check(request.wishes));
  return request;
}

// A mount namespace can be pinned only where mounts do not propagate. Unbindable also prevents
// copies.
Result<void> make_unbindable(const std::string& path) {
  const UniqueFd directory =
      TRY(open_at(AT_FDCWD, path.c_str(), O_PATH | O_DIRECTORY).because("open " + printable(path)));
  struct statx status {};
  const bool known = ::statx(directory.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0;
  const bool is_mount = known && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  if (!is_mount && ::mount(path.c_str(), path.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    return Error(Fault::last("mount"), "mount " + printable(path) + " on itself");
  }
  return sys::set_propagation(path.c_str(), MS_UNBINDABLE)
      .because("make " + printable(path) + " unbindable");
}

Result<std::string> pin_path(const Request& request, NamespaceType type) {
  const std::string directory =
      request.directory + "/" + std::string(kind_of(type).proc_name) + "ns";
  TRY(make_directories(directory, 0755, "make the directory of pins"));
  if (type == NamespaceType::mount) TRY(make_unbindable(directory));
  return directory + "/" + request.filename;
}

Result<void> pin_each(const Request& request, const std::vector<OpenedNamespace>& namespaces,
                      PinsTogether& pins) {
  for (const OpenedNamespace& one : namespaces) {
    const std::string path = TRY(pin_path(request, one.link.type));
    TRY(pins.add(one, path));
  }
  return {};
}

Result<void> carry_out(const Request& request) {
  PinsTogether pins;
  const auto hosts = TRY(open_namespaces_of(::getpid(), 0, request.hosts));
  TRY(pin_each(request, hosts, pins));
  if (!request.wishes.kinds.empty()) {
    const Making making = TRY(Making::begin(request.wishes, -1));
    TRY(pin_each(request, making.namespaces(), pins));
  }
  pins.keep();
  return {};
}

}  // namespace

bool is_pinns(int argc, const char* const argv[]) {
  if (argc < 1 || argv[0] == nullptr) return false;
  const std::string_view path = argv[0];
  return path.substr(path.rfind('/') + 1) == "pinns";
}

int run_pinns(int argc, char* argv[], const Log& log) {
  const Result<Request> request = read_request(argc, argv);
  const Result<void> done =
      request.ok() ? carry_out(*request) : Result<void>(Error(request.error()));
  if (done.ok()) return 0;
  log.error(done.error());
  return 1;
}

}  // namespace tare::runtime

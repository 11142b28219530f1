// SPDX-License-Identifier: Apache-2.0
//
// Rows of options and of manual pages that several commands share.
#pragma once

#include "runtime/command_line/command.h"

namespace tare::runtime::shared {

using enum Option::Takes;

inline constexpr Option bundle = {.name = "bundle",
                                  .letter = 'b',
                                  .takes = text,
                                  .value = "DIR",
                                  .help = "bundle: the directory with config.json",
                                  .fallback = "."};
inline constexpr Option config = {.name = "config",
                                  .letter = 'f',
                                  .takes = text,
                                  .value = "FILE",
                                  .help = "read FILE instead of the bundle's config.json"};
inline constexpr Option detach = {
    .name = "detach", .letter = 'd', .help = "return when the process has started"};
inline constexpr Option console_socket = {
    .name = "console-socket",
    .takes = text,
    .value = "SOCKET",
    .help = "AF_UNIX socket that receives the terminal's file descriptor"};
inline constexpr Option pidfd_socket = {
    .name = "pidfd-socket",
    .takes = text,
    .value = "SOCKET",
    .help = "AF_UNIX socket that receives a pidfd of the process"};
inline constexpr Option pid_file = {
    .name = "pid-file",
    .takes = text,
    .value = "FILE",
    .help = "write the process ID to FILE, as seen from the caller's pid namespace"};
inline constexpr Option format = {.name = "format",
                                  .letter = 'f',
                                  .takes = text,
                                  .value = "table|json",
                                  .help = "output format",
                                  .fallback = "table"};
inline constexpr Option text_or_json = {.name = "format",
                                        .takes = text,
                                        .value = "text|json",
                                        .help = "output format",
                                        .fallback = "text"};
inline constexpr Option no_pivot = {
    .name = "no-pivot", .help = "use MS_MOVE and chroot instead of pivot_root (for a ramdisk)"};
inline constexpr Option no_new_keyring = {.name = "no-new-keyring",
                                          .help = "keep the caller's session keyring"};
inline constexpr Option preserve_fds = {.name = "preserve-fds",
                                        .takes = count,
                                        .value = "N",
                                        .help = "pass file descriptors 3 to N+2 to the process",
                                        .fallback = "0"};
inline constexpr Option no_subreaper = {.name = "no-subreaper",
                                        .help = "do not adopt orphaned processes of the container"};
inline constexpr Option regex = {
    .name = "regex",
    .letter = 'r',
    .help = "ID is an extended regular expression that selects all matching containers"};

inline constexpr Term notify_socket = {
    "NOTIFY_SOCKET",
    "socket of the service manager, sd_notify(3); READY=1 from the container's socket in "
    "/run/notify is forwarded to it, and nothing else; start, and a run in the background, wait "
    "for READY=1; must be set for create and for start"};
inline constexpr Term listen_fds = {
    "LISTEN_FDS",
    "number of file descriptors, from 3 on, to pass to the process, sd_listen_fds(3)"};

inline constexpr Term config_file = {
    "config.json",
    "The configuration of the container, in the bundle. See the OCI runtime "
    "specification, config.md."};

inline constexpr Term foreground_statuses[] = {
    {"N", "The process exited with status N."},
    {"128+N", "Signal N ended the process."},
};

}  // namespace tare::runtime::shared

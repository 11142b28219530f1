// SPDX-License-Identifier: Apache-2.0
#include "runtime/commands/table.h"

namespace tare::runtime {

namespace {

using enum Option::Takes;

constexpr Option help = {.name = "help", .letter = 'h', .help = "show this and exit"};

constexpr Option globals[] = {
    {.name = "root",
     .takes = text,
     .value = "DIR",
     .help = "where the containers are recorded (default: /run/tare; without privileges "
             "$XDG_RUNTIME_DIR/tare)"},
    {.name = "log",
     .takes = text,
     .value = "FILE",
     .help = "append errors to FILE too, not only to standard error"},
    {.name = "log-format",
     .takes = text,
     .value = "text|json",
     .help = "how the log is written",
     .fallback = "text"},
    {.name = "error-format",
     .takes = text,
     .value = "text|json",
     .help = "how the error of a command is told on standard error",
     .fallback = "text"},
    {.name = "log-level",
     .takes = text,
     .value = "error|warning|info|debug",
     .help = "minimum level to log (default: warning on a terminal and for run, start, kill, "
             "delete and gc; error for other commands, as callers parse their output)"},
    {.name = "debug", .help = "the same as --log-level=debug"},
    {.name = "cgroup-manager",
     .takes = text,
     .value = "cgroupfs|systemd|disabled",
     .help = "who makes the cgroups",
     .fallback = "cgroupfs"},
    {.name = "systemd-cgroup", .help = "the same as --cgroup-manager=systemd"},
    {.name = "rootless",
     .takes = text,
     .value = "true|false|auto",
     .help = "do without cgroups where they are not permitted",
     .fallback = "auto"},
    {.name = "version", .letter = 'v', .help = "show the version and exit"},
    // Callers written for runc before 1.4 still name it.
    {.name = "criu", .takes = text, .value = "FILE", .hidden = true},
};

// Rows that several commands have.
constexpr Option bundle = {.name = "bundle",
                           .letter = 'b',
                           .takes = text,
                           .value = "DIR",
                           .help = "the folder with config.json",
                           .fallback = "."};
constexpr Option config = {.name = "config",
                           .letter = 'f',
                           .takes = text,
                           .value = "FILE",
                           .help = "read FILE instead of the bundle's config.json"};
constexpr Option console_socket = {.name = "console-socket",
                                   .takes = text,
                                   .value = "SOCKET",
                                   .help = "send the terminal's descriptor to this AF_UNIX socket"};
constexpr Option pidfd_socket = {.name = "pidfd-socket",
                                 .takes = text,
                                 .value = "SOCKET",
                                 .help = "send the process's pidfd to this AF_UNIX socket"};
constexpr Option pid_file = {.name = "pid-file",
                             .takes = text,
                             .value = "FILE",
                             .help = "write the process id, as the caller sees it, to FILE"};
constexpr Option format = {.name = "format",
                           .letter = 'f',
                           .takes = text,
                           .value = "table|json",
                           .help = "how it is shown",
                           .fallback = "table"};
constexpr Option no_pivot = {.name = "no-pivot",
                             .help = "move the root with MS_MOVE and chroot, for a ramdisk"};
constexpr Option no_new_keyring = {.name = "no-new-keyring",
                                   .help = "keep the caller's session keyring"};
constexpr Option preserve_fds = {.name = "preserve-fds",
                                 .takes = count,
                                 .value = "N",
                                 .help = "pass descriptors 3 to 2+N to the process",
                                 .fallback = "0"};

constexpr Option create_options[] = {
    bundle,
    config,
    console_socket,
    pidfd_socket,
    pid_file,
    no_pivot,
    no_new_keyring,
    preserve_fds,
    // create always detaches and never becomes a subreaper; go-runc and crun's callers say so.
    {.name = "detach", .letter = 'd', .hidden = true},
    {.name = "no-subreaper", .hidden = true},
};

constexpr Option run_options[] = {
    bundle,
    config,
    {.name = "detach", .letter = 'd', .help = "return when the process is started"},
    {.name = "keep", .help = "leave the container recorded when it has stopped"},
    {.name = "no-subreaper", .help = "do not adopt the orphans of the container"},
    console_socket,
    pidfd_socket,
    pid_file,
    no_pivot,
    no_new_keyring,
    preserve_fds,
};

constexpr Option exec_options[] = {
    {.name = "process",
     .letter = 'p',
     .takes = text,
     .value = "FILE",
     .help = "the whole process as JSON; nothing else is asked for then"},
    {.name = "tty", .letter = 't', .help = "with a terminal"},
    {.name = "detach", .letter = 'd', .help = "return when the process is started"},
    {.name = "cwd", .takes = text, .value = "DIR", .help = "its working directory"},
    {.name = "env",
     .letter = 'e',
     .takes = text,
     .value = "NAME=VALUE",
     .help = "add to its environment",
     .repeatable = true},
    {.name = "user",
     .letter = 'u',
     .takes = text,
     .value = "UID[:GID]",
     .help = "its numeric user, and group"},
    {.name = "additional-gids",
     .letter = 'g',
     .takes = text,
     .value = "GID",
     .help = "add a group",
     .repeatable = true},
    {.name = "cap",
     .letter = 'c',
     .takes = text,
     .value = "CAP_NAME",
     .help = "add a capability",
     .repeatable = true},
    {.name = "no-new-privs", .help = "set no_new_privs"},
    {.name = "apparmor", .takes = text, .value = "PROFILE", .help = "its AppArmor profile"},
    {.name = "process-label", .takes = text, .value = "LABEL", .help = "its SELinux label"},
    {.name = "cgroup",
     .takes = text,
     .value = "[CTL,...:]PATH",
     .help = "a cgroup below the container's",
     .repeatable = true},
    {.name = "ignore-paused", .help = "also in a paused container; it goes on when that does"},
    console_socket,
    pidfd_socket,
    pid_file,
    preserve_fds,
};

constexpr Option regex = {
    .name = "regex",
    .letter = 'r',
    .help = "ID is an extended regular expression: every container with it in its ID, or none"};

constexpr Option kill_options[] = {
    {.name = "all", .letter = 'a', .help = "every process of the container, not only the first"},
    {.name = "signal",
     .letter = 's',
     .takes = text,
     .value = "SIGNAL",
     .help = "this one; then every argument is the ID of a container"},
    regex,
};

constexpr Option delete_options[] = {
    {.name = "force",
     .letter = 'f',
     .help = "kill it first if it runs; no error if it does not exist"},
    regex,
};

constexpr Option wait_options[] = {
    {.name = "timeout",
     .takes = text,
     .value = "DURATION",
     .help = "how long, as 30s or 1h30m; then it fails (default: for ever)"},
    format,
};

constexpr Option events_options[] = {
    {.name = "interval",
     .takes = text,
     .value = "DURATION",
     .help = "how long between two lines of statistics",
     .fallback = "5s"},
    {.name = "stats", .help = "show one line of statistics and exit"},
    {.name = "lifecycle",
     .help = "also created, started, paused, resumed, exited, oom_kill and memory.high"},
    {.name = "psi",
     .takes = text,
     .value = "TRIGGER",
     .help = "also psi, when processes waited so long, as memory:some:150ms/1s",
     .repeatable = true},
};

constexpr Option ps_options[] = {
    format,
};

constexpr Option update_options[] = {
    {.name = "resources",
     .letter = 'r',
     .takes = text,
     .value = "FILE",
     .help = "linux.resources as JSON, of FILE or, if it is -, of standard input"},
    {.name = "memory", .takes = text, .value = "BYTES", .help = "memory limit; -1: none"},
    {.name = "memory-reservation", .takes = text, .value = "BYTES", .help = "soft memory limit"},
    {.name = "memory-swap",
     .takes = text,
     .value = "BYTES",
     .help = "limit of memory and swap together; -1: none"},
    {.name = "cpu-share", .takes = text, .value = "N", .help = "weight against other cgroups"},
    {.name = "cpu-period", .takes = text, .value = "US", .help = "period of the quota"},
    {.name = "cpu-quota",
     .takes = text,
     .value = "US",
     .help = "CPU time in a period; -1: no limit"},
    {.name = "cpu-burst", .takes = text, .value = "US", .help = "CPU time saved for a burst"},
    {.name = "cpu-rt-period", .takes = text, .value = "US", .help = "period of realtime tasks"},
    {.name = "cpu-rt-runtime", .takes = text, .value = "US", .help = "CPU time of realtime tasks"},
    {.name = "cpu-idle",
     .takes = text,
     .value = "0|1",
     .help = "1: run only what nobody else wants"},
    {.name = "cpuset-cpus", .takes = text, .value = "LIST", .help = "CPUs, as 0-3,7"},
    {.name = "cpuset-mems", .takes = text, .value = "LIST", .help = "memory nodes, as 0-3,7"},
    {.name = "pids-limit", .takes = text, .value = "N", .help = "how many processes; -1: no limit"},
    {.name = "blkio-weight", .takes = text, .value = "N", .help = "weight of I/O, 10 to 1000"},
    {.name = "l3-cache-schema", .takes = text, .value = "SCHEMA", .help = "L3 cache, of resctrl"},
    {.name = "mem-bw-schema",
     .takes = text,
     .value = "SCHEMA",
     .help = "memory bandwidth, of resctrl"},
    // The kernel has given both up; callers still send them.
    {.name = "kernel-memory", .takes = text, .value = "BYTES", .hidden = true},
    {.name = "kernel-memory-tcp", .takes = text, .value = "BYTES", .hidden = true},
};

constexpr Option mounts_options[] = {
    {.name = "lazy", .help = "remove: out of sight at once, also what is in use"},
};

constexpr Option list_options[] = {
    format,
    {.name = "quiet", .letter = 'q', .help = "only the IDs"},
};

constexpr Option gc_options[] = {
    {.name = "dry-run", .letter = 'n', .help = "only show it"},
};

constexpr Option spec_options[] = {
    bundle,
    {.name = "rootless", .help = "for a caller without privileges"},
};

// Rows that checkpoint and restore have.
constexpr Option image_path = {.name = "image-path",
                               .takes = text,
                               .value = "DIR",
                               .help = "where the files of the checkpoint are",
                               .fallback = "checkpoint"};
constexpr Option work_path = {.name = "work-path",
                              .takes = text,
                              .value = "DIR",
                              .help = "where CRIU's log is kept (default: with the files)"};
constexpr Option tcp_established = {.name = "tcp-established", .help = "with open TCP connections"};
constexpr Option ext_unix_sk = {.name = "ext-unix-sk",
                                .help = "with unix sockets whose other end is outside"};
constexpr Option shell_job = {.name = "shell-job", .help = "with a terminal that is not its own"};
constexpr Option file_locks = {.name = "file-locks", .help = "with locks of files"};
constexpr Option lazy_pages = {.name = "lazy-pages", .help = "move memory when it is used"};
constexpr Option auto_dedup = {.name = "auto-dedup",
                               .help = "punch out pages that a parent has, or that are restored"};
constexpr Option cgroups_mode = {.name = "manage-cgroups-mode",
                                 .takes = text,
                                 .value = "soft|full|strict|ignore",
                                 .help = "what is done about properties of cgroups",
                                 .fallback = "soft"};
constexpr Option empty_ns = {.name = "empty-ns",
                             .takes = text,
                             .value = "network",
                             .help = "make this namespace and leave it empty",
                             .repeatable = true};
constexpr Option network_lock = {.name = "network-lock",
                                 .takes = text,
                                 .value = "iptables|nftables|skip",
                                 .help = "how connections are held still (default: CRIU's)"};

constexpr Option checkpoint_options[] = {
    image_path,
    work_path,
    {.name = "parent-path",
     .takes = text,
     .value = "DIR",
     .help = "an earlier --pre-dump, relative to --image-path"},
    {.name = "pre-dump", .help = "only the memory, and let it run on"},
    {.name = "leave-running", .help = "let it run on"},
    tcp_established,
    {.name = "tcp-skip-in-flight", .help = "without TCP connections that are being made"},
    {.name = "link-remap", .help = "with files that have no name any more"},
    ext_unix_sk,
    shell_job,
    file_locks,
    lazy_pages,
    {.name = "status-fd",
     .takes = count,
     .value = "FD",
     .help = "write a zero byte there when pages can be asked for"},
    {.name = "page-server",
     .takes = text,
     .value = "ADDRESS:PORT",
     .help = "send the memory to a page server"},
    cgroups_mode,
    empty_ns,
    network_lock,
    auto_dedup,
};

constexpr Option restore_options[] = {
    bundle,
    config,
    image_path,
    work_path,
    {.name = "detach", .letter = 'd', .help = "return when it runs"},
    console_socket,
    pidfd_socket,
    pid_file,
    tcp_established,
    {.name = "tcp-close", .help = "with its TCP connections closed"},
    ext_unix_sk,
    shell_job,
    file_locks,
    lazy_pages,
    cgroups_mode,
    empty_ns,
    network_lock,
    auto_dedup,
    {.name = "lsm-profile",
     .takes = text,
     .value = "TYPE:NAME",
     .help = "another AppArmor or SELinux profile"},
    {.name = "lsm-mount-context",
     .takes = text,
     .value = "CONTEXT",
     .help = "another SELinux context of its mounts"},
    {.name = "no-subreaper", .help = "do not adopt the orphans of the container"},
    // CRIU changes the root in its own way; the kernel keeps no keyring to join.
    {.name = "no-pivot", .hidden = true},
    {.name = "no-new-keyring", .hidden = true},
    {.name = "preserve-fds", .takes = count, .value = "N", .fallback = "0", .hidden = true},
};

constexpr Option plan_options[] = {config, no_pivot, no_new_keyring};

constexpr Option text_or_json = {.name = "format",
                                 .takes = text,
                                 .value = "text|json",
                                 .help = "how it is shown",
                                 .fallback = "text"};
constexpr Option check_options[] = {config, no_pivot, no_new_keyring, text_or_json};
constexpr Option info_options[] = {text_or_json};

constexpr Command table[] = {
    {.name = "create",
     .arguments = "ID",
     .summary = "create a container (start runs its process)",
     .options = create_options,
     .least = 1,
     .most = 1},
    {.name = "run",
     .arguments = "ID",
     .summary = "create and run a container",
     .options = run_options,
     .least = 1,
     .most = 1,
     .warns = true},
    {.name = "start",
     .arguments = "ID...",
     .summary = "start a created container",
     .options = {},
     .least = 1,
     .most = -1,
     .warns = true},
    {.name = "exec",
     .arguments = "ID [COMMAND [ARGUMENT]...]",
     .summary = "run a command in a running container",
     .options = exec_options,
     .least = 1,
     .most = -1,
     .options_end_at_first_argument = true,
     .failure = 255},
    {.name = "state",
     .arguments = "ID...",
     .summary = "print the state of containers as JSON",
     .options = {},
     .least = 1,
     .most = -1},
    {.name = "kill",
     .arguments = "ID [SIGNAL]",
     .summary = "send a signal to a container (default: SIGTERM)",
     .options = kill_options,
     .least = 1,
     .most = -1,
     .options_end_at_first_argument = true,
     .warns = true},
    {.name = "delete",
     .arguments = "ID...",
     .summary = "delete a stopped container and its resources",
     .options = delete_options,
     .least = 1,
     .most = -1,
     .warns = true},
    {.name = "pause",
     .arguments = "ID...",
     .summary = "suspend all processes of a container",
     .options = {},
     .least = 1,
     .most = -1},
    {.name = "resume",
     .arguments = "ID...",
     .summary = "resume a paused container",
     .options = {},
     .least = 1,
     .most = -1},
    {.name = "update",
     .arguments = "ID",
     .summary = "change resource limits (all succeed or none is applied)",
     .options = update_options,
     .least = 1,
     .most = 1},
    {.name = "checkpoint",
     .arguments = "ID",
     .summary = "checkpoint a running container with CRIU",
     .options = checkpoint_options,
     .least = 1,
     .most = 1},
    {.name = "restore",
     .arguments = "ID",
     .summary = "restore a container from a checkpoint",
     .options = restore_options,
     .least = 1,
     .most = 1},
    {.name = "mounts",
     .arguments = "add|remove ID FILE",
     .summary = "add or remove mounts of a running container",
     .options = mounts_options,
     .least = 3,
     .most = 3},
    {.name = "ps",
     .arguments = "ID [PS-OPTION]...",
     .summary = "list the processes in a container",
     .options = ps_options,
     .least = 1,
     .most = -1,
     .options_end_at_first_argument = true},
    {.name = "wait",
     .arguments = "ID...",
     .summary = "wait for containers to exit and return their exit status",
     .options = wait_options,
     .least = 1,
     .most = -1,
     .failure = 255},
    {.name = "events",
     .arguments = "ID",
     .summary = "stream resource statistics, OOM and life-cycle events",
     .options = events_options,
     .least = 1,
     .most = 1},
    {.name = "list",
     .arguments = "",
     .summary = "list the containers below --root",
     .options = list_options,
     .least = 0,
     .most = 0},
    {.name = "gc",
     .arguments = "",
     .summary = "clean up after interrupted creates",
     .options = gc_options,
     .least = 0,
     .most = 0,
     .warns = true},
    {.name = "spec",
     .arguments = "",
     .summary = "write a default config.json (never overwrites one)",
     .options = spec_options,
     .least = 0,
     .most = 0},
    {.name = "features",
     .arguments = "",
     .summary = "print the supported features as JSON",
     .options = {},
     .least = 0,
     .most = 0},
    {.name = "plan",
     .arguments = "[BUNDLE]",
     .summary = "show the steps of create without running them",
     .options = plan_options,
     .least = 0,
     .most = 1},
    {.name = "check",
     .arguments = "[BUNDLE]",
     .summary = "check a bundle against the specification and this host",
     .options = check_options,
     .least = 0,
     .most = 1},
    {.name = "info",
     .arguments = "",
     .summary = "probe and print what this host supports",
     .options = info_options,
     .least = 0,
     .most = 0},
    {.name = "man",
     .arguments = "[COMMAND]",
     .summary = "print the manual page of tare or a command",
     .options = {},
     .least = 0,
     .most = 1,
     .hidden = true},
    {.name = "completion",
     .arguments = "bash|zsh|fish",
     .summary = "print a shell completion script",
     .options = {},
     .least = 1,
     .most = 1},
};

constexpr Variable variables[] = {
    {"NOTIFY_SOCKET",
     "the process may tell the service manager that it is ready, sd_notify(3): it gets a socket of "
     "its own in /run/notify, of which READY=1 is passed on and nothing else; start, and run in "
     "the background, come back then (to be set for create and for start)",
     {"create", "start", "run", nullptr}},
    {"LISTEN_FDS",
     "so many descriptors from 3 on are the process's too, sd_listen_fds(3)",
     {"create", "run", nullptr}},
};

}  // namespace

std::vector<Variable> variables_of(const Command& command) {
  std::vector<Variable> read;
  for (const Variable& variable : variables) {
    for (const char* const* name = variable.commands; *name != nullptr; ++name) {
      if (std::string_view(*name) == command.name) read.push_back(variable);
    }
  }
  return read;
}

std::span<const Option> global_options() {
  return globals;
}

const Option& help_option() {
  return help;
}

std::span<const Command> commands() {
  return table;
}

const Command* find_command(std::string_view name) {
  for (const Command& command : table) {
    if (name == command.name) return &command;
  }
  return nullptr;
}

}  // namespace tare::runtime

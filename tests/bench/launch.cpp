// SPDX-License-Identifier: Apache-2.0
//
// Starts containers and takes the time: launch MODE GAP_MS ROUNDS AT_A_TIME BUNDLE STORE RUNTIME...
//
// MODE is run; life: create, state, start, kill and delete; exec, terminal (exec --tty) or state of
// a container execN, N the index, which the caller has started; or list. The runtimes take turns
// within each round, and each round begins with another one, so that what else the machine does
// meets all of them. Prints for each measurement: the command, index of the runtime, number of the
// round, microseconds, those of CPU time (which another load does not change as much), peak RSS in
// KiB of its largest process.
//
// OPTIONS in the environment are options of each runtime, before the command.
//
// Small and started by posix_spawn(3), which is a vfork: what a caller costs is not the runtime's.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace {

using Words = std::vector<std::string>;

struct Setup {
  std::string mode;
  int gap_ms, rounds, at_a_time;
  std::string bundle, store;
  Words runtimes, options;
};

Words words_of(const char* text) {
  std::istringstream stream(text == nullptr ? "" : text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

double now_us() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

pid_t spawn(Words words, posix_spawn_file_actions_t* quiet) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t pid = 0;
  if (const int error = ::posix_spawn(&pid, argv[0], quiet, nullptr, argv.data(), environ)) {
    std::fprintf(stderr, "%s: %s\n", argv[0], std::strerror(error));
    std::exit(1);
  }
  return pid;
}

struct Cost {
  double cpu_us = 0;
  long rss_kib = 0;

  void add(const Cost& other) {
    cpu_us += other.cpu_us;
    if (other.rss_kib > rss_kib) rss_kib = other.rss_kib;
  }
};

double to_us(const timeval& time) {
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
}

Cost wait_for(pid_t pid) {
  int status = 0;
  rusage usage{};
  if (::wait4(pid, &status, 0, &usage) != pid || status != 0) {
    std::fprintf(stderr, "a container failed\n");
    std::exit(1);
  }
  return {to_us(usage.ru_utime) + to_us(usage.ru_stime), usage.ru_maxrss};
}

// A terminal that nobody looks at; it stays open as long as this program.
std::string new_terminal() {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  char name[64];
  if (master < 0 || ::unlockpt(master) != 0 || ::ptsname_r(master, name, sizeof name) != 0) {
    std::perror("a terminal");
    std::exit(1);
  }
  return name;
}

class Bench {
 public:
  explicit Bench(const Setup& setup) : setup_(setup) {
    ::posix_spawn_file_actions_init(&quiet_);
    const bool has_terminal = setup.mode == "terminal";
    const std::string streams = has_terminal ? new_terminal() : "/dev/null";
    for (int fd = 0; fd < (has_terminal ? 3 : 2); ++fd) {
      ::posix_spawn_file_actions_addopen(&quiet_, fd, streams.c_str(), O_RDWR | O_NOCTTY, 0);
    }
  }

  void measure() {
    const std::size_t count = setup_.runtimes.size();
    for (int round = 0; round < setup_.rounds; ++round) {
      for (std::size_t i = 0; i < count; ++i) {
        measure_one((static_cast<std::size_t>(round) + i) % count, round);
      }
    }
  }

 private:
  struct Command {
    const char* name;
    Words before;  // the ids
    Words after;
  };

  void measure_one(std::size_t runtime, int round) {
    const std::string running = "exec" + std::to_string(runtime);
    const Words ids = new_ids();
    const auto take = [&](const Command& command, const Words& names) {
      const timespec gap{setup_.gap_ms / 1000, setup_.gap_ms % 1000 * 1'000'000L};
      ::nanosleep(&gap, nullptr);
      const double begin = now_us();
      const Cost cost = all_at_once(runtime, command, names);
      std::printf("%s %zu %d %.1f %.1f %ld\n", command.name, runtime, round, now_us() - begin,
                  cost.cpu_us, cost.rss_kib);
    };
    if (setup_.mode == "exec") {
      take({"exec", {"exec"}, {"true"}}, Words(ids.size(), running));
    } else if (setup_.mode == "terminal") {
      take({"exec", {"exec", "--tty"}, {"true"}}, {running});
    } else if (setup_.mode == "state") {
      take({"state", {"state"}, {}}, {running});
    } else if (setup_.mode == "list") {
      take({"list", {"list"}, {}}, {"--quiet"});
    } else if (setup_.mode == "life") {
      take({"create", {"create", "--bundle", setup_.bundle}, {}}, ids);
      take({"state", {"state"}, {}}, ids);
      take({"start", {"start"}, {}}, ids);
      take({"kill", {"kill"}, {"KILL"}}, ids);
      take({"delete", {"delete", "--force"}, {}}, ids);
    } else {
      take({"run", {"run", "--bundle", setup_.bundle}, {}}, ids);
    }
  }

  Words new_ids() {
    Words ids;
    for (int i = 0; i < setup_.at_a_time; ++i) {
      ids.push_back("bench-" + std::to_string(::getpid()) + "-" + std::to_string(++number_));
    }
    return ids;
  }

  Cost all_at_once(std::size_t runtime, const Command& command, const Words& ids) {
    const std::string& program = setup_.runtimes[runtime];
    std::vector<pid_t> running;
    for (const std::string& id : ids) {
      Words words{program, "--root", setup_.store + "/" + std::to_string(runtime)};
      words.insert(words.end(), setup_.options.begin(), setup_.options.end());
      words.insert(words.end(), command.before.begin(), command.before.end());
      words.push_back(id);
      words.insert(words.end(), command.after.begin(), command.after.end());
      running.push_back(spawn(std::move(words), &quiet_));
    }
    Cost cost;
    for (const pid_t pid : running) cost.add(wait_for(pid));
    return cost;
  }

  const Setup& setup_;
  posix_spawn_file_actions_t quiet_{};
  int number_ = 0;
};

}  // namespace

int main(int argc, char* argv[]) {
  if (argc < 8) {
    std::fprintf(stderr, "launch MODE GAP_MS ROUNDS AT_A_TIME BUNDLE STORE RUNTIME...\n");
    return 1;
  }
  const Setup setup{argv[1],
                    std::atoi(argv[2]),
                    std::atoi(argv[3]),
                    std::atoi(argv[4]),
                    argv[5],
                    argv[6],
                    Words(argv + 7, argv + argc),
                    words_of(std::getenv("OPTIONS"))};
  Bench(setup).measure();
  return 0;
}

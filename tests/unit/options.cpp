// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line/options.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <map>
#include <string>
#include <type_traits>
#include <vector>

#include "base/text.h"
#include "runtime/command_line/command_line.h"
#include "runtime/command_line/table.h"
#include "runtime/commands/help.h"

namespace tare::runtime {

namespace {

Result<Invocation> parse(const std::string& line) {
  std::vector<std::string> words = {"tare"};
  for (const std::string_view word : split(line, ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  argv.push_back(nullptr);
  return parse_command_line(static_cast<int>(words.size()), argv.data());
}

Invocation parsed(const std::string& line) {
  Result<Invocation> result = parse(line);
  const std::string problem = result.ok() ? "" : result.error().message();
  INFO(line);
  REQUIRE(problem == "");
  return std::move(result).value();
}

std::string refused(const std::string& line) {
  const Result<Invocation> result = parse(line);
  INFO(line);
  REQUIRE(!result.ok());
  CHECK(result.error().kind == Error::Kind::usage);
  return result.error().message();
}

using Arguments = std::vector<std::string>;

}  // namespace

TEST_CASE("containerd's create is read") {
  const Invocation call = parsed(
      "--root /run/containerd/runc/k8s.io --log /b/log.json --log-format json --systemd-cgroup "
      "create --bundle /b --pid-file /b/init.pid --console-socket /tmp/pty.sock --no-pivot "
      "--no-new-keyring --detach --preserve-fds 2 c1");
  CHECK(std::string(call.command->name) == "create");
  CHECK(call.globals.text("root") == "/run/containerd/runc/k8s.io");
  CHECK(call.globals.text("log") == "/b/log.json");
  CHECK(call.globals.text("log-format") == "json");
  CHECK(call.globals.has("systemd-cgroup"));
  CHECK_FALSE(call.globals.has("debug"));
  CHECK(call.options.text("bundle") == "/b");
  CHECK(call.options.text("pid-file") == "/b/init.pid");
  CHECK(call.options.text("console-socket") == "/tmp/pty.sock");
  CHECK(call.options.has("no-pivot"));
  CHECK(call.options.has("no-new-keyring"));
  CHECK(call.options.count("preserve-fds") == 2);
  CHECK(call.arguments == Arguments{"c1"});
}

TEST_CASE("go-runc's other calls are read") {
  CHECK(parsed("--rootless=true start c1").globals.text("rootless") == "true");
  CHECK(parsed("state c1").arguments == Arguments{"c1"});
  CHECK(parsed("kill --all c1 9").options.has("all"));
  CHECK(parsed("kill --all c1 9").arguments == Arguments{"c1", "9"});
  CHECK(parsed("delete --force c1").options.has("force"));
  CHECK(parsed("list --format=json").options.text("format") == "json");
  CHECK(parsed("run -no-subreaper --bundle /b c1").options.has("no-subreaper"));
  CHECK(parsed("--version").version);
}

TEST_CASE("conmon's create is read") {
  const Invocation call = parsed(
      "--systemd-cgroup --log-format=json --log /run/c/oci-log --cgroup-manager disabled create "
      "--bundle /b --pid-file /b/pidfile --preserve-fds 1 --console-socket /s c1");
  CHECK(call.globals.text("cgroup-manager") == "disabled");
  CHECK(call.globals.text("log") == "/run/c/oci-log");
  CHECK(call.options.count("preserve-fds") == 1);
  CHECK(call.arguments == Arguments{"c1"});
}

TEST_CASE("CRI-O's and buildah's calls are read") {
  CHECK(parsed("--root /run/r kill -a c1 15").options.has("all"));
  CHECK(parsed("kill c1 SIGTERM").arguments == Arguments{"c1", "SIGTERM"});
  CHECK(parsed("--root=/run/r features").globals.text("root") == "/run/r");
  CHECK(parsed("create --bundle /b --pid-file /b/pid --no-pivot name").arguments ==
        Arguments{"name"});
  CHECK(parsed("delete name").arguments == Arguments{"name"});
}

TEST_CASE("a value may be joined, follow, or stand behind one dash or a letter") {
  for (const char* line : {"create --bundle /b c", "create --bundle=/b c", "create -bundle /b c",
                           "create -bundle=/b c", "create -b /b c", "create -b=/b c",
                           "create -b/b c", "create c --bundle /b", "create c -b/b"}) {
    INFO(line);
    CHECK(parsed(line).options.text("bundle") == "/b");
    CHECK(parsed(line).arguments == Arguments{"c"});
  }
}

TEST_CASE("a value is taken whatever it looks like") {
  CHECK(parsed("--log --debug list").globals.text("log") == "--debug");
  CHECK_FALSE(parsed("--log --debug list").globals.has("debug"));
  CHECK(parsed("--root root list").globals.text("root") == "root");
  CHECK(parsed("create --pid-file -b c").options.text("pid-file") == "-b");
  CHECK(parsed("create --pid-file -- c").options.text("pid-file") == "--");
  CHECK(parsed("create --pid-file= c").options.text("pid-file") == "");
  CHECK(parsed("create --pid-file=a=b c").options.text("pid-file") == "a=b");
}

TEST_CASE("a flag takes a boolean only behind an equals sign") {
  CHECK(parsed("delete --force c").options.has("force"));
  CHECK(parsed("delete --force=true c").options.has("force"));
  CHECK(parsed("delete -f=1 c").options.has("force"));
  CHECK_FALSE(parsed("delete --force=false c").options.has("force"));
  CHECK_FALSE(parsed("delete -force=F c").options.has("force"));
  CHECK(parsed("delete --force false").arguments == Arguments{"false"});
  CHECK(refused("delete --force=maybe c") == "invalid --force=maybe: must be true or false");
}

TEST_CASE("letters of flags can be joined, the last may have a value") {
  const Invocation call = parsed("run -db /b c");
  CHECK(call.options.has("detach"));
  CHECK(call.options.text("bundle") == "/b");
  CHECK(parsed("run -db/b c").options.text("bundle") == "/b");
  CHECK(parsed("run -db=/b c").options.text("bundle") == "/b");
  CHECK(refused("run -dx c") == "unknown option -dx");
}

TEST_CASE("the last of several values counts") {
  CHECK(parsed("create -b /a --bundle=/b c").options.text("bundle") == "/b");
  CHECK_FALSE(parsed("delete -f --force=false c").options.has("force"));
  CHECK(parsed("create -b /a -b /b c").options.all("bundle") == Arguments{"/a", "/b"});
}

TEST_CASE("a value that was not given is the table's, or the caller's") {
  const Invocation call = parsed("create c");
  CHECK(call.options.text("bundle") == ".");
  CHECK(call.options.count("preserve-fds") == 0);
  CHECK_FALSE(call.options.has("bundle"));
  CHECK(call.globals.text("root") == "");
  CHECK(call.globals.text("root", "/run/tare") == "/run/tare");
  CHECK(parsed("--root /r create c").globals.text("root", "/run/tare") == "/r");
}

TEST_CASE("options may follow the ID, but not where the arguments are another program's") {
  CHECK(parsed("delete c --force").options.has("force"));
  CHECK(parsed("delete c --force").arguments == Arguments{"c"});
  const Invocation kill = parsed("kill c -9");
  CHECK(kill.arguments == Arguments{"c", "-9"});
  CHECK_FALSE(parsed("kill c --all").options.has("all"));
}

TEST_CASE("two dashes end the options") {
  CHECK(parsed("delete -- -c").arguments == Arguments{"-c"});
  CHECK(parsed("delete -f -- --force").arguments == Arguments{"--force"});
  CHECK(parsed("delete -- --").arguments == Arguments{"--"});
  CHECK(std::string(parsed("-- list").command->name) == "list");
}

TEST_CASE("one dash alone is an argument") {
  CHECK(parsed("delete -").arguments == Arguments{"-"});
}

TEST_CASE("an unknown option names a near one") {
  CHECK(refused("create --consol-socket /s c") ==
        "unknown option --consol-socket (did you mean --console-socket?)");
  CHECK(refused("--sytemd-cgroup list") ==
        "unknown option --sytemd-cgroup (did you mean --systemd-cgroup?)");
  CHECK(refused("create --no-pviot=true c") ==
        "unknown option --no-pviot (did you mean --no-pivot?)");
  CHECK(refused("create --frobnicate c") == "unknown option --frobnicate");
  CHECK(refused("create -x c") == "unknown option -x");
  CHECK(refused("create --=x c") == "unknown option --");
  CHECK(refused("create ---bundle /b c") == "unknown option ---bundle (did you mean --bundle?)");
  CHECK(refused("create --root /r c") == "unknown option --root (it goes before the command)");
  CHECK(refused("create --a%b%\n c") == "unknown option --a%b%\\x0a");
}

TEST_CASE("an abbreviated option is not guessed") {
  CHECK(refused("create --bund /b c") == "unknown option --bund");
  CHECK(refused("create --bundl /b c") == "unknown option --bundl (did you mean --bundle?)");
}

TEST_CASE("a missing value is told as callers look for it") {
  CHECK(refused("create --pid-file") == "option '--pid-file' requires an argument");
  CHECK(refused("create c -b") == "option '--bundle' requires an argument");
  CHECK(refused("--log") == "option '--log' requires an argument");
}

TEST_CASE("a value outside its choices is refused") {
  CHECK(refused("--log-format xml list") == "invalid log-format: xml");
  CHECK(refused("--log-format= list") == "invalid log-format: ");
  CHECK(refused("--cgroup-manager x list") == "invalid cgroup-manager: x");
  CHECK(refused("list -f yaml") == "invalid format: yaml");
  CHECK(refused("create --preserve-fds x c") ==
        "invalid --preserve-fds=x: must be a number from 0 to 2147483647");
  for (const char* wrong :
       {"-1", "+1", "1.5", "0x10", "2147483648", "99999999999999999999", "1 "}) {
    INFO(wrong);
    CHECK(!Values().add(*find_option(find_command("create")->options, "preserve-fds"), wrong).ok());
  }
}

TEST_CASE("an unknown command names a near one") {
  CHECK(refused("creat c") == "unknown command \"creat\" (did you mean create?)");
  CHECK(refused("lsit") == "unknown command \"lsit\" (did you mean list?)");
  CHECK(refused("nss") == "unknown command \"nss\" (did you mean ns?)");
  CHECK(refused("mount c") == "unknown command \"mount\" (did you mean mounts?)");
  CHECK(refused("show c") ==
        "unknown command \"show\" (did you mean mounts show, ns show or cgroup show?)");
  CHECK(refused("daemon --help") == "unknown command \"daemon\" (tare --help lists them)");
  CHECK(refused("") == "no command given (tare --help lists them)");
  CHECK(refused("--debug") == "no command given (tare --help lists them)");
}

TEST_CASE("too few and too many arguments are refused") {
  CHECK(refused("create") == "create needs ID");
  CHECK(refused("kill") == "kill needs ID [SIGNAL]");
  CHECK(refused("create a b") ==
        "unexpected argument \"b\" to create (config.json sets the program: /process/args)");
  CHECK(refused("list x") == "unexpected argument \"x\" to list");
}

TEST_CASE("a command may have two words, and options behind them") {
  CHECK(std::string(parsed("mounts add c -").command->name) == "mounts add");
  CHECK(parsed("mounts add c -").arguments == Arguments{"c", "-"});
  CHECK(parsed("mounts remove --lazy c f").options.has("lazy"));
  CHECK(parsed("mounts remove c f --lazy").arguments == Arguments{"c", "f"});
  CHECK(parsed("mounts add --help").command == find_command("mounts add"));
  CHECK(refused("mounts") == "mounts needs a command: add, remove, show or propagate");
  CHECK(refused("mounts ad c -") == "unknown command \"mounts ad\" (did you mean mounts add?)");
  CHECK(refused("mounts --lazy c -") ==
        "unknown option --lazy of mounts (mounts needs a command: add, remove, show or propagate; "
        "options follow it)");
  CHECK(refused("mounts add --lazy c -") == "unknown option --lazy");
  CHECK(refused("mounts add c") == "mounts add needs ID FILE");
  CHECK(refused("add c -") == "unknown command \"add\" (did you mean mounts add?)");
  CHECK(refused("ns") ==
        "ns needs a command: list, show, exec, create, delete, pin, unpin or unshare");
  CHECK(refused("ns show") == "ns show needs PID|ID");
  CHECK(refused("ns shwo 1") == "unknown command \"ns shwo\" (did you mean ns show?)");
  CHECK(refused("cgroup") == "cgroup needs a command: show");
}

TEST_CASE("two words of a command in one argument are not a command") {
  for (const Command* command : commands()) {
    const std::string name(command->name);
    if (name.find(' ') == std::string::npos) continue;
    CAPTURE(name);
    const char* const argv[] = {"tare", name.c_str(), nullptr};
    const Result<Invocation> call = parse_command_line(2, argv);
    REQUIRE_FALSE(call.ok());
    CHECK(call.error().message() ==
          "unknown command \"" + name + "\" (write the two words without quotes)");
    CHECK_FALSE(choose_command({name}).ok());
  }
}

TEST_CASE("help of the first of two words is of all commands that begin with it") {
  for (const char* line : {"mounts --help", "mounts -h", "--help mounts"}) {
    INFO(line);
    const Invocation call = parsed(line);
    CHECK(call.command == nullptr);
    CHECK(call.help);
    CHECK(call.group == "mounts");
  }
  const std::string help = help_text(std::string_view("mounts"));
  CHECK(help.find("\n  mounts add ") != std::string::npos);
  CHECK(help.find("\n  mounts remove ") != std::string::npos);
  CHECK(help.find("create") == std::string::npos);
}

TEST_CASE("what people type from habit gets a hint") {
  const std::map<std::string, std::string> hints = {
      {"exec -it c sh", "-i is not needed"},
      {"exec -ti c sh", "-i is not needed"},
      {"exec --interactive c sh", "-i is not needed"},
      {"exec --workdir /tmp c sh", "--cwd"},
      {"run -it c", "-i is not needed"},
      {"run -t c", "/process/terminal"},
      {"run --rm c", "run deletes the container"},
      {"run --name c", "the ID is an argument"},
      {"run -v /a:/b c", "/mounts"},
      {"run busybox sh", "/process/args"},
      {"kill -9 c", "kill ID 9"},
      {"kill -KILL c", "kill ID KILL"},
      {"list -a", "all containers"},
      {"ps", "list shows the containers"},
      {"ps -a", "list shows the containers"},
      {"ps -ef", "list shows the containers"},
      {"update --cpus 2 c", "--cpu-quota"},
      {"rm c", "use delete"},
      {"stop c", "use kill"},
      {"ls", "use list"},
      {"stats c", "events --stats"},
      {"pull busybox", "engine"},
  };
  for (const auto& one : hints) {
    const auto& line = one.first;  // a lambda of INFO takes no structured binding, in clang 14
    const auto& hint = one.second;
    INFO(line);
    const Result<Invocation> result = parse(line);
    REQUIRE(!result.ok());
    INFO(result.error().message());
    CHECK(result.error().hint.find(hint) != std::string::npos);
  }
  CHECK(refused("exec -x c sh") == "unknown option -x");  // nothing is known about it
}

TEST_CASE("how errors are told is known also where the command line is wrong") {
  const auto format = [](std::vector<const char*> words) {
    words.insert(words.begin(), "tare");
    words.push_back(nullptr);
    Values found(global_options());
    CHECK_FALSE(parse_command_line(static_cast<int>(words.size()) - 1, words.data(), &found).ok());
    return found.text("error-format");
  };
  CHECK(format({"creat"}) == "text");
  CHECK(format({"--error-format", "json", "creat"}) == "json");
  CHECK(format({"--error-format=json", "--nonsense", "list"}) == "json");
  CHECK(format({"--nonsense", "--error-format", "json", "list"}) == "json");
  CHECK(format({"--error-format", "json", "create", "--nonsense"}) == "json");
  CHECK(format({"--error-format", "xml", "list"}) == "text");
}

TEST_CASE("no argument vector at all is a usage error") {
  const char* const none[] = {nullptr};
  CHECK_FALSE(parse_command_line(0, none).ok());
  const char* const empty_name[] = {"", nullptr};
  CHECK_FALSE(parse_command_line(1, empty_name).ok());
}

TEST_CASE("help is asked for before or behind the command, whatever else is missing") {
  CHECK(parsed("--help").help);
  CHECK(parsed("-h").command == nullptr);
  CHECK(std::string(parsed("create --help").command->name) == "create");
  CHECK(parsed("create -h").help);
  CHECK(parsed("create a b c --help").help);
  CHECK(parsed("kill --help").help);
  CHECK_FALSE(parsed("kill c --help").help);
  CHECK_FALSE(parsed("state --help=false c").help);
}

TEST_CASE("the version is asked for before the command") {
  CHECK(parsed("--version").version);
  CHECK(parsed("-v").version);
  CHECK(parsed("--root /r --version").version);
  CHECK_FALSE(parsed("--version=false list").version);
  CHECK(refused("list --version") == "unknown option --version (it goes before the command)");
}

namespace {

void check_fits_a_screen(const std::string& help, std::size_t lines_at_most = 40) {
  const std::vector<std::string_view> lines = split(help, '\n');
  CHECK(lines.size() <= lines_at_most);
  for (const std::string_view line : lines) {
    INFO(line);
    CHECK(line.size() <= 80);
    CHECK(!line.ends_with(' '));
  }
}

}  // namespace

TEST_CASE("help fits a screen and names each option that is not hidden") {
  check_fits_a_screen(help_text(), 60);  // every command has a line
  for (const Command* row : commands()) {
    const Command& command = *row;
    INFO(command.name);
    const std::string_view name = command.name;
    const std::string_view group = find_group(name.substr(0, name.find(' ')));
    const std::string where = group.empty() ? help_text() : help_text(group);
    const bool listed = where.find("\n  " + std::string(name) + " ") != std::string::npos;
    CHECK(listed != command.hidden);
    const std::string help = help_text(command);
    check_fits_a_screen(help);
    for (const Option& option : command.options) {
      const bool shown = help.find("--" + std::string(option.name)) != std::string::npos;
      INFO(option.name);
      CHECK(shown == !option.hidden);
    }
  }
}

namespace {

// As in a row of a command, where a member that has no default must be named.
template <class Row>
concept compiles_without_function = requires {
  Row{.name = "", .arguments = "", .summary = "", .description = ""};
};
template <class Row>
concept compiles_without_description = requires(Function run) {
  Row{.name = "", .arguments = "", .summary = "", .run = run};
};
template <class Row>
concept compiles_with_both = requires(Function run) {
  Row{.name = "", .arguments = "", .summary = "", .description = "", .run = run};
};

}  // namespace

TEST_CASE("a command without a function or without words does not compile") {
  CHECK(compiles_with_both<Command>);
  CHECK_FALSE(compiles_without_function<Command>);
  CHECK_FALSE(compiles_without_description<Command>);
  CHECK_FALSE(std::is_constructible_v<Function, std::nullptr_t>);
}

TEST_CASE("help names defaults") {
  CHECK(help_text(*find_command("create")).find("(default: .)") != std::string::npos);
  CHECK(help_text().find("(default: text)") != std::string::npos);
}

TEST_CASE("no two options of a command share a name or a letter, and values have a name") {
  const auto check = [](std::span<const Option> table) {
    for (const Option& one : table) {
      INFO(one.name);
      CHECK((one.takes == Option::Takes::flag) == (one.value == nullptr));
      CHECK(find_option(table, one.name) == &one);
      for (const Option& other : table) {
        CHECK((&one == &other || one.letter == 0 || one.letter != other.letter));
      }
      CHECK(one.letter != help_option().letter);
    }
  };
  check(global_options());
  for (const Command* command : commands()) check(command->options);
}

}  // namespace tare::runtime

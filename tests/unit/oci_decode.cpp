// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <set>

#include "oci/document.h"
#include "oci/json/fields.h"
#include "oci/json/place.h"

using namespace tare;
using namespace tare::oci;

namespace {

std::string failure(std::string_view json) {
  const Result<Config> config = decode_config(json);
  REQUIRE(!config.ok());
  CHECK(config.error().kind == Error::Kind::config);
  return config.error().message();
}

Config decoded(std::string_view json) {
  Result<Config> config = decode_config(json);
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message()));
  return std::move(config).value();
}

// A document whose property `x`, which nobody knows, has this text as its value.
std::string unknown(const std::string& text) {
  return R"({"ociVersion":"1.0.0","x":)" + text + "}";
}

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

}  // namespace

// ---- the text ----------------------------------------------------------------------------------

TEST_CASE("an empty document says that it is empty") {
  CHECK(failure("") == "is empty");
  CHECK(failure(" \n\t") == "is empty");
}

TEST_CASE("the top level must be an object") {
  CHECK(failure("null") == "must be an object, is null");
  CHECK(failure("[]") == "must be an object, is an array");
  CHECK(failure("1") == "must be an object, is a number");
  CHECK(failure("\"a\"") == "must be an object, is a string");
  CHECK(failure("true") == "must be an object, is a boolean");
}

TEST_CASE("syntax errors give line and column") {
  CHECK(failure("{\n  \"a\" 1}") == "line 2, column 7: expected ':'");
  CHECK(failure("{\n\"a\":\"x\\ny\",\n\"b\": tru}") == "line 3, column 9: expected a value");
  CHECK(failure("{\"a\":1") ==
        "line 1, column 7: expected ',' or '}', found the end of the document");
  CHECK(failure("{\"a\":[1 2]}") == "line 1, column 9: expected ',' or ']'");
  CHECK(failure("{a:1}") == "line 1, column 2: expected a property name in double quotes");
  CHECK(failure("{\"a\":1,}") == "line 1, column 8: expected a property name in double quotes");
  CHECK(failure("{\"a\":.5}") == "line 1, column 6: expected a value");
  CHECK(failure("{\"a\":1.}") == "line 1, column 8: expected a digit after '.'");
  CHECK(failure("{\"a\":1e}") == "line 1, column 8: expected a digit in the exponent");
  CHECK(failure("{\"a\":NaN}") == "line 1, column 6: expected a value");
  CHECK(failure("{\"a\":01}") == "line 1, column 7: expected ',' or '}'");
  CHECK(failure("{} // comment") == "line 1, column 4: text after the end of the document");
}

TEST_CASE("text after the document is refused") {
  CHECK(failure("{} {}") == "line 1, column 4: text after the end of the document");
  CHECK(failure("{}garbage") == "line 1, column 3: text after the end of the document");
}

TEST_CASE("a byte order mark at the start of a document is ignored, and does not count") {
  const std::string mark = "\xEF\xBB\xBF";
  CHECK(decoded(mark + R"({"ociVersion":"1.0.0","hostname":"h"})").hostname == "h");
  CHECK(decode_process(mark + R"({"cwd":"/"})").ok());
  CHECK(decode_resources(mark + R"({"pids":{"limit":7}})")->pids->limit == 7);
  CHECK(decode_mounts(mark + R"([{"destination":"/a"}])")->mounts.size() == 1);
  CHECK(failure(mark) == "is empty");
  CHECK(failure(mark + "{a:1}") == "line 1, column 2: expected a property name in double quotes");
  CHECK(failure(mark + mark + "{}") == "line 1, column 1: expected a value");
  CHECK(failure("{" + mark + "}") == "line 1, column 2: expected a property name in double quotes");
}

TEST_CASE("a document in another encoding is refused") {
  CHECK(failure(std::string_view("\xFF\xFE{\0}\0", 6)).starts_with("line 1, column "));
  CHECK(failure("\xFE\xFF").starts_with("line 1, column 1: invalid UTF-8"));
}

TEST_CASE("a raw NUL byte does not end the document unseen") {
  CHECK(failure(std::string_view("{}\0garbage", 10)) == "line 1, column 3: NUL byte");
  CHECK(failure(std::string_view("{\"a\":\"b\0\"}", 10)) == "line 1, column 8: NUL byte");
}

TEST_CASE("strings are UTF-8") {
  CHECK(failure(unknown("\"\xFF\"")).find("invalid UTF-8") != std::string::npos);
  CHECK(failure(unknown("\"\xC0\xAF\"")).find("invalid UTF-8") != std::string::npos);
  CHECK(failure(unknown("\"\xED\xA0\x80\"")).find("invalid UTF-8") != std::string::npos);
  CHECK(failure(unknown("\"\xF4\x90\x80\x80\"")).find("invalid UTF-8") != std::string::npos);
  CHECK(failure(unknown("\"\xE2\x82\"")).find("invalid UTF-8") != std::string::npos);
  // A lead byte near the end makes RapidJSON read on; the sanitizer watches that it stays inside.
  for (const char* end : {"\xF3", "\xF3\x80", "\xF3\x80\x80", "\xE2", "\xC3"}) {
    const std::string document = std::string(100, ' ') + "{\"" + end;
    CHECK(failure(document).starts_with("line 1, column 10"));
  }
  CHECK(decoded(R"({"ociVersion":"1.0.0","hostname":"\u20ac\ud83d\ude00"})").hostname ==
        "\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST_CASE("a surrogate without its partner is refused") {
  CHECK(failure(unknown("\"\\ud800\"")).find("surrogate without its partner") != std::string::npos);
  CHECK(failure(unknown("\"\\ud800\\u0041\"")).find("surrogate") != std::string::npos);
  CHECK(failure(unknown("\"\\udc00\"")) == "/x: has a surrogate without its partner");
  CHECK(failure(unknown("{\"\\udfff\":1}")).ends_with("has a surrogate without its partner"));
  // U+D7FF is the last code point before them.
  CHECK(decode_config(unknown("\"\\ud7ff\xED\x9F\xBF\"")).ok());
}

TEST_CASE("a NUL character is refused, also where nobody looks") {
  CHECK(failure(unknown("\"a\\u0000b\"")) == "/x: has a NUL byte");
  CHECK(failure(unknown("[{\"y\":[\"\\u0000\"]}]")) == "/x/0/y/0: has a NUL byte");
  CHECK(failure(unknown("{\"k\\u0000\":1}")) == "/x/k\\x00: has a NUL byte");
  CHECK(failure(R"({"ociVersion":"1.0.0","process":{"cwd":"/","args":["\u0000"]}})") ==
        "/process/args/0: has a NUL byte");
}

TEST_CASE("control characters must be escaped") {
  CHECK(failure(unknown("\"a\nb\"")).find("control character") != std::string::npos);
  CHECK(failure(unknown("\"\\x\"")).find("unknown escape") != std::string::npos);
}

TEST_CASE("a key that stands twice is refused, also where nobody looks") {
  CHECK(failure(R"({"ociVersion":"1.0.0","mounts":[],"mounts":[]})") ==
        "/mounts: occurs twice in its object");
  CHECK(failure(unknown(R"([{"a":1,"b":2,"a":1}])")) == "/x/0/a: occurs twice in its object");
  CHECK(failure(unknown(R"({"":1,"":2})")) == "/x/: occurs twice in its object");
  // The same key in another spelling.
  CHECK(failure(unknown(R"({"ab":1,"\u0061b":2})")) == "/x/ab: occurs twice in its object");
}

TEST_CASE("a key that stands twice among many is refused") {
  std::string members;
  for (int i = 0; i < 1000; ++i) members += "\"k" + std::to_string(i) + "\":1,";
  CHECK(decode_config(unknown("{" + members + "\"l\":1}")).ok());
  CHECK(failure(unknown("{" + members + "\"k500\":1}")) == "/x/k500: occurs twice in its object");
}

TEST_CASE("64 levels are enough") {
  CHECK(decode_config(unknown(nested(63))).ok());
  CHECK(failure(unknown(nested(64))).ends_with("nested deeper than 64 levels"));
  CHECK(failure(std::string(200'000, '[')).ends_with("nested deeper than 64 levels"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(failure(objects).ends_with("nested deeper than 64 levels"));
}

TEST_CASE("16 MiB are enough") {
  const std::string frame = unknown("\"\"");
  const std::size_t limit = std::size_t{16} << 20;
  const std::string largest = unknown('"' + std::string(limit - frame.size(), 'a') + '"');
  REQUIRE(largest.size() == limit);
  CHECK(decode_config(largest).ok());
  CHECK(failure(largest + ' ') == "larger than 16 MiB");
}

TEST_CASE("numbers of unknown properties may be anything") {
  for (const char* number :
       {"-0", "1.5", "1e9", "18446744073709551616", "-9223372036854775809", "1e-999",
        "0.00000000000000000000000000000000001e-2147483639", "123456789012345678901234567890.5"}) {
    CAPTURE(number);
    CHECK(decode_config(unknown(number)).ok());
  }
}

// ---- the model ---------------------------------------------------------------------------------

TEST_CASE("unknown properties are ignored") {
  const Config config = decoded(
      R"({"ociVersion":"1.0.0","vm":{"x":null},"windows":{},"y":null,"process":{"cwd":"/","z":1}})");
  CHECK(config.process->cwd == "/");
}

TEST_CASE("64-bit numbers are exact") {
  const Config config = decoded(R"({"ociVersion":"1.0.0","process":{"cwd":"/","rlimits":[
      {"type":"RLIMIT_NOFILE","soft":9007199254740993,"hard":18446744073709551615}]},
      "linux":{"resources":{"memory":{"limit":9223372036854771712,"swap":-9223372036854775808}}}})");
  CHECK(config.process->rlimits[0].soft == 9007199254740993u);
  CHECK(config.process->rlimits[0].hard == 18446744073709551615u);
  CHECK(config.linux_->resources->memory->limit == 9223372036854771712);
  CHECK(config.linux_->resources->memory->swap == INT64_MIN);
}

TEST_CASE("numbers that are not 32-bit ids are refused by what they are") {
  const auto uid = [](const std::string& text) {
    return failure(R"({"ociVersion":"1.0.0","process":{"cwd":"/","user":{"uid":)" + text + "}}}");
  };
  const std::string at = "/process/user/uid: must be an integer";
  CHECK(uid("-1") == at + " from 0 to 4294967295, is -1");
  CHECK(uid("4294967296") == at + " from 0 to 4294967295, is 4294967296");
  CHECK(uid("1.5") == at + " from 0 to 4294967295, is written with a '.' or an exponent");
  CHECK(uid("1e3") == at + " from 0 to 4294967295, is written with a '.' or an exponent");
  CHECK(uid("18446744073709551616") == at + " from 0 to 4294967295, is beyond 64 bits");
  CHECK(uid("\"0\"") == at + ", is a string");
}

TEST_CASE("the propagation of the root takes the names of the spec and of engines") {
  const auto propagation = [](const std::string& name) {
    return decoded(R"({"ociVersion":"1.0.0","linux":{"rootfsPropagation":")" + name + "\"}}")
        .linux_->rootfsPropagation;
  };
  CHECK(propagation("private") == RootfsPropagation::private_);
  CHECK(propagation("rprivate") == RootfsPropagation::private_);
  CHECK(propagation("rshared") == RootfsPropagation::shared);
  CHECK(propagation("rslave") == RootfsPropagation::slave);
  CHECK(propagation("runbindable") == RootfsPropagation::unbindable);
  CHECK(!propagation("").has_value());
  CHECK(failure(R"({"ociVersion":"1.0.0","linux":{"rootfsPropagation":"foo"}})") ==
        "/linux/rootfsPropagation: must be one of private, rprivate, shared, rshared, slave, "
        "rslave, unbindable, runbindable, is \"foo\"");
}

TEST_CASE("absent and empty seccomp flags differ") {
  const auto flags = [](const std::string& text) {
    return decoded(R"({"ociVersion":"1.0.0","linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW")" +
                   text + "}}}")
        .linux_->seccomp->flags;
  };
  CHECK(!flags("").has_value());
  CHECK(!flags(",\"flags\":null").has_value());
  CHECK(flags(",\"flags\":[]")->empty());
}

TEST_CASE("a hostile name in an error cannot drive a terminal") {
  CHECK(failure(R"({"ociVersion":"1.0.0","linux":{"rootfsPropagation":"\u001b[2J"}})")
            .ends_with("is \"\\x1b[2J\""));
  CHECK(failure(R"({"ociVersion":"1.0.0","annotations":{"\u001b[2J\n":1}})") ==
        "/annotations/\\x1b[2J\\x0a: must be a string, is a number");
}

TEST_CASE("pointers escape as RFC 6901 says") {
  CHECK(failure(R"({"ociVersion":"1.0.0","annotations":{"a/b~c":1}})") ==
        "/annotations/a~1b~0c: must be a string, is a number");
  const std::string message =
      failure(R"({"ociVersion":"1.0.0","annotations":{")" + std::string(5000, 'k') + "\":1}}");
  CHECK(message.size() < 250);
  CHECK(message.find("kkk...: must be a string") != std::string::npos);
}

// ---- what is not carried out -------------------------------------------------------------------

namespace {

std::string refused_feature(const std::string& document) {
  const Result<Config> config = decode_config(document);
  REQUIRE(!config.ok());
  CHECK(config.error().kind == Error::Kind::unsupported);
  return config.error().message();
}

// `value` is what asks for it, `nothing` what asks for nothing.
void check_feature(bool carried, const std::string& head, const std::string& value,
                   const std::vector<std::string>& nothing, const std::string& tail,
                   const std::string& at) {
  CAPTURE(at);
  for (const std::string& empty : nothing) CHECK(decode_config(head + empty + tail).ok());
  if (carried) {
    CHECK(decode_config(head + value + tail).ok());
  } else {
    CHECK(refused_feature(head + value + tail) == at + ": not carried out by this version of tare");
  }
}

}  // namespace

TEST_CASE("what is not carried out is refused by name, and only where it is asked for") {
  const std::string process = R"({"ociVersion":"1.0.0","process":{"cwd":"/",)";
  const std::string linux_ = R"({"ociVersion":"1.0.0","linux":{)";
  const std::string seccomp = linux_ + R"("seccomp":{"defaultAction":"SCMP_ACT_ALLOW",)";
  const std::string mount = R"({"ociVersion":"1.0.0","mounts":[{"destination":"/",)";
  const std::string mapping = R"([{"containerID":0,"hostID":0,"size":1}])";
  const std::vector<std::string> no_text = {"\"\"", "null"}, no_list = {"[]", "null"},
                                 no_map = {"{}", "null"}, no_object = {"null"};
  check_feature(carried_out<Process, &Process::apparmorProfile>(),
                process + "\"apparmorProfile\":", "\"x\"", no_text, "}}",
                "/process/apparmorProfile");
  check_feature(carried_out<Process, &Process::selinuxLabel>(),
                process + "\"selinuxLabel\":", "\"x\"", no_text, "}}", "/process/selinuxLabel");
  check_feature(carried_out<Process, &Process::execCPUAffinity>(),
                process + "\"execCPUAffinity\":", R"({"initial":"0"})", no_object, "}}",
                "/process/execCPUAffinity");
  check_feature(carried_out<Linux, &Linux::mountLabel>(), linux_ + "\"mountLabel\":", "\"x\"",
                no_text, "}}", "/linux/mountLabel");
  check_feature(carried_out<Linux, &Linux::netDevices>(),
                linux_ + "\"netDevices\":", R"({"eth0":{}})", no_map, "}}", "/linux/netDevices");
  check_feature(carried_out<Linux, &Linux::memoryPolicy>(),
                linux_ + "\"memoryPolicy\":", R"({"mode":"MPOL_BIND"})", no_object, "}}",
                "/linux/memoryPolicy");
  check_feature(carried_out<Linux, &Linux::intelRdt>(),
                linux_ + "\"intelRdt\":", R"({"closID":"a"})", no_object, "}}", "/linux/intelRdt");
  check_feature(carried_out<Seccomp, &Seccomp::listenerPath>(),
                seccomp + "\"listenerPath\":", "\"/x\"", no_text, "}}}",
                "/linux/seccomp/listenerPath");
  check_feature(carried_out<Seccomp, &Seccomp::listenerMetadata>(),
                seccomp + "\"listenerMetadata\":", "\"x\"", no_text, "}}}",
                "/linux/seccomp/listenerMetadata");
  check_feature(carried_out<Mount, &Mount::uidMappings>(), mount + "\"uidMappings\":", mapping,
                no_list, "}]}", "/mounts/0/uidMappings");
  check_feature(carried_out<Mount, &Mount::gidMappings>(), mount + "\"gidMappings\":", mapping,
                no_list, "}]}", "/mounts/0/gidMappings");
}

// ---- normal form -------------------------------------------------------------------------------

namespace {

std::vector<DeviceCgroup> rules_of(const std::string& rules) {
  const Config config =
      decoded(R"({"ociVersion":"1.0.2","linux":{"resources":{"devices":)" + rules + "}}}");
  const Result<Resources> alone = decode_resources(R"({"devices":)" + rules + "}");
  REQUIRE(alone.ok());
  CHECK(encode(*alone) == encode(*config.linux_->resources));
  return alone->devices;
}

}  // namespace

TEST_CASE("the number -1 in a rule for devices is an absent one: all") {
  const auto rules = rules_of(R"([{"allow":true,"type":"c","major":42,"minor":-1,"access":"rwm"},
                                  {"allow":true,"type":"b","major":-1,"minor":-1,"access":"r"}])");
  CHECK(rules[0].major == 42);
  CHECK(!rules[0].minor);
  CHECK(!rules[1].major);
  CHECK(!rules[1].minor);
}

TEST_CASE("other negative numbers in a rule for devices stay, for the rules to refuse") {
  const auto rules = rules_of(R"([{"allow":true,"type":"c","major":-2,"minor":-3,"access":"r"}])");
  CHECK(rules[0].major == -2);
  CHECK(rules[0].minor == -3);
}

TEST_CASE("a device number of -1 anywhere else stays, for the rules to refuse") {
  const Config config = decoded(R"({"ociVersion":"1.0.2","linux":{
      "devices":[{"path":"/dev/a","type":"c","major":-1,"minor":-1}],
      "resources":{"blockIO":{"weightDevice":[{"major":-1,"minor":-1}]}}}})");
  CHECK(config.linux_->devices[0].major == -1);
  CHECK(config.linux_->resources->blockIO->weightDevice[0].minor == -1);
}

namespace {

// Every spelling that decoding makes "/dev" of.
const std::vector<std::string> spellings_of_dev = {
    "/dev",    "//dev",     "/dev/",          "/./dev",     "/dev/.",    "/dev/../dev",
    "/../dev", "/a/../dev", "/a/b/../../dev", "///dev//./", "/dev/a/..", "/dev/a/b/./../../"};

}  // namespace

TEST_CASE("a path in the container has one spelling") {
  for (const std::string& spelling : spellings_of_dev) {
    CAPTURE(spelling);
    const std::string text = "\"" + spelling + "\"";
    const Config config = decoded(R"({"ociVersion":"1.0.2","mounts":[{"destination":)" + text +
                                  R"(}],"linux":{"devices":[
        {"path":)" + text + R"(,"type":"p"}],"maskedPaths":[)" +
                                  text + R"(],"readonlyPaths":[)" + text + "]}}");
    CHECK(config.mounts[0].destination == "/dev");
    CHECK(!config.mounts[0].was_relative);
    CHECK(config.linux_->devices[0].path == "/dev");
    CHECK(config.linux_->maskedPaths[0] == "/dev");
    CHECK(config.linux_->readonlyPaths[0] == "/dev");
    const Result<MountList> alone = decode_mounts("{\"destination\":" + text + "}");
    REQUIRE(alone.ok());
    CHECK(alone->mounts[0].destination == "/dev");
  }
}

TEST_CASE("a relative destination is taken from the root, other relative paths stay") {
  const Config config = decoded(
      R"({"ociVersion":"1.0.2","mounts":[{"destination":"./dev/"},{"destination":"../a"},
      {"destination":""}],"linux":{"devices":[{"path":"dev/./a","type":"p"}],
      "maskedPaths":["proc/./a"],"readonlyPaths":[""]}})");
  CHECK(config.mounts[0].destination == "/dev");
  CHECK(config.mounts[0].was_relative);
  CHECK(config.mounts[1].destination == "/a");
  CHECK(config.mounts[2].destination == "");
  CHECK(config.linux_->devices[0].path == "dev/./a");
  CHECK(config.linux_->maskedPaths[0] == "proc/./a");
  CHECK(config.linux_->readonlyPaths[0] == "");
}

TEST_CASE("paths of the host stay as they are written") {
  const Config config = decoded(
      R"({"ociVersion":"1.0.2","root":{"path":"./a/../b"},"mounts":[{"destination":"/a",
      "source":"/x/../y/"}],"process":{"cwd":"/a/../b","args":["x"]}})");
  CHECK(config.root->path == "./a/../b");
  CHECK(config.mounts[0].source == "/x/../y/");
  CHECK(config.process->cwd == "/a/../b");
}

TEST_CASE("the root has one spelling too") {
  for (const char* spelling : {"/", "//", "/.", "/..", "/a/..", "/../..", "."}) {
    CAPTURE(spelling);
    const Config config = decoded(R"({"ociVersion":"1.0.2","mounts":[{"destination":")" +
                                  std::string(spelling) + "\"}]}");
    CHECK(config.mounts[0].destination == "/");
  }
}

// ---- all errors at once ------------------------------------------------------------------------

TEST_CASE("every error of the form is collected") {
  std::vector<Error> problems;
  const Result<Config> config = decode_config_collecting(
      R"({"hostname":7,"process":{"cwd":[],"args":["a",1,"b"],"user":{"uid":-1}},
          "mounts":[{"destination":"/ok"},{"type":"tmpfs"},5]})",
      problems);
  REQUIRE(config.ok());
  std::set<std::string> places;
  for (const Error& problem : problems) places.insert(problem.at);
  CHECK(places == std::set<std::string>{"/ociVersion", "/process/cwd", "/process/args/1",
                                        "/process/user/uid", "/mounts/1/destination", "/mounts/2",
                                        "/hostname"});
  CHECK(problems.size() == places.size());
  CHECK(config->mounts.size() == 3);
  CHECK(config->mounts[0].destination == "/ok");
}

TEST_CASE("without errors the same comes of it, and what is no JSON is one error") {
  std::vector<Error> problems;
  const char* text = R"({"ociVersion":"1.0.2","hostname":"h"})";
  const Result<Config> config = decode_config_collecting(text, problems);
  REQUIRE(config.ok());
  CHECK(problems.empty());
  CHECK(encode(*config) == encode(decoded(text)));
  CHECK_FALSE(decode_config_collecting("{", problems).ok());
  CHECK(problems.empty());
}

TEST_CASE("who does not collect gets the first error alone") {
  CHECK(failure(R"({"ociVersion":"1.0.2","hostname":7,"process":7})").starts_with("/process: "));
}

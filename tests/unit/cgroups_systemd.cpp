// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "cgroups/systemd/properties.h"
#include "cgroups/systemd/scope.h"

namespace tare::cgroups {

namespace {

constexpr std::uint64_t infinity = ~std::uint64_t{0};

std::string unit_of(const std::string& path) {
  const auto scope = scope_of(path, "box", false);
  REQUIRE_MESSAGE(scope.ok(), path);
  return scope->slice + " " + scope->unit;
}

std::vector<Property> of(const std::string& file, const std::string& value) {
  return limit_properties({{.file = file, .value = value}});
}

std::vector<Property> one(const char* name, Property::Value value) {
  return {{name, std::move(value)}};
}

std::vector<Property> annotated(const std::string& name, const std::string& value) {
  const auto list = annotated_properties({{"org.systemd.property." + name, value}, {"other", "x"}});
  REQUIRE_MESSAGE(list.ok(), name << ": " << value);
  return *list;
}

const Property* find_property(const std::vector<Property>& list, const std::string& name) {
  for (const Property& property : list) {
    if (property.name == name) return &property;
  }
  return nullptr;
}

std::vector<DeviceRule> rules_of(const std::vector<oci::DeviceCgroup>& rules) {
  auto list = device_rules(rules);
  REQUIRE(list.ok());
  return std::move(list).value();
}

}  // namespace

// ---- names --------------------------------------------------------------------------------------

TEST_CASE("systemd: cgroupsPath is slice, prefix and name of a scope") {
  CHECK(unit_of("a-b.slice:docker:1f") == "a-b.slice docker-1f.scope");
  CHECK(unit_of("a.slice::web") == "a.slice web.scope");
  CHECK(unit_of(":crio:web") == "system.slice crio-web.scope");
  CHECK(unit_of("") == "system.slice tare-box.scope");
  CHECK(unit_of("-.slice::web") == "-.slice web.scope");
  const auto of_user = scope_of("", "box", true);
  REQUIRE(of_user.ok());
  CHECK(of_user->slice == "user.slice");
  CHECK(of_user->of_user);
}

TEST_CASE("systemd: a cgroupsPath that names no scope is an error") {
  for (const char* path :
       {"/a/b", "a.slice", "a:b:c", "a.slice:b", "a.slice:b:c:d", "a/b.slice:b:c", "a--b.slice:x:y",
        "-a.slice:x:y", ".slice:x:y", "a.slice:x:", "a.slice::", "a.slice:x:a/b", "a.slice:../x:a",
        "a.slice:x:a b", "a.slice:x:a\n"}) {
    const auto scope = scope_of(path, "box", false);
    REQUIRE_FALSE_MESSAGE(scope.ok(), path);
    CHECK(scope.error().at == "/linux/cgroupsPath");
    CHECK(scope.error().kind == Error::Kind::config);
  }
  CHECK_FALSE(scope_of("a.slice:x:" + std::string(260, 'a'), "box", false).ok());
  const auto slice = scope_of("a.slice:x:a-b.slice", "box", false);
  REQUIRE_FALSE(slice.ok());
  CHECK(slice.error().kind == Error::Kind::unsupported);
}

TEST_CASE("systemd: a slice is below those that its name begins with") {
  CHECK(slice_path("-.slice") == "");
  CHECK(slice_path("a.slice") == "/a.slice");
  CHECK(slice_path("a-b-c.slice") == "/a.slice/a-b.slice/a-b-c.slice");
}

TEST_CASE("systemd: a scope has one path in every hierarchy, below systemd's own cgroup") {
  const Layout layout{{{1, "/cg/pids", {"pids"}, "/own"}, {2, "/cg/unified", {}, "/own"}}};
  const auto places = place(layout, Scope{"web.scope", "a-b.slice"}, "/outer");
  REQUIRE(places.size() == 2);
  CHECK(places[0].path == "/outer/a.slice/a-b.slice/web.scope");
  CHECK(full_path(places[1]) == "/cg/unified/outer/a.slice/a-b.slice/web.scope");
}

TEST_CASE("systemd: a unit with the name of a file of the kernel's has another directory") {
  const Layout layout{{{2, "/cg", {}, "/"}}};
  CHECK(place(layout, Scope{"web.scope", "a.slice", false, "inner"}, "")[0].path ==
        "/a.slice/web.scope/inner");
  CHECK(place(layout, Scope{"cpu.scope", "memory.slice"}, "")[0].path ==
        "/_memory.slice/_cpu.scope");
}

TEST_CASE("systemd: process 1 tells where it makes its units") {
  CHECK(manager_cgroup("0::/init.scope\n") == "");
  CHECK(manager_cgroup("0::/machine/x/init.scope\n") == "/machine/x");
  CHECK(manager_cgroup("4:memory:/a\n1:name=systemd:/a/init.scope\n0::/b\n") == "/a");
  CHECK(manager_cgroup("0::/\n") == "");
  CHECK(manager_cgroup("") == "");
}

// ---- properties ---------------------------------------------------------------------------------

TEST_CASE("systemd: limits are properties, too") {
  CHECK(of("cpu.weight", "39") == one("CPUWeight", std::uint64_t{39}));
  CHECK(of("cpu.idle", "1") == one("CPUWeight", std::uint64_t{0}));
  CHECK(of("cpu.idle", "0").empty());
  CHECK(of("memory.max", "max") == one("MemoryMax", infinity));
  CHECK(of("memory.max", "1048576") == one("MemoryMax", std::uint64_t{1048576}));
  CHECK(of("memory.low", "7") == one("MemoryLow", std::uint64_t{7}));
  CHECK(of("memory.high", "7") == one("MemoryHigh", std::uint64_t{7}));
  CHECK(of("memory.swap.max", "0") == one("MemorySwapMax", std::uint64_t{0}));
  CHECK(of("pids.max", "9") == one("TasksMax", std::uint64_t{9}));
  CHECK(of("pids.max", "max") == one("TasksMax", infinity));
  CHECK(of("cpu.shares", "512") == one("CPUShares", std::uint64_t{512}));
  CHECK(of("memory.limit_in_bytes", "-1") == one("MemoryLimit", infinity));
  CHECK(of("hugetlb.2MB.max", "0").empty());
  CHECK(of("io.weight", "8:0 100").empty());
}

TEST_CASE("systemd: no task at all is not for its property") {
  CHECK(of("pids.max", "0") == one("TasksMax", std::uint64_t{1}));
}

TEST_CASE("systemd: a quota is microseconds for each second, in whole percents, rounded up") {
  CHECK(of("cpu.max", "50000 100000") ==
        std::vector<Property>{{"CPUQuotaPerSecUSec", std::uint64_t{500'000}},
                              {"CPUQuotaPeriodUSec", std::uint64_t{100'000}}});
  CHECK(of("cpu.max", "50000") == one("CPUQuotaPerSecUSec", std::uint64_t{500'000}));
  CHECK(of("cpu.max", "1001 100000").front() ==
        Property{"CPUQuotaPerSecUSec", std::uint64_t{20'000}});
  CHECK(of("cpu.max", "max 100000").front() == Property{"CPUQuotaPerSecUSec", infinity});
  CHECK(limit_properties({{.file = "cpu.cfs_period_us", .value = "1000"},
                          {.file = "cpu.cfs_quota_us", .value = "2000"}}) ==
        std::vector<Property>{{"CPUQuotaPerSecUSec", std::uint64_t{2'000'000}},
                              {"CPUQuotaPeriodUSec", std::uint64_t{1000}}});
}

TEST_CASE("systemd: a set of CPUs is a bit each") {
  using Bytes = std::vector<std::uint8_t>;
  CHECK(of("cpuset.cpus", "0-3,9") == one("AllowedCPUs", Bytes{0x0F, 0x02}));
  CHECK(of("cpuset.mems", "0") == one("AllowedMemoryNodes", Bytes{0x01}));
  CHECK(of("cpuset.cpus", "0-99999999").empty());
}

TEST_CASE("systemd: the last write counts, and a fallback is one") {
  CHECK(
      limit_properties({{.file = "pids.max", .value = "5"}, {.file = "pids.max", .value = "6"}}) ==
      one("TasksMax", std::uint64_t{6}));
  CHECK(limit_properties({{.file = "io.bfq.weight",
                           .value = "10",
                           .fallback = Write::Fallback{"io.weight", "11"}}}) ==
        one("IOWeight", std::uint64_t{11}));
}

TEST_CASE("systemd: devices are a list of what is allowed") {
  const auto list =
      device_properties(rules_of({{true, "c", 10, 229, "rwm"}, {true, "b", 8, {}, "r"}}));
  CHECK(*find_property(list, "DevicePolicy") == Property{"DevicePolicy", std::string("strict")});
  const auto& allowed = std::get<Property::Pairs>(find_property(list, "DeviceAllow")->value);
  const auto has = [&](const char* device, const char* access) {
    return std::find(allowed.begin(), allowed.end(),
                     std::pair<std::string, std::string>(device, access)) != allowed.end();
  };
  CHECK(has("/dev/char/10:229", "rwm"));
  CHECK(has("/dev/char/1:3", "rwm"));
  CHECK(has("char-136", "rwm"));
  CHECK(has("char-*", "m"));
  CHECK(has("block-8", "rm"));
}

TEST_CASE("systemd: what is not a list of allowed devices is left to our own program") {
  for (const auto& rules : {std::vector<oci::DeviceCgroup>{{true, "a", {}, {}, "rwm"}},
                            std::vector<oci::DeviceCgroup>{{true, "c", {}, 3, "rwm"}}}) {
    const auto list = device_properties(rules_of(rules));
    CHECK(*find_property(list, "DevicePolicy") == Property{"DevicePolicy", std::string("auto")});
    CHECK(std::get<Property::Pairs>(find_property(list, "DeviceAllow")->value).empty());
  }
}

TEST_CASE("systemd: annotations are properties in GVariant's text format") {
  using Strings = std::vector<std::string>;
  CHECK(annotated("CollectMode", "'inactive'") == one("CollectMode", std::string("inactive")));
  CHECK(annotated("SendSIGHUP", "true") == one("SendSIGHUP", true));
  CHECK(annotated("CPUWeight", "uint64 7") == one("CPUWeight", std::uint64_t{7}));
  CHECK(annotated("CPUWeight", "@t 7") == one("CPUWeight", std::uint64_t{7}));
  CHECK(annotated("Nice", "-5") == one("Nice", std::int32_t{-5}));
  CHECK(annotated("After", "['a.service', \"b\\'c\"]") ==
        one("After", Strings{"a.service", "b'c"}));
  CHECK(annotated("After", "@as []") == one("After", Strings{}));
  CHECK(annotated("TimeoutStopSec", "uint64 5") ==
        one("TimeoutStopUSec", std::uint64_t{5'000'000}));
  CHECK(annotated("TimeoutStopSec", "0.5") == one("TimeoutStopUSec", std::uint64_t{500'000}));
  CHECK(annotated("TimeoutStopUSec", "uint64 5") == one("TimeoutStopUSec", std::uint64_t{5}));
}

TEST_CASE("systemd: an annotation that is no property is an error") {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"", "true"},
                                                        {"a-b", "true"},
                                                        {"ab", "true"},
                                                        {"Name", ""},
                                                        {"Name", "yes"},
                                                        {"Name", "'open"},
                                                        {"Name", "'a' b"},
                                                        {"Name", "['a' 'b']"},
                                                        {"Name", "[1, 2]"},
                                                        {"Name", "uint64 -1"},
                                                        {"Name", "uint32 4294967296"},
                                                        {"Name", "'a\xff'"},
                                                        {"WaitSec", "'soon'"},
                                                        {"WaitSec", "-1"}}) {
    const auto list = annotated_properties({{"org.systemd.property." + name, value}});
    const std::string shown = std::string(name) + ": " + value;
    REQUIRE_FALSE_MESSAGE(list.ok(), shown);
    CHECK(list.error().at == "/annotations/org.systemd.property." + name);
  }
}

}  // namespace tare::cgroups

// SPDX-License-Identifier: Apache-2.0
//
// Every field of the model, generated from the field tables: absent, null, of another type, out of
// range; and random documents there and back.
#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "oci/document.h"
#include "oci/json/fields.h"
#include "oci/validate.h"

using namespace tare;
using namespace tare::oci;

namespace {

template <class T>
struct Type {
  static constexpr bool vector = false, map = false, optional = false;
};
template <class E>
struct Type<std::vector<E>> : Type<void> {
  static constexpr bool vector = true;
  using Element = E;
};
template <class E>
struct Type<std::map<std::string, E>> : Type<void> {
  static constexpr bool map = true;
  using Element = E;
};
template <class E>
struct Type<std::optional<E>> : Type<void> {
  static constexpr bool optional = true;
  using Element = E;
};

template <class T, auto Member>
using MemberType = std::remove_cvref_t<decltype(std::declval<T&>().*Member)>;

template <class T, class Visit>
void for_each_field(const Visit& visit) {
  for_each_row(fields(Of<T>{}), visit);
}

// ---- a document with one value replaced --------------------------------------------------------

// What stands at a JSON pointer instead of the usual value; no text: nothing stands there.
struct Replacement {
  std::string at = "nowhere";
  std::optional<std::string> text;
};

template <class T>
std::string usual(const std::string& at, const Replacement& replacement);

template <class T>
std::string usual_object(const std::string& at, const Replacement& replacement) {
  std::string members;
  for_each_field<T>([&](const auto& field) {
    const std::string place = at + '/' + std::string(field.name);
    const bool replaced = place == replacement.at;
    if (replaced ? !replacement.text : field.presence == Presence::unsupported) return;
    if (!members.empty()) members += ',';
    using Member = MemberType<T, std::remove_cvref_t<decltype(field)>::member>;
    members += '"' + std::string(field.name) + "\":" + usual<Member>(place, replacement);
  });
  return '{' + members + '}';
}

template <class T>
std::string usual(const std::string& at, const Replacement& replacement) {
  if (at == replacement.at) return *replacement.text;
  if constexpr (has_fields<T>) {
    return usual_object<T>(at, replacement);
  } else if constexpr (Type<T>::vector) {
    return '[' + usual<typename Type<T>::Element>(at + "/0", replacement) + ']';
  } else if constexpr (Type<T>::map) {
    return "{\"key\":" + usual<typename Type<T>::Element>(at + "/key", replacement) + '}';
  } else if constexpr (Type<T>::optional) {
    return usual<typename Type<T>::Element>(at, replacement);
  } else if constexpr (std::is_enum_v<T>) {
    return '"' + std::string(Names<T>::table.back().name) + '"';
  } else if constexpr (std::is_same_v<T, bool>) {
    return "true";
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(std::numeric_limits<T>::max());
  } else {
    return "\"text\"";
  }
}

std::string config_with(const std::string& at, std::optional<std::string> text) {
  return usual<Config>("", {at, std::move(text)});
}

void accepts(const std::string& at, const std::optional<std::string>& text) {
  const Result<Config> config = decode_config(config_with(at, text));
  CAPTURE(at);
  CAPTURE(text.value_or("(absent)"));
  CHECK_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message()));
}

void refuses(const std::string& at, const std::optional<std::string>& text,
             const std::string& words) {
  const Result<Config> config = decode_config(config_with(at, text));
  CAPTURE(at);
  CAPTURE(text.value_or("(absent)"));
  REQUIRE(!config.ok());
  CHECK(config.error().kind == Error::Kind::config);
  CHECK(config.error().at == at);
  CHECK_MESSAGE(config.error().what.starts_with(words), config.error().what);
}

// ---- the cases of one value --------------------------------------------------------------------

struct Kind {
  const char* words;    // "must be ..."
  const char* is;       // "is ..."
  const char* example;  // a wrong value for the other kinds
};
constexpr Kind boolean{"a boolean", "a boolean", "true"}, integer{"an integer", "a number", "1"},
    text{"a string", "a string", "\"\""}, array{"an array", "an array", "[]"},
    object{"an object", "an object", "{}"};

template <class T>
constexpr Kind kind_of() {
  if constexpr (Type<T>::optional) {
    return kind_of<typename Type<T>::Element>();
  } else if constexpr (has_fields<T> || Type<T>::map) {
    return object;
  } else if constexpr (Type<T>::vector) {
    return array;
  } else if constexpr (std::is_same_v<T, bool>) {
    return boolean;
  } else if constexpr (std::is_integral_v<T>) {
    return integer;
  } else {
    return text;
  }
}

__extension__ typedef __int128 Wide;  // one beyond every 64-bit limit

std::string to_text(Wide number) {
  if (number < 0) return '-' + to_text(-number);
  const std::string digit(1, static_cast<char>('0' + static_cast<int>(number % 10)));
  return number < 10 ? digit : to_text(number / 10) + digit;
}

template <class Integer>
void check_range(const std::string& at) {
  using Limits = std::numeric_limits<Integer>;
  const Wide lowest = Limits::min(), highest = Limits::max();
  const std::string words =
      "must be an integer from " + to_text(lowest) + " to " + to_text(highest) + ", is ";
  accepts(at, to_text(lowest));
  accepts(at, to_text(highest));
  refuses(at, to_text(lowest - 1), words);
  refuses(at, to_text(highest + 1), words);
  for (const char* other : {"1.0", "1e0", "1E2", "0.5", "1e300", "100000000000000000000000"}) {
    refuses(at, other, words);
  }
}

template <class T>
void check_value(const std::string& at) {
  for (const Kind& other : {boolean, integer, text, array, object}) {
    if (std::string_view(other.words) == kind_of<T>().words) continue;
    refuses(at, other.example, std::string("must be ") + kind_of<T>().words + ", is " + other.is);
  }
}

template <class T>
void check_inside(const std::string& at);

template <class T>
void check_members(const std::string& at) {
  for_each_field<T>([&](const auto& field) {
    using Member = MemberType<T, std::remove_cvref_t<decltype(field)>::member>;
    const std::string place = at + '/' + std::string(field.name);
    constexpr bool nullable = !std::is_arithmetic_v<Member> && !std::is_enum_v<Member>;
    if (field.presence == Presence::required) {
      refuses(place, std::nullopt, "is required");
      refuses(place, "null", nullable ? "is required" : "must be ");
    } else {
      accepts(place, std::nullopt);
      if (nullable) accepts(place, "null");
      if (!nullable) refuses(place, "null", "must be ");
    }
    check_value<Member>(place);
    if (field.presence != Presence::unsupported) check_inside<Member>(place);
  });
}

template <class T>
void check_inside(const std::string& at) {
  if constexpr (has_fields<T>) {
    check_members<T>(at);
  } else if constexpr (Type<T>::optional) {
    check_inside<typename Type<T>::Element>(at);
  } else if constexpr (Type<T>::vector || Type<T>::map) {
    const std::string element = at + (Type<T>::vector ? "/0" : "/key");
    refuses(element, "null", "must be ");
    check_value<typename Type<T>::Element>(element);
    check_inside<typename Type<T>::Element>(element);
  } else if constexpr (std::is_enum_v<T>) {
    for (const auto& entry : Names<T>::table) accepts(at, '"' + std::string(entry.name) + '"');
    refuses(at, "\"no such name\"", "must be one of " + std::string(Names<T>::table[0].name));
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    check_range<T>(at);
  }
}

template <class T>
void collect_required(const std::string& at, std::vector<std::string>& found) {
  if constexpr (has_fields<T>) {
    for_each_field<T>([&](const auto& field) {
      const std::string place = at + '/' + std::string(field.name);
      if (field.presence == Presence::required) found.push_back(place);
      collect_required<MemberType<T, std::remove_cvref_t<decltype(field)>::member>>(place, found);
    });
  } else if constexpr (Type<T>::optional) {
    collect_required<typename Type<T>::Element>(at, found);
  } else if constexpr (Type<T>::vector) {
    collect_required<typename Type<T>::Element>(at + "/0", found);
  } else if constexpr (Type<T>::map) {
    collect_required<typename Type<T>::Element>(at + "/key", found);
  }
}

// ---- hostile strings ---------------------------------------------------------------------------

// As they stand in JSON, without the quotes. What no string may have is refused where it stands,
// whoever reads it.
struct Refused {
  const char* text;
  const char* words;
};
constexpr Refused never[] = {
    {"a\\u0000b", "has a NUL byte"},
    {"\\udc00", "has a surrogate without its partner"},
};

// What some places take and others do not: terminals, paths, formats, other documents, sizes.
const std::vector<std::string>& hostile() {
  static const std::vector<std::string> list = {
      "\\n\\u001b[31m\\u202e", "../../../../etc/passwd", "/", "%s%n%d", "-1", "\\\"}]}",
      std::string(5'000, 'x'),
  };
  return list;
}

bool has_control(const std::string& line) {
  return std::any_of(line.begin(), line.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::vector<std::string> told(const Config& config) {
  std::vector<std::string> lines;
  for (const Error& error : all_problems(config)) lines.push_back(error.message());
  return lines;
}

// Whatever the checks of the document say because of it is one line about this place or one beside.
void check_told(const std::string& at, const std::string& value, std::vector<std::string> usually) {
  const Result<Config> config = decode_config(config_with(at, value));
  CAPTURE(at);
  CAPTURE(value.substr(0, 100));
  REQUIRE_MESSAGE(config.ok(), (config.ok() ? "" : config.error().message()));
  const std::string beside = at.substr(0, at.rfind('/'));
  for (const Error& error : all_problems(*config)) {
    const std::string line = error.message();
    if (std::find(usually.begin(), usually.end(), line) != usually.end()) continue;
    CHECK_MESSAGE(error.at.starts_with(beside), line);
    CHECK_FALSE_MESSAGE(has_control(line), line);
    CHECK(error.kind != Error::Kind::failure);
  }
}

template <class T>
void check_hostile(const std::string& at, const std::vector<std::string>& usually) {
  if constexpr (Type<T>::optional) {
    check_hostile<typename Type<T>::Element>(at, usually);
  } else {
    for (const Refused& string : never) {
      refuses(at, '"' + std::string(string.text) + '"',
              std::is_same_v<T, std::string> ? string.words : "");
    }
    for (const std::string& string : hostile()) {
      const std::string quoted = '"' + string + '"';
      if constexpr (std::is_same_v<T, std::string>) {
        check_told(at, quoted, usually);
      } else {
        refuses(at, quoted, "must be ");
      }
    }
  }
}

// Keys of a map: they are part of the pointer, which is made printable.
template <class Element>
void check_hostile_keys(const std::string& at, const std::vector<std::string>& usually) {
  const std::string element = usual<Element>(at + "/key", {});
  for (const Refused& key : never) {
    const Result<Config> config =
        decode_config(config_with(at, "{\"" + std::string(key.text) + "\":" + element + "}"));
    CAPTURE(at);
    REQUIRE_FALSE(config.ok());
    CHECK(config.error().at.starts_with(at));
    CHECK_FALSE(has_control(config.error().message()));
  }
  for (const std::string& key : hostile()) {
    check_told(at, "{\"" + key + "\":" + element + "}", usually);
  }
}

template <class T>
void check_hostile_inside(const std::string& at, const std::vector<std::string>& usually) {
  if constexpr (has_fields<T>) {
    for_each_field<T>([&](const auto& field) {
      if (field.presence == Presence::unsupported) return;
      using Member = MemberType<T, std::remove_cvref_t<decltype(field)>::member>;
      const std::string place = at + '/' + std::string(field.name);
      check_hostile<Member>(place, usually);
      check_hostile_inside<Member>(place, usually);
    });
  } else if constexpr (Type<T>::optional) {
    check_hostile_inside<typename Type<T>::Element>(at, usually);
  } else if constexpr (Type<T>::vector || Type<T>::map) {
    using Element = typename Type<T>::Element;
    const std::string element = at + (Type<T>::vector ? "/0" : "/key");
    check_hostile<Element>(element, usually);
    check_hostile_inside<Element>(element, usually);
    if constexpr (Type<T>::map) check_hostile_keys<Element>(at, usually);
  }
}

// ---- values by table ---------------------------------------------------------------------------

template <class T>
bool equal(const T& a, const T& b) {
  if constexpr (has_fields<T>) {
    bool same = true;
    for_each_field<T>([&](const auto& field) {
      same = same && equal(a.*std::remove_cvref_t<decltype(field)>::member,
                           b.*std::remove_cvref_t<decltype(field)>::member);
    });
    return same;
  } else if constexpr (Type<T>::vector) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
      return equal<typename Type<T>::Element>(x, y);
    });
  } else if constexpr (Type<T>::map) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
      return x.first == y.first && equal(x.second, y.second);
    });
  } else if constexpr (Type<T>::optional) {
    return a.has_value() == b.has_value() && (!a || equal(*a, *b));
  } else {
    return a == b;
  }
}

using Random = std::mt19937_64;

template <class T>
void fill_randomly(T& value, Random& random) {
  if constexpr (has_fields<T>) {
    for_each_field<T>([&](const auto& field) {
      if (field.presence == Presence::unsupported) return;
      fill_randomly(value.*std::remove_cvref_t<decltype(field)>::member, random);
    });
  } else if constexpr (Type<T>::vector) {
    value.resize(random() % 4);
    for (auto& element : value) fill_randomly(element, random);
  } else if constexpr (Type<T>::map) {
    for (auto count = random() % 4; count > 0; --count) {
      std::string key;
      fill_randomly(key, random);
      fill_randomly(value[key], random);
    }
  } else if constexpr (Type<T>::optional) {
    if (random() % 2 == 0) fill_randomly(value.emplace(), random);
  } else if constexpr (std::is_enum_v<T>) {
    value = Names<T>::table[random() % Names<T>::table.size()].value;
  } else if constexpr (std::is_same_v<T, bool>) {
    value = random() % 2 == 0;
  } else if constexpr (std::is_integral_v<T>) {
    value = static_cast<T>(random() >> (random() % 64));
  } else {
    constexpr const char* pieces[] = {"a", "/", "\"", "\\", "\n", "\x01", "ü", "€", "😀", "=", " "};
    for (auto count = random() % 6; count > 0; --count) value += pieces[random() % 11];
  }
}

template <class Decode, class T>
void check_round_trip(const T& value, const Decode& decode) {
  const std::string encoded = encode(value);
  const Result<T> read = decode(encoded);
  CAPTURE(encoded);
  REQUIRE_MESSAGE(read.ok(), (read.ok() ? "" : read.error().message()));
  CHECK(equal(*read, value));
}

}  // namespace

TEST_CASE("the usual document of these tests is accepted") {
  accepts("nowhere", std::nullopt);
}

TEST_CASE("every field: absent, null, of another type, out of range") {
  check_members<Config>("");
}

TEST_CASE("every field: a hostile string is refused with its place, or harms nobody") {
  const Result<Config> config = decode_config(config_with("nowhere", std::nullopt));
  REQUIRE(config.ok());
  check_hostile_inside<Config>("", told(*config));
}

TEST_CASE("what the specification requires is required, and nothing else") {
  std::vector<std::string> found;
  collect_required<Config>("", found);
  std::sort(found.begin(), found.end());
  // config-schema.json and the texts, by hand.
  const std::vector<std::string> required = {
      "/hooks/createContainer/0/path",
      "/hooks/createRuntime/0/path",
      "/hooks/poststart/0/path",
      "/hooks/poststop/0/path",
      "/hooks/prestart/0/path",
      "/hooks/startContainer/0/path",
      "/linux/devices/0/path",
      "/linux/devices/0/type",
      "/linux/gidMappings/0/containerID",
      "/linux/gidMappings/0/hostID",
      "/linux/gidMappings/0/size",
      "/linux/memoryPolicy/mode",
      "/linux/namespaces/0/type",
      "/linux/personality/domain",
      "/linux/resources/blockIO/throttleReadBpsDevice/0/major",
      "/linux/resources/blockIO/throttleReadBpsDevice/0/minor",
      "/linux/resources/blockIO/throttleReadBpsDevice/0/rate",
      "/linux/resources/blockIO/throttleReadIOPSDevice/0/major",
      "/linux/resources/blockIO/throttleReadIOPSDevice/0/minor",
      "/linux/resources/blockIO/throttleReadIOPSDevice/0/rate",
      "/linux/resources/blockIO/throttleWriteBpsDevice/0/major",
      "/linux/resources/blockIO/throttleWriteBpsDevice/0/minor",
      "/linux/resources/blockIO/throttleWriteBpsDevice/0/rate",
      "/linux/resources/blockIO/throttleWriteIOPSDevice/0/major",
      "/linux/resources/blockIO/throttleWriteIOPSDevice/0/minor",
      "/linux/resources/blockIO/throttleWriteIOPSDevice/0/rate",
      "/linux/resources/blockIO/weightDevice/0/major",
      "/linux/resources/blockIO/weightDevice/0/minor",
      "/linux/resources/devices/0/allow",
      "/linux/resources/hugepageLimits/0/limit",
      "/linux/resources/hugepageLimits/0/pageSize",
      "/linux/resources/network/priorities/0/name",
      "/linux/resources/network/priorities/0/priority",
      "/linux/seccomp/defaultAction",
      "/linux/seccomp/syscalls/0/action",
      "/linux/seccomp/syscalls/0/args/0/index",
      "/linux/seccomp/syscalls/0/args/0/op",
      "/linux/seccomp/syscalls/0/args/0/value",
      "/linux/seccomp/syscalls/0/names",
      "/linux/uidMappings/0/containerID",
      "/linux/uidMappings/0/hostID",
      "/linux/uidMappings/0/size",
      "/mounts/0/destination",
      "/mounts/0/gidMappings/0/containerID",
      "/mounts/0/gidMappings/0/hostID",
      "/mounts/0/gidMappings/0/size",
      "/mounts/0/uidMappings/0/containerID",
      "/mounts/0/uidMappings/0/hostID",
      "/mounts/0/uidMappings/0/size",
      "/ociVersion",
      "/process/consoleSize/height",
      "/process/consoleSize/width",
      "/process/cwd",
      "/process/ioPriority/class",
      "/process/rlimits/0/hard",
      "/process/rlimits/0/soft",
      "/process/rlimits/0/type",
      "/process/scheduler/policy",
      "/root/path",
  };
  REQUIRE(found.size() == required.size());
  for (std::size_t i = 0; i < required.size(); ++i) CHECK(found[i] == required[i]);
}

TEST_CASE("decoding what was encoded gives the same value") {
  Random random(20260801);
  for (int i = 0; i < 500; ++i) {
    Config config;
    fill_randomly(config, random);
    bring_into_normal_form(config);
    check_round_trip(config, decode_config);
    Process process;
    fill_randomly(process, random);
    check_round_trip(process, decode_process);
    Resources resources;
    fill_randomly(resources, random);
    bring_into_normal_form(resources);
    check_round_trip(resources, decode_resources);
  }
}

TEST_CASE("the pretty document says the same as the compact one") {
  Random random(7);
  Config config;
  fill_randomly(config, random);
  bring_into_normal_form(config);
  const Result<Config> read = decode_config(encode_pretty(config));
  REQUIRE(read.ok());
  CHECK(equal(*read, config));
}

// SPDX-License-Identifier: Apache-2.0
#include "base/story.h"

#include <doctest/doctest.h>

#include <vector>

namespace tare {

namespace {

struct Heard {
  std::vector<std::string> lines;
  std::vector<story::Event> events;
  story::Listener listener{hear, this};

  Heard() { story::tell_to(&listener); }
  Heard(const Heard&) = delete;
  Heard& operator=(const Heard&) = delete;
  ~Heard() { story::tell_to(nullptr); }

  static void hear(const void* self, const story::Event& event) {
    // The test's own object; a listener is only asked not to change itself.
    auto& heard = *const_cast<Heard*>(static_cast<const Heard*>(self));
    heard.lines.push_back(story::line_of(event));
    heard.events.push_back(event);
  }
};

}  // namespace

TEST_CASE("a line has the actor, the words, the calls and the time, as far as they are known") {
  CHECK(story::line_of({{"make cgroup /c1", "host", "mkdirat openat"}, 0, 412'999, 1}) ==
        "host: make cgroup /c1 [mkdirat openat] (0.412 ms)");
  CHECK(story::line_of({{"call criu", {}, {}}, 0, 12'000'000'000, 1}) ==
        "call criu (12000.000 ms)");
  CHECK(story::line_of({{"cgroup /x", {}, {}}}) == "cgroup /x");
}

TEST_CASE("a step is told when it ends, with the time that it took") {
  const Heard heard;
  {
    const story::Step outer([] { return std::string("outer"); });
    const story::Step inner([] { return story::Told{"inner", "init", "mount"}; });
    CHECK(heard.events.empty());
  }
  REQUIRE(heard.events.size() == 2);
  const story::Event& inner = heard.events[0];
  const story::Event& outer = heard.events[1];
  CHECK(inner.step.actor == "init");
  CHECK(outer.step.words == "outer");
  CHECK(outer.began <= inner.began);
  CHECK(inner.began + inner.took <= outer.began + outer.took);
  CHECK(outer.cpu >= 0);
}

TEST_CASE("a fact has no duration") {
  const Heard heard;
  story::tell("a fact");
  REQUIRE(heard.events.size() == 1);
  CHECK(heard.events[0].took == story::unknown);
  CHECK(heard.lines[0] == "a fact");
}

TEST_CASE("without a listener the text of a step is never made") {
  CHECK_FALSE(story::is_told());
  const story::Step step([]() -> std::string {
    FAIL("the text was made");
    return "";
  });
}

}  // namespace tare

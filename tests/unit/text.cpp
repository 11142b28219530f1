// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"
#include "base/progress.h"

#include <doctest/doctest.h>

#include <cstdint>

namespace tare {

TEST_CASE("a number is the whole text, without sign, blank, prefix or rest") {
  CHECK(parse_number<int>("0") == 0);
  CHECK(parse_number<int>("007") == 7);
  CHECK(parse_number<int>("-5") == -5);  // where the type has a sign
  CHECK(parse_number<int>("2147483647") == 2147483647);
  CHECK(parse_number<std::uint64_t>("18446744073709551615") == UINT64_MAX);
  CHECK(parse_number<unsigned>("ff", 16) == 255U);
  for (const char* wrong : {"", " 1", "1 ", "+1", "0x1", "1.0", "1e3", "one", "1\n"})
    CHECK_FALSE_MESSAGE(parse_number<int>(wrong).has_value(), wrong);
  CHECK_FALSE(parse_number<int>("2147483648").has_value());
  CHECK_FALSE(parse_number<unsigned>("-1").has_value());
  CHECK_FALSE(parse_number<std::uint64_t>("18446744073709551616").has_value());
  CHECK_FALSE(parse_number<int>(std::string_view("1\0", 2)).has_value());
}

TEST_CASE("a text is split at each separator, and joined again") {
  using Parts = std::vector<std::string_view>;
  CHECK(split("", ',') == Parts{""});
  CHECK(split("a", ',') == Parts{"a"});
  CHECK(split(",a,,b,", ',') == Parts{"", "a", "", "b", ""});
  CHECK(join({}, ", ").empty());
  CHECK(join({"a"}, ", ") == "a");
  CHECK(join({"a", "", "b"}, ", ") == "a, , b");
}

TEST_CASE("a path is cleaned by its text alone") {
  for (const char* clean : {"/", "/a", "/a/b", "/..a/b..", "/.a/b.", "/a b"}) {
    CHECK(lexically_clean(clean) == clean);
  }
  for (const char* same : {"a", "/a/", "//a", "/./a", "/a/.", "/../a", "/a/b/..", "a//", "./a"}) {
    CHECK(lexically_clean(same) == "/a");
  }
  for (const char* root : {"", ".", "..", "//", "/.", "/..", "/a/..", "a/../.."}) {
    CHECK(lexically_clean(root) == "/");
  }
}

TEST_CASE("what could drive a terminal is shown as numbers") {
  CHECK(printable("plain /path-1") == "plain /path-1");
  CHECK(printable("a\nb\t\x1b[31m\x7f") == "a\\x0ab\\x09\\x1b[31m\\x7f");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");  // CSI of C1
  CHECK(printable("\xc2\xa0") == "\xc2\xa0");
}

TEST_CASE("valid UTF-8 is shown, anything else is not") {
  for (const char* good :
       {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    CHECK(printable(good) == good);
  CHECK(printable("\xff") == "\\xff");
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // too long for what it says
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");  // a surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(printable("\xe2\x82") == "\\xe2\\x82");  // cut off
  CHECK(printable("\xe2\x82X") == "\\xe2\\x82X");
}

TEST_CASE("a line of progress is shorter than the terminal and cuts no character in two") {
  CHECK(progress_line("freeze /a/b", 3, 80) == "tare: freeze /a/b (3 s)");
  CHECK(progress_line("a\nb\033", 3, 80) == "tare: a\\x0ab\\x1b (3 s)");
  CHECK(progress_line(std::string(100, 'x'), 12, 30) == "tare: xxxxxxxxxxxxx... (12 s)");
  CHECK(progress_line(std::string(100, 'x'), 12, 30).size() == 30 - 1);
  CHECK(progress_line(std::string(40, 'x') + "\u00e4", 1, 1) == "tare: ... (1 s)");
  for (unsigned columns = 20; columns < 40; ++columns) {
    CHECK(
        progress_line("\u00e4\u20ac\u00e4\u20ac\u00e4\u20ac\u00e4\u20ac", 1, columns).find("\\x") ==
        std::string::npos);
  }
}

TEST_CASE("a text in quotes is printable") {
  CHECK(quote("a b") == "\"a b\"");
  CHECK(quote("\n") == "\"\\x0a\"");
}

TEST_CASE("a long text is cut in the middle, which says how long it was") {
  const std::string limit(256, 'x');
  CHECK(shortened(limit) == limit);
  const std::string text = "begin" + std::string(5000, 'x') + "end";
  const std::string shown = shortened(text);
  CHECK(shown.size() < 300);
  CHECK(shown.starts_with("begin"));
  CHECK(shown.ends_with("end"));
  CHECK(shown.find("5008 bytes") != std::string::npos);
}

}  // namespace tare

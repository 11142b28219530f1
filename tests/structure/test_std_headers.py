# SPDX-License-Identifier: Apache-2.0
"""A file includes the headers of std whose names it uses, by itself or by a header of ours.

What one library's <string> happens to bring along (std::find, with g++ 12) another's does not.
"""

import re

import pytest
from test_layers import INCLUDE, ROOT, code, tracked, without_comments

# Names by the header that has them. Where several have one, any of them will do.
HEADERS = {
    "algorithm": "adjacent_find all_of any_of binary_search clamp copy copy_if count equal find find_if is_sorted max min "
                 "none_of ranges::all_of ranges::any_of ranges::copy_if ranges::count ranges::count_if ranges::find ranges::find_if ranges::none_of "
                 "ranges::replace ranges::reverse ranges::sort sort stable_sort transform unique",
    "array": "array begin end size ssize get",
    "atomic": "atomic",
    "bit": "bit_cast endian::little endian::native has_single_bit popcount",
    "cctype": "isdigit tolower toupper",
    "charconv": "from_chars to_chars errc",
    "chrono": "chrono chrono_literals",
    "cmath": "ceil log2 pow",
    "concepts": "same_as",
    "cstddef": "nullptr_t size_t",
    "cstdint": "int32_t int64_t uint8_t uint16_t uint32_t uint64_t uintptr_t",
    "cstdio": "FILE fclose ferror fopen fprintf fread fwrite perror printf snprintf size_t",
    "cstdlib": "_Exit abort atoi exit getenv strtod size_t",
    "cstring": "memchr memcmp memcpy memset strcmp strcpy strerror strlen strncpy size_t",
    "deque": "deque begin end size ssize",
    "filesystem": "filesystem",
    "fstream": "ifstream ofstream",
    "functional": "function",
    "initializer_list": "initializer_list",
    "iterator": "back_inserter make_move_iterator next begin end size ssize",
    "limits": "numeric_limits",
    "map": "map erase_if begin end size ssize",
    "memory": "make_shared make_unique unique_ptr",
    "new": "set_new_handler",
    "optional": "optional nullopt",
    "random": "mt19937 mt19937_64",
    "set": "set erase_if begin end size ssize",
    "span": "span begin end size ssize",
    "sstream": "istringstream",
    "string": "getline string string_literals stoull to_string erase erase_if begin end size ssize size_t",
    "string_view": "string_view begin end size ssize size_t",
    "system_error": "errc error_code",
    "thread": "thread this_thread",
    "tuple": "apply get tuple tuple_cat",
    "type_traits": "is_arithmetic_v is_base_of_v is_constructible_v is_enum_v is_integral_v is_same_v is_signed_v "
                   "is_trivially_copyable_v is_unsigned_v remove_cvref_t void_t",
    "utility": "cmp_less declval exchange get in_place_index move pair swap",
    "variant": "get_if get holds_alternative variant visit",
    "vector": "vector erase erase_if begin end size ssize size_t",
}
STD_NAME = re.compile(r"\bstd::((?:ranges::|endian::)?\w+)")


def headers_of(name):
    return {header for header, names in HEADERS.items() if name in names.split()}


def included(name, text, read, seen=None):
    """Headers of std that a file gets, by headers of ours too."""
    seen = set() if seen is None else seen
    found = set()
    for quote, header in INCLUDE.findall(without_comments(text)):
        if quote == "<":
            found.add(header)
        elif header not in seen:
            seen.add(header)
            ours = read(header)
            if ours is not None:
                found |= included(header, ours, read, seen)
    return found


def problems(name, text, read):
    has = included(name, text, read)
    for used in sorted(set(STD_NAME.findall(without_comments(text)))):
        wanted = headers_of(used)
        if not wanted:
            yield f"{name}: std::{used} is in no row of HEADERS"
        elif not wanted & has:
            yield f"{name}: std::{used} without <{'> or <'.join(sorted(wanted))}>"


def read_ours(header):
    for folder in (".", "tests/unit"):
        path = ROOT / folder / header
        if path.exists():
            return path.read_text()
    return None  # made by the build


def test_each_name_of_std_has_its_header():
    files = [name for name in tracked() if code(name)]
    assert len(files) > 200
    found = [problem for name in files for problem in problems(name, (ROOT / name).read_text(), read_ours)]
    assert found == []


@pytest.mark.parametrize("text, count", [
    ("#include <algorithm>\nauto i = std::find(a, b, c);\n", 0),
    ("#include <string>\nauto i = std::find(a, b, c);\n", 1),
    ('#include "ours.h"\nauto i = std::find(a, b, c);\n', 0),
    ("// std::find\n", 0),
    ("std::no_such_name x;\n", 1),
])
def test_what_is_missing_is_found(text, count):
    assert len(list(problems("x.cpp", text, {"ours.h": "#include <algorithm>\n"}.get))) == count

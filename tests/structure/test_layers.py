# SPDX-License-Identifier: Apache-2.0
"""What the source files may include, and how they begin."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

# Each layer may use itself and those before it.
LAYERS = ["base", "oci", "cgroups", "runtime"]

# The files that may include a third-party header. None of them is a header that others include.
DOORS = {
    "rapidjson/": {"oci/json/json.cpp"},
    "boost/": {"runtime/command_line/command_line.cpp"},
    "seccomp.h": {"runtime/plan/seccomp/filter.cpp"},
    "sys/capability.h": {"runtime/plan/capabilities.cpp"},
    "dbus/": {"cgroups/systemd/bus.cpp", "cgroups/systemd/connection.cpp"},
    "criu.pb-c.h": {"runtime/criu/messages.cpp"},
    "protobuf-c/": set(),
    "doctest/": {"tests/*"},
}
# Headers of ours that only some files may include, for what is behind them.
PRIVATE = {
    "oci/json/json.h": {"oci/*.cpp", "oci/*/*.cpp", "oci/json/codec.h"},
    "oci/json/codec.h": {"oci/*.cpp", "oci/*/*.cpp"},
}

# They cost start-up time and size (global constructors, locales), or throw.
FORBIDDEN = {"iostream", "fstream", "sstream", "iomanip", "regex", "locale", "format", "stdexcept"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def tracked(root=ROOT):
    names = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard"],
                           cwd=root, check=True, capture_output=True, text=True).stdout
    return [name for name in names.splitlines() if (root / name).is_file()]


def code(name):
    return name.endswith((".cpp", ".h"))


def matches(name, patterns):
    return any(Path(name).match(pattern) or pattern.endswith("/*") and name.startswith(pattern[:-1])
               for pattern in patterns)


def without_comments(text):
    strings_and_comments = r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/'
    return re.sub(strings_and_comments,
                  lambda found: found[0] if found[0].startswith('"') else " ", text, flags=re.DOTALL)


def include_problems(name, text, exists):
    """What is wrong with the includes of one file; `exists` tells whether a path is a file of ours."""
    layer = name.split("/")[0]
    for quote, header in INCLUDE.findall(without_comments(text)):
        if quote == '"':
            yield from own_header_problems(name, layer, header, exists)
            continue
        if header in FORBIDDEN and not name.startswith("tests/"):
            yield f"{name}: <{header}> is not for us"
        for start, doors in DOORS.items():
            if header.startswith(start) and not matches(name, doors):
                yield f"{name}: <{header}> has another door: {sorted(doors)}"


def own_header_problems(name, layer, header, exists):
    if not exists(header):
        yield f'{name}: "{header}" is no path from the project\'s root'
    if header in PRIVATE and not matches(name, PRIVATE[header]):
        yield f'{name}: "{header}" is for {sorted(PRIVATE[header])}'
    target = header.split("/")[0]
    if layer in LAYERS and (target not in LAYERS or LAYERS.index(target) > LAYERS.index(layer)):
        yield f'{name}: "{header}" is not below {layer}'


def first_line_problem(name, text):
    """Every source file says its licence first; behind #! where there is one."""
    lines = text.split("\n", 2)
    if lines and lines[0].startswith("#!"):
        lines = lines[1:]
    if not re.match(r"^(//|#|/\*) SPDX-License-Identifier: Apache-2\.0( \*/)?$", lines[0]):
        return f"{name}: the first line is not the SPDX line"
    return None


def is_source(name, text):
    suffixes = (".cpp", ".h", ".in", ".S", ".ld", ".py", ".sh", ".cmake")
    return (name.endswith(suffixes) or Path(name).name in ("Makefile", "CMakeLists.txt")
            or text.startswith("#!"))


@pytest.fixture(scope="module")
def texts():
    """Every text file of the project by its name."""
    found = {}
    for name in tracked():
        try:
            found[name] = (ROOT / name).read_text()
        except UnicodeDecodeError:
            continue  # no source: a fuzzer's seed
    return found


def exists(header):
    return (ROOT / header).is_file() or (ROOT / (header + ".in")).is_file()


def test_includes_point_downward_and_third_parties_have_one_door(texts):
    problems = [problem for name, text in texts.items() if code(name)
                for problem in include_problems(name, text, exists)]
    assert problems == []


def test_source_files_begin_with_their_licence(texts):
    problems = [first_line_problem(name, text) for name, text in texts.items()
                if is_source(name, text)]
    assert [problem for problem in problems if problem] == []


def test_headers_are_included_once(texts):
    assert [name for name, text in texts.items()
            if name.endswith(".h") and "#pragma once" not in text] == []


def test_nothing_of_ours_throws(texts):
    assert [name for name, text in texts.items()
            if code(name) and re.search(r"\bthrow\b", without_comments(text))] == []


@pytest.mark.parametrize("name, line, problem", [
    ("oci/a.cpp", '#include "base/b.h"', False),
    ("oci/a.cpp", '#include "cgroups/b.h"', True),
    ("base/a.h", '#include "oci/b.h"', True),
    ("runtime/do/a.cpp", '#include "cgroups/b.h"', False),
    ("runtime/do/a.cpp", '#include "tests/b.h"', True),
    ("runtime/do/a.cpp", '#  include <rapidjson/reader.h>', True),
    ("oci/json/json.cpp", "#include <rapidjson/reader.h>", False),
    ("oci/a.cpp", "#include <rapidjson/reader.h>", True),
    ("oci/a.h", "#include <rapidjson/reader.h>", True),
    ("oci/a.cpp", '#include "oci/json/codec.h"', False),
    ("oci/b/a.cpp", '#include "oci/json/codec.h"', False),
    ("runtime/a.cpp", '#include "oci/json/json.h"', True),
    ("runtime/a.h", "#include <seccomp.h>", True),
    ("runtime/a.cpp", "#include <linux/seccomp.h>", False),
    ("runtime/a.cpp", "#include <boost/any.hpp>", True),
    ("runtime/command_line/command_line.cpp", "#include <boost/any.hpp>", False),
    ("base/a.cpp", "#include <doctest/doctest.h>", True),
    ("tests/unit/a.cpp", "#include <doctest/doctest.h>", False),
    ("base/a.cpp", "#include <iostream>", True),
    ("base/a.cpp", "// #include <iostream>", False),
    ("base/a.cpp", "/*\n#include <iostream>\n*/", False),
])
def test_a_wrong_include_is_found(name, line, problem):
    assert bool(list(include_problems(name, f"{line}\n", lambda header: True))) == problem


def test_an_include_that_is_no_path_from_the_root_is_found():
    assert list(include_problems("base/a.cpp", '#include "b.h"\n', lambda header: False))


@pytest.mark.parametrize("text, problem", [
    ("// SPDX-License-Identifier: Apache-2.0\n", False),
    ("#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\n", False),
    ("/* SPDX-License-Identifier: Apache-2.0 */\n", False),
    ("\n// SPDX-License-Identifier: Apache-2.0\n", True),
    ("// SPDX-License-Identifier: MIT\n", True),
    ("", True),
])
def test_a_missing_licence_is_found(text, problem):
    assert bool(first_line_problem("a", text)) == problem

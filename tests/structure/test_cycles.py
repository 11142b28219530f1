# SPDX-License-Identifier: Apache-2.0
"""What includes what has an order: of modules (a header and its source are one), and of the rooms of runtime/."""

import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
LAYERS = ("base", "oci", "cgroups", "runtime")


def sources():
    listed = subprocess.run(["git", "-C", TOP, "ls-files", "-co", "--exclude-standard", *LAYERS], check=True, capture_output=True, text=True)
    return {name: (TOP / name).read_text() for name in listed.stdout.split() if name.endswith((".cpp", ".h")) and (TOP / name).exists()}


def module_of(file):
    return re.sub(r"\.(h|cpp)$", "", file)


def room_of(file):
    return str(Path(file).parent.parts[1]) if len(Path(file).parts) > 2 else None


def graph(files, name_of):
    edges = {}
    for file, text in files.items():
        here = name_of(file)
        if here is None:
            continue
        there = {name_of(included) for included in re.findall(r'#include "([^"]+)"', text) if included in files}
        edges.setdefault(here, set()).update(there - {here, None})
    return edges


def cycle_in(edges):
    """One cycle, as a list that ends with its first node; empty if there is none."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node) :] + [node]
        if node in done:
            return []
        path.append(node)
        for other in sorted(edges.get(node, ())):
            if found := visit(other):
                return found
        path.pop()
        done.add(node)
        return []

    for start in sorted(edges):
        if found := visit(start):
            return found
    return []


def rooms(files):
    return graph({name: text for name, text in files.items() if name.startswith("runtime/")}, room_of)


def test_no_module_includes_itself_by_a_detour():
    assert cycle_in(graph(sources(), module_of)) == []


def test_no_room_of_runtime_includes_itself_by_a_detour():
    assert cycle_in(rooms(sources())) == []


@pytest.mark.parametrize("header, source", [("", '#include "oci/a.h"\n'), ('#include "oci/a.h"\n', "")])
def test_a_cycle_of_modules_is_found(header, source):
    files = {"oci/a.h": '#include "oci/b.h"\n', "oci/a.cpp": "", "oci/b.h": header, "oci/b.cpp": source}
    assert cycle_in(graph(files, module_of)) == ["oci/a", "oci/b", "oci/a"]


def test_a_cycle_of_rooms_is_found():
    files = {
        "runtime/host/a.cpp": '#include "runtime/do/b.h"\n',
        "runtime/do/b.h": "",
        "runtime/do/c.cpp": '#include "runtime/host/d.h"\n',
        "runtime/host/d.h": "",
    }
    assert cycle_in(rooms(files)) == ["do", "host", "do"]


def test_every_room_says_what_it_is_for():
    page = (TOP / "docs" / "architecture.md").read_text()
    floors = {Path(name).parent for name in sources() if len(Path(name).parts) > 2}
    assert [str(floor) for floor in sorted(floors) if not re.search(rf"^- `([a-z]+/)*{floor.name}/`", page, re.M)] == []

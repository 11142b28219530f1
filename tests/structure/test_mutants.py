# SPDX-License-Identifier: Apache-2.0
"""The table of `make mutants`: each text that it takes out stands once in its file, each test that it names is there,
and docs/security.md shows it."""

import re
import sys

import pytest
from test_layers import ROOT

sys.path.insert(0, str(ROOT / "tests/mutants"))

import mutants  # noqa: E402

MUTANTS = mutants.read()


def test_there_are_enough_and_each_has_its_name():
    names = [mutant.name for mutant in MUTANTS]
    assert len(names) == len(set(names)) >= 30


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_is_taken_out_stands_once_in_its_file(mutant):
    assert mutants.objections(mutant) == []
    assert mutant.edits and mutants.changed_texts(mutant)


def test_a_text_that_is_not_there_or_twice_is_noticed(tmp_path):
    (tmp_path / "file").write_text("one\ntwo\ntwo\n")
    made, problems = mutants.parse("== s\n[m] p\n@ file\n- one\n- two\n+ 1\n- two\n+ 2\n- three\nnonsense\n")
    assert problems == ["line 10: nonsense"]
    found = mutants.objections(made[0], tmp_path)
    assert [re.search(r"this (\d) times", line)[1] for line in found] == ["2", "0"]
    assert [edit.old for edit in made[0].edits] == ["one\ntwo", "two", "three"]


def unit_cases():
    sources = "\n".join(path.read_text() for path in sorted((ROOT / "tests/unit").glob("*.cpp")))
    return set(re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', sources))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_its_tests_are_there(mutant):
    assert mutant.tests or mutant.reason
    assert set(mutant.unit_tests) <= unit_cases()
    for test in mutant.python_tests:
        file, _, function = test.partition("::")
        assert f"\ndef {function.partition('[')[0]}(" in (ROOT / "tests" / file).read_text(), test


def test_the_page_shows_the_table():
    page = mutants.PAGE.read_text()
    assert mutants.BEGIN in page and mutants.END in page
    assert page == mutants.page_with(MUTANTS, page), "tests/mutants/mutants.py writes it"

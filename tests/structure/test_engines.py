# SPDX-License-Identifier: Apache-2.0
"""The table of docs/engines.md has a row for each test of tests/engines, and was written by a run of them."""

import sys

import pytest
from test_layers import ROOT

sys.path.insert(0, str(ROOT / "tests/engines"))

import table  # noqa: E402

PAGE = table.PAGE.read_text()
SCENARIOS = table.scenarios()


def test_the_table_names_the_tests_that_exist():
    tests = {test for scenarios in SCENARIOS.values() for test in scenarios}
    assert len(tests) > 100
    assert set(table.rows_of(PAGE)) == tests, "make test-engines writes the table"


def test_the_table_is_the_one_that_the_script_writes():
    assert PAGE == table.page_with(PAGE, {}, {}), "make test-engines writes the table"


@pytest.mark.parametrize("engine", SCENARIOS)
def test_an_engine_has_its_version_and_each_row_a_result(engine):
    assert table.headings_of(PAGE).get(engine), engine
    rows = table.rows_of(PAGE)
    for test in SCENARIOS[engine]:
        assert any(result.startswith(("passed", "not here: ")) for result in rows[test][::2]), test
        for under_test, control in (rows[test][:2], rows[test][2:]):
            assert under_test.startswith(("passed", "not here: ", "-")), test
            assert control.startswith(("the same", "cannot: ", "not here: ", "-")), test


def test_a_result_becomes_a_row_and_the_others_are_kept():
    known = next(iter(SCENARIOS["podman"]))
    row = table.Row()
    row.under_test["passed"] += 2
    row.control["cannot: it breaks"] += 1
    page = table.page_with("text\n" + table.BEGIN + table.END + "more\n", {known: row}, {"podman": " 1.2.3"})
    assert page.startswith("text\n") and page.endswith(table.END + "more\n")
    assert "### podman 1.2.3\n" in page
    assert table.rows_of(page)[known] == ("passed (2 cases)", "cannot: it breaks", "-", "-")
    assert set(table.rows_of(page).values()) == {table.rows_of(page)[known], table.NONE}


def test_results_of_the_guest_are_written_beside_those_of_this_machine():
    known = next(iter(SCENARIOS["podman"]))
    here, there = table.Row(), table.Row()
    here.under_test["not here: needs more"] += 1
    there.under_test["passed"] += 1
    there.control["the same"] += 1
    page = table.page_with(table.BEGIN + table.END, {known: here}, {"podman": " 1.2.3"})
    log = "noise\n" + table.printed({known: there}, {"podman": " 4.5.6"}) + "\n"
    page = table.page_with_log(page, log)
    assert table.rows_of(page)[known] == ("not here: needs more", "-", "passed", "the same")
    assert "### podman 1.2.3; in the guest 4.5.6\n" in page
    assert page == table.page_with(page, {}, {})

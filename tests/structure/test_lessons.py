# SPDX-License-Identifier: Apache-2.0
"""What is written about the lessons in bundles/. tests/integration/test_course.py plays them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent.parent
COURSE = PROJECT / "bundles"
LESSONS = sorted(path.parent.name for path in COURSE.glob("*/run"))


def linked(page):
    """The lessons that a page links to, in its order, each once."""
    links = re.findall(r"\[\w+\]\((?:\.\./bundles/)?(\w+)/\)", page.read_text())
    return list(dict.fromkeys(links))


@pytest.mark.parametrize("page", [COURSE / "README.md", PROJECT / "docs/lecture.md"], ids=lambda page: page.name)
def test_every_lesson_is_listed(page):
    assert sorted(linked(page)) == LESSONS


def test_each_of_the_sixteen_points_of_the_lecture_has_a_lesson():
    rows = re.findall(r"^\| (\d+) \|.*\(\.\./bundles/\w+/\)", (PROJECT / "docs/lecture.md").read_text(), re.M)
    assert [int(number) for number in rows] == list(range(1, 17))


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_is_short_and_says_what_to_type(lesson):
    lines = (COURSE / lesson / "README.md").read_text().splitlines()
    assert len(lines) <= 30
    assert f"    make run BUNDLE=bundles/{lesson}" in lines


@pytest.mark.parametrize("text", sorted(COURSE.glob("*/picture.txt")), ids=lambda text: text.parent.name)
def test_a_picture_is_what_its_text_draws(text, tmp_path):
    copy = shutil.copy(text, tmp_path)
    subprocess.run([COURSE / "picture", copy], check=True)
    assert (tmp_path / "picture.svg").read_text() == text.with_suffix(".svg").read_text()
    assert (tmp_path / "picture.svg").stat().st_size < 4096
    assert "(picture.svg)" in (text.parent / "README.md").read_text()
    assert f"({text.parent.name}/picture.svg)" in (COURSE / "README.md").read_text()

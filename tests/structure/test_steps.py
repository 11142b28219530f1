# SPDX-License-Identifier: Apache-2.0
"""A step that a plan can have and nobody performs does not compile."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = "runtime/steps/streams.h"
STEP = """struct MakeCoffee {{
  static constexpr const char* calls = "brew";
  static constexpr Actors actors{{{actors}}};
  [[nodiscard]] std::string words() const;
}};

}}  // namespace step
"""


def compiled(directory, source, actors, performs=""):
    """What the compiler says of `source` if there is one kind of step more, for these actors."""
    overlay = directory / re.sub(r"\W", "", source + actors + performs) / HEADER
    overlay.parent.mkdir(parents=True)
    text = (ROOT / HEADER).read_text()
    text = text.replace("}  // namespace step\n", STEP.format(actors=actors), 1)
    text = text.replace("Steps<", "Steps<step::MakeCoffee, ", 1)
    text = text.replace("}  // namespace tare::runtime\n", performs + "}  // namespace tare::runtime\n", 1)
    assert text.count("MakeCoffee") == 2 + performs.count("MakeCoffee")
    overlay.write_text(text)
    words = ["g++", "-std=c++20", "-fsyntax-only", "-I", overlay.parents[2], "-I", ROOT, ROOT / source]
    return subprocess.run(words, capture_output=True, text=True)


def test_a_step_that_nobody_performs_does_not_compile(tmp_path):
    perform = "Call<void> perform(const step::MakeCoffee&, LaunchContext&);\n"
    cases = [
        ("runtime/launch/host_steps.cpp", "Actor::host", "", "a step of the host that nobody performs"),
        ("runtime/launch/launch.cpp", "Actor::init", "", "a step of stage or init that nobody performs"),
        ("runtime/launch/launch.cpp", "Actor::host, Actor::init", perform, None),
        ("runtime/do/execution.cpp", "Actor::stub", "", "a step of the stub without instructions"),
        ("runtime/do/execution.cpp", "Actor::init", "", None),
    ]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda case: compiled(tmp_path, *case[:3]), cases))
    for (*case, refusal), outcome in zip(cases, outcomes):
        assert (outcome.returncode == 0) == (refusal is None), (case, outcome.stderr)
        assert refusal is None or refusal in outcome.stderr, (case, outcome.stderr)


def test_every_kind_of_step_is_in_a_list():
    for header in sorted((ROOT / "runtime/steps").glob("*.h")):
        text = header.read_text()
        steps = set(re.findall(r"^struct (\w+)[^{;]*\{\n(?:  //.*\n)*  static constexpr const char\* calls", text, re.MULTILINE))
        listed = set(re.findall(r"step::(\w+)", "".join(re.findall(r"^using \w+Steps =(.*?);", text, re.MULTILINE | re.DOTALL))))
        assert steps == listed, header.name

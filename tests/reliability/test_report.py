"""What the page of the figures says of runs: which variant ran, the largest one of its kind, and every failure."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.reliability import report
from tests.reliability.report import Entry, gather, joined, page, shortened, variant, write

SOAK = "tests/reliability/test_soak.py::test_soak"


def an_entry(*, size: int = 0, passed: bool = True, **told: Any) -> Entry:
    """What is kept of a soak of so many minutes."""
    entry = {"fact": "Faults at random.", "size": size, "passed": passed, "seconds": 1.5, "day": "2024-03-01"}
    return entry | {"figures": [f"{size} minutes"]} | told


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page of its own, which shows a soak of thirty minutes."""
    monkeypatch.setattr(report, "RESULTS", tmp_path / "reliability.json")
    monkeypatch.setattr(report, "PAGE", tmp_path / "reliability.md")
    write({SOAK: an_entry(size=30)}, {SOAK})
    return report.PAGE


def test_short_run_leaves_the_longest(shown: Path) -> None:
    """A soak of three minutes takes nothing from the page that one of thirty has written."""
    write({SOAK: an_entry(size=3)}, {SOAK})
    assert "30 minutes" in shown.read_text()


def test_failure_is_always_shown(shown: Path) -> None:
    """A run that failed takes the place of any that passed."""
    write({SOAK: an_entry(size=3, passed=False)}, {SOAK})
    assert "**This failed.**" in shown.read_text()


def test_parts_are_added_up(shown: Path, tmp_path: Path) -> None:
    """Three parts of a run, from three seeds in other places, are one run of all their minutes; what was known before is not."""
    parts = [tmp_path / f"{n}.json" for n in (10, 20, 30)]
    for minutes, part in zip((10, 20, 30), parts, strict=True):
        one = an_entry(size=minutes, seed=str(minutes), figures=[f"{minutes} runs, {minutes + 1} steps, {minutes + 2} faults: clean"])
        part.write_text(json.dumps({SOAK: one}))
    old = tmp_path / "old.json"
    old.write_text(report.RESULTS.read_text())
    gather([old, *parts])
    assert "60 runs, 63 steps, 66 faults: clean" in shown.read_text()
    assert "seed 10, 20, 30" in shown.read_text()


def test_what_the_parts_have_forgotten_is_forgotten(shown: Path, tmp_path: Path) -> None:
    """A variant that no longer exists is shown until its file runs again, also where that ran elsewhere; those of other files stay."""
    stale, other = "tests/reliability/test_soak.py::test_soak[gone]", "tests/reliability/test_storm.py::test_storm"
    write({stale: an_entry(fact="Gone."), other: an_entry(fact="Stays.")}, {SOAK, stale, other})
    before = json.loads(report.RESULTS.read_text())
    part = tmp_path / "part.json"
    part.write_text(json.dumps({SOAK: an_entry(size=40), other: before[other]}))
    gather([part])
    assert json.loads(report.RESULTS.read_text()).keys() == {SOAK, other}
    assert "Gone." not in shown.read_text()


def test_what_belongs_to_two_faults_is_told_once() -> None:
    """Under the second fault all variants of such a test are one line, which leads to the first."""
    variants = {f"{SOAK}[{n}]": an_entry(fact="Faults 6 and 7, both at once.", variant=f"{n} s") for n in (5, 30)}
    sixth, seventh = page(variants).partition("### Fault 7\n")[::2]
    assert (sixth.count("1.5 s"), seventh.count("1.5 s")) == (2, 0)
    assert seventh.count("- Faults 6 and 7, both at once. See [fault 6](#fault-6).\n") == 1


def test_mutations_are_added_up() -> None:
    """One line says how many mutated messages and requests there were in all."""
    fuzzed = {
        "tests/reliability/test_fuzz_messages.py::test_a": an_entry(figures=["a: 600 sent, 3 handled", "b: 1000 sent, 4 handled"]),
        "tests/reliability/test_fuzz_http.py::test_b": an_entry(figures=["events: 300 requests: 200 28"]),
    }
    assert "Together 1,600 mutated messages and 300 mutated requests.\n" in page(fuzzed)


def test_what_is_no_sum_is_not_added_up(shown: Path, tmp_path: Path) -> None:
    """Times, statuses and slugs of two parts stand beside one another."""
    parts = [tmp_path / f"{n}.json" for n in (1, 2)]
    for figure, part in zip(("200 27, recovered in 14.4 s", "404 60, recovered in 13.9 s"), parts, strict=True):
        part.write_text(json.dumps({SOAK: an_entry(size=20, seed="7", figures=[figure])}))
    gather(parts)
    assert "  - 200 27, recovered in 14.4 s\n  - 404 60, recovered in 13.9 s\n" in shown.read_text()


def test_page_says_how_to_run_it_again() -> None:
    """Beside the figures stand the variant, the day, the seed and the commit."""
    entry = an_entry(variant="5 s", seed="7", version="abc1234")
    assert "Faults at random. **5 s** *(2024-03-01, 1.5 s, seed 7, at abc1234)*" in page({SOAK: entry})


def test_one_part_fails() -> None:
    """A test of several parts failed when one of them did, whichever came last."""
    both = joined(an_entry(passed=False), an_entry())
    assert (both["passed"], both["parts"], both["seconds"]) == (False, 2, 3.0)


@pytest.mark.parametrize(
    ("id_", "params", "said"),
    [
        ("30-up and down", {"seconds": 30, "ways": ("up", "down")}, "30 seconds, up and down"),
        ("1000000", {"rows": 1_000_000}, "1,000,000 rows"),
        ("5", {"hangs_s": 5}, "5 s"),
        ("locks_no_positions-embedded", {"defect": None, "ground": "embedded"}, "locks no positions, embedded"),
    ],
)
def test_variant_is_readable(id_: str, params: dict[str, Any], said: str) -> None:
    """What a test was called with is said in words."""
    item = SimpleNamespace(callspec=SimpleNamespace(id=id_, params=params))
    assert variant(cast("pytest.Item", item)) == said


@pytest.mark.parametrize("recovered", [", recovered in 0.4 s", ""])
def test_nothing_is_said_of_what_was_not_measured(recovered: str) -> None:
    """A line of figures tells how long recovery took where that was measured, and is silent elsewhere."""
    line = f"broker killed: attempted 4, acknowledged 4, lost 0, ghosts 0, zombies 1, parked 0{recovered}"
    assert shortened(line) == f"broker killed: attempted 4, acknowledged 4, parked 0, zombies 1; zero: lost, ghosts{recovered}"

"""What the benchmark's page says of runs: only what may be quoted, and the hand-written part as it was."""

import json
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.goals import Goal, goals
from benchmarks.summary import Pipeline, Spread

MEMORY = {"at_rest": {"events": 99.0}, "chunk": 1, "stream": [{"events": 101.0}, {"events": 102.0}], "requests_per_s": 9.0, "ok": True}


def a_run(name: str, number: int, rate: float, *, ok: bool = True) -> dict[str, object]:
    """One on classic queues."""
    return {"round": number, "name": name, "queue_type": "classic", "mode": "throughput", "events_per_s": rate, "ok": ok}


def test_ratios_are_those_within_a_round() -> None:
    """A neighbour who halves everybody's rate in one round changes no ratio."""
    runs = [a_run("deltag", 0, 4000), a_run("aiopika_raw", 0, 400), a_run("deltag", 1, 2000), a_run("aiopika_raw", 1, 200)]
    assert Pipeline(runs).ratio("deltag", "aiopika_raw", "classic") == Spread(10, 10, 10)


def test_a_run_with_wrong_counts_is_not_quoted() -> None:
    """It is counted as wrong, its rate appears nowhere, and the contestant is not ok."""
    pipeline = Pipeline([a_run("faststream", 0, 100), a_run("faststream", 1, 900, ok=False)])
    assert pipeline.figure("faststream", "classic", "events_per_s") == Spread(100, 100, 100)
    assert pipeline.right("faststream", "classic") == "1/2"
    assert pipeline.latest()["faststream"]["classic"]["ok"] is False


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal("rate", 10.0, 10.0, at_least=True), "met"),
        (Goal("rate", 8.0, 10.0, at_least=True), "missed by 20%"),
        (Goal("latency", 4.9, 5.0), "met"),
        (Goal("latency", 6.0, 5.0), "missed by 20%"),
        (Goal("lost", 1, 0), "missed"),
        (Goal("embedded", 3_000.0, None), "known"),
    ],
)
def test_a_goal_says_by_how_much_it_is_missed(goal: Goal, verdict: str) -> None:
    """By its share of the bound, in either direction."""
    assert goal.verdict == verdict


@pytest.mark.parametrize(
    ("goal", "wanted"),
    [
        (Goal("rate", 8.0, 10.0, " times", at_least=True), "≥ 10 times"),
        (Goal("latency", 6.0, 5.0, " ms"), "≤ 5 ms"),
        (Goal("embedded", 3_000.0, None, " messages/s"), "to be known"),
    ],
)
def test_a_goal_says_what_is_wanted(goal: Goal, wanted: str) -> None:
    """With its unit and direction, where anything is."""
    assert goal.wanted == wanted


def test_a_wrong_count_misses_a_goal() -> None:
    """However fast the other runs were."""
    runs = [a_run("deltag", 0, 4000), a_run("deltag", 1, 9000, ok=False)]
    found = {goal.name: goal for goal in goals({"pipeline": {"runs": runs}})}
    assert not found["classic: runs with a wrong count"].met


def test_what_was_not_measured_has_no_goal() -> None:
    """An empty table is honest; a goal without a figure is not."""
    assert list(goals({})) == []


def test_the_page_keeps_what_is_written_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before and after the marks stays, and what stands between them is written again."""
    page = tmp_path / "README.md"
    page.write_text(f"before\n{report.BEGIN}old figures\n{report.END}the reading\n")
    monkeypatch.setattr(report, "PAGE", page)
    (tmp_path / "memory.json").write_text(json.dumps(MEMORY))
    report.write(tmp_path)
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("the reading\n")
    assert "| at rest | 99.0 |" in written
    assert "old figures" not in written


def test_the_chart_names_every_number_in_words_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot see it reads it: the description holds what the bars show."""
    monkeypatch.setattr(report, "PAGE", tmp_path / "README.md")
    report.PAGE.write_text(report.BEGIN + report.END)
    (tmp_path / "pipeline.json").write_text(
        json.dumps({"rounds": 1, "measured": {"at": "", "cores": 2, "load": 1, "python": ""}, "runs": [a_run("deltag", 0, 4321)]})
    )
    report.write(tmp_path)
    assert "deltag classic 4,321" in (tmp_path / "chart.svg").read_text().partition("</desc>")[0]

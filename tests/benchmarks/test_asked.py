"""What `make bench` understands, before anything is measured."""

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks import report
from benchmarks.wanted import Result, Wanted


def help_text(capsys: pytest.CaptureFixture[str]) -> str:
    """What `--help` says."""
    with pytest.raises(SystemExit):
        bench.parser().parse_args(["--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("name", [*bench.MEASURES, bench.REPORT])
def test_the_help_names_everything_that_can_be_measured(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what it is, in its own line."""
    [line] = [line for line in help_text(capsys).splitlines() if line.startswith(f"  {name} ")]
    assert len(line.split()) > 3


@pytest.mark.parametrize("option", ["--rounds", "--scale"])
def test_the_help_explains_every_option_and_says_its_default(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has to read the code."""
    explained = help_text(capsys).partition(f"  {option} ")[2]
    assert "(default: " in explained


@pytest.mark.parametrize("arguments", [["nonsense"], ["--rounds", "0"], ["--rounds", "two"], ["--scale", "0"], ["--scale", "nan"]])
def test_what_cannot_be_measured_is_refused_at_once(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With a sentence, and before half an hour has passed."""
    with pytest.raises(SystemExit):
        bench.parser().parse_args(arguments)
    assert "error: argument" in capsys.readouterr().err


def test_everything_is_measured_within_an_hour() -> None:
    """On a machine that does little else: by what each part took there."""
    assert sum(measure.minutes for measure in bench.MEASURES.values()) <= 60


def test_what_cannot_be_measured_now_stops_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others' figures are kept, and the end says which part is missing."""

    def fails(_wanted: Wanted) -> Result:
        raise TimeoutError("nothing comes")

    written: list[Path] = []
    monkeypatch.setattr(bench, "RESULTS", tmp_path)
    monkeypatch.setattr(report, "write", written.append)
    monkeypatch.setattr(bench, "MEASURES", {"one": bench.Measure(fails, 1, ""), "two": bench.Measure(lambda _: {"found": 5}, 1, "")})
    monkeypatch.setattr("sys.argv", ["benchmarks"])
    with pytest.raises(SystemExit, match="one"):
        bench.main()
    assert [path.name for path in tmp_path.iterdir()] == ["two.json"]
    assert json.loads((tmp_path / "two.json").read_text())["found"] == 5
    assert written == [tmp_path]
    assert "two: took" in capsys.readouterr().out

"""What a newcomer reads at the end of the demo."""

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.http import LocalIssuer
from services.chassis.service import REQUESTS
from services.chassis.testing import FakeClock
from services.cli.demo import file, forecast
from services.cli.demo.doors import Doors
from services.cli.demo.outcome import Outcome
from services.cli.demo.plan import plan_of
from services.cli.demo.summary import show
from services.cli.demo.world import World
from tests.settings import settings_for

FILE = file.read()
EXPECTED = forecast.counts(FILE, plan_of(FILE))
README = Path(__file__).parents[2] / "README.md"
DEMO = README.parent / "services" / "cli" / "demo"
BASE = {name: f"http://127.0.0.1:8080/{name}" for name in ("registration", "events", "notifications", "reporting")}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world that nobody asks anything."""
    doors = Doors(BASE, LocalIssuer(settings_for("registration"), FakeClock()), "0151")
    return World(RabbitBus("amqp://nobody"), doors, ("http://127.0.0.1:9080",), tmp_path, tmp_path / "mail", lambda: None, dict, int)


def told(world: World, outcome: Outcome) -> tuple[bool, str]:
    """Whether all is well, and what is printed."""
    printed = StringIO()
    well = show(Console(file=printed, width=100), world, FILE, EXPECTED, outcome)
    return well, printed.getvalue()


def test_all_is_well_when_every_number_is_right(world: World) -> None:
    """When the doors say what the file says, the summary says so, and where to look next."""
    well, text = told(world, Outcome(EXPECTED))
    assert well
    assert "Every number is what demo/families.ndjson says it must be." in text
    assert all(f"{address}/docs" in text for address in BASE.values())


def test_a_wrong_number_is_shown(world: World) -> None:
    """A number that is wrong is shown with the one that it must be, and the demo fails."""
    wrong = {**EXPECTED, "sign-ups": {**EXPECTED["sign-ups"], "seated": 7}}
    well, text = told(world, Outcome(wrong))
    assert not well
    assert f"sign-ups: seated is 7, and must be {EXPECTED['sign-ups']['seated']}" in text


def test_mails_are_counted(world: World, tmp_path: Path) -> None:
    """The summary says how many mails there are to read, and where."""
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "one.eml").touch()
    assert "1 .eml files in" in told(world, Outcome(EXPECTED))[1]


def test_commands_can_be_pasted(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `deltag` is not on the PATH, it is named by the place where it is."""
    own = tmp_path / ".venv" / "bin" / "deltag"
    own.parent.mkdir(parents=True)
    own.touch(mode=0o755)
    monkeypatch.setattr("sys.executable", str(own.with_name("python")))
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.chdir(tmp_path)
    assert "--token $(.venv/bin/deltag token system)" in told(world, Outcome(EXPECTED))[1]
    monkeypatch.setenv("PATH", str(own.parent))
    assert "why: deltag parked list registration" in told(world, Outcome(EXPECTED))[1]


def test_reminders_are_told_of(world: World) -> None:
    """Who looks for reminders among the mails reads when they go out."""
    assert "none yet: they go out two days before a session" in told(world, Outcome(EXPECTED))[1]
    assert "3 more mails" in told(world, Outcome(EXPECTED, reminders=3))[1]


def test_another_user_is_named(world: World) -> None:
    """Where somebody else has used this Deltag, the reader is told that the report is about more than the demo."""
    assert "Somebody else has used this Deltag too" in told(world, Outcome(EXPECTED, shared=True))[1]


def test_the_report_tells_why_it_has_fewer_rejections(world: World) -> None:
    """Whoever compares the report with the requests reads why they differ."""
    assert "Requests that break their contract are rejected unread and count for no programme." in " ".join(
        told(world, Outcome(EXPECTED))[1].split()
    )


def test_the_readme_shows_the_summary_as_it_is(world: World) -> None:
    """Every title, explanation and name in the README's shortened demo is said by the demo, in these words."""
    code = "".join(path.read_text(encoding="utf-8") for path in DEMO.glob("*.py")).replace("{REQUESTS}", REQUESTS)
    block = README.read_text(encoding="utf-8").split("<!-- demo -->\n```\n")[1].split("```")[0]
    said = " ".join((code + told(world, Outcome(EXPECTED))[1]).split())
    assert [words for words in wording(block) if words not in said] == []


def wording(block: str) -> list[str]:
    """The words of each column of each line: of a step its title, of a number its name."""
    columns = (re.sub(r"^\W*\d*", "", column).strip() for line in block.splitlines() for column in re.split(r"\s{2,}", line.strip("✓ …")))
    return [words for words in columns if words and not re.search(r"\d", words)]

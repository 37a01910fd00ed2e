"""`deltag import`: what somebody at a keyboard sees of a file, and what a kill does to it."""

import os
import re
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from services.chassis.service import Context
from services.chassis.settings import development_secrets
from services.cli.commands import app
from services.registration.service import SERVICE
from tests.outside import with_programme
from tests.registration.imports import messy
from tests.registration.imports.desk import a_file, a_line, living, run

ASKED = ("--kind", "families", "--programme", "sammen-om-boern")


@pytest.fixture(autouse=True)
def _environment_kept() -> Iterator[None]:
    """Secrets that a command reads into its environment end with the test."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def operated(tmp_path: Path, context_of: Callable[..., Context], monkeypatch: pytest.MonkeyPatch) -> Context:
    """Registration with the sample programme, as an operator's commands find it by its environment."""
    context = with_programme(context_of(SERVICE))
    monkeypatch.setenv("DELTAG_DATA_DIR", str(tmp_path / "data"))
    development_secrets(tmp_path / "data")
    monkeypatch.setenv("DELTAG_REGISTRATION_DATABASE_URL", context.settings.database_url)
    for variable in ("deferred_key", "cpr_key", "cpr_hash_key"):
        monkeypatch.setenv(f"DELTAG_{variable.upper()}", b64encode(getattr(context.settings, variable)).decode())
    monkeypatch.setenv("DELTAG_NOTIFICATIONS_PUBLIC_KEY", context.settings.notifications_public_key)
    return context


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The messy file, as CSV."""
    path = tmp_path / "boern.csv"
    path.write_bytes(messy.as_csv())
    return path


def deltag(*arguments: object) -> Result:
    """Run a command; a defect fails the test with its own trace."""
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def id_in(result: Result) -> str:
    """The import that a dry run names."""
    found = re.search(r"--confirm ([0-9a-f-]{36})", result.output)
    assert found, result.output
    return found[1]


def test_a_file_is_reported_confirmed_and_undone(operated: Context, file: Path) -> None:
    """The dry run says line by line what to do, and stores nothing; a yes stores it, and an undo takes it back."""
    dry = deltag("import", file, *ASKED, "--dry-run")
    assert (dry.exit_code, "4 new" in dry.output, "two dates" in dry.output) == (1, True, True)
    assert living(operated) == []
    assert deltag("import", file, "--confirm", id_in(dry)).exit_code == 0
    assert len({row[0] for row in living(operated)}) == 4
    undoing = deltag("import", "--undo", id_in(dry))
    assert (undoing.exit_code, "5 would-be-undone" in undoing.output, len({row[0] for row in living(operated)})) == (0, True, 4)
    assert deltag("import", "--confirm", id_in(undoing)).exit_code == 0
    assert living(operated) == []


def test_nobody_is_printed(operated: Context, file: Path) -> None:
    """A terminal shows lines, columns and rules, and no word of what stands in them; the audit knows who asked."""
    printed = deltag("import", file, *ASKED, "--dry-run", "--as", "mette").output
    assert not [word for word in ("Asta", "Prøvesen", "4015", "example.org") if word in printed]
    with operated.work() as work:
        rows = work.connection.execute(sa.text("select subject, route from chassis.audit")).all()
    assert [tuple(row) for row in rows] == [("mette", "deltag import")]


def test_what_is_wrong_is_not_lost_among_remarks(operated: Context, file: Path) -> None:
    """Errors come first, line by line; the same remark about many lines is one line, and a column that is not read is named."""
    assert living(operated) == []
    printed = deltag("import", file, *ASKED, "--dry-run").output.splitlines()
    [years] = [line for line in printed if "year has two digits" in line]
    assert years.startswith("lines 6, 12, Fødselsdato: ")
    [two_dates] = [line for line in printed if line.startswith("line 8, Startdato: There are two dates")]
    assert printed.index(two_dates) < printed.index(years)
    assert "Columns that are not read: Bemærkninger." in printed
    assert printed[-2] == "4 new, 1 changed, 4 refused, 4 errors, 17 warnings"


@pytest.mark.parametrize("name", ["report.csv", "report.xlsx"])
def test_the_whole_report_is_written(operated: Context, file: Path, tmp_path: Path, name: str) -> None:
    """As CSV or as a workbook, whichever the file is called."""
    deltag("import", file, *ASKED, "--dry-run", "--report", tmp_path / name)
    assert (tmp_path / name).stat().st_size > 2_000
    assert living(operated) == []


def test_another_file_is_not_confirmed(operated: Context, file: Path, tmp_path: Path) -> None:
    """A file that was changed after its dry run is not the one that was reported."""
    import_id = id_in(deltag("import", file, *ASKED, "--dry-run"))
    other = tmp_path / "other.csv"
    other.write_bytes(a_file(a_line()))
    refused = deltag("import", other, "--confirm", import_id)
    assert (refused.exit_code, "another one" in refused.output) == (2, True)
    assert living(operated) == []


def test_an_unknown_column_is_named_and_mapped(operated: Context, tmp_path: Path) -> None:
    """The command says which field has no column, and takes which one it is."""
    path = tmp_path / "boern.csv"
    path.write_bytes(a_file(a_line()).replace(b"Start", "Hvornår".encode()))
    refused = deltag("import", path, *ASKED)
    assert (refused.exit_code, "start_date" in refused.output, "Hvornår" in refused.output) == (1, True, True)
    assert deltag("import", path, *ASKED, "--column", "Hvornår=start_date").exit_code == 0
    assert living(operated) == []


def test_a_command_without_a_file_says_how(operated: Context) -> None:
    """Nothing is guessed: a file and what it is about are asked for."""
    assert deltag("import").exit_code == 2
    assert living(operated) == []


def test_killed_between_chunks_it_goes_on(operated: Context, tmp_path: Path) -> None:
    """After a kill -9 in the middle of reading, and another in the middle of applying, the end is that of a run that was let alone."""
    lines = [a_line(Fornavn=f"Barn{n}") for n in range(600)]
    path = tmp_path / "boern.csv"
    path.write_bytes(a_file(*lines))
    assert _killed("import", path, *ASKED, "--dry-run", at=2)
    with operated.work() as work:
        import_id = str(work.connection.execute(sa.text("select import_id from import")).scalar_one())
    assert run(operated, import_id).total == len(lines)
    assert _killed("import", "--confirm", import_id, at=1)
    done = deltag("import", "--confirm", import_id)
    assert (done.exit_code, "600 new, 600 applied" in done.output) == (0, True)
    assert len(living(operated)) == len(lines)


def _killed(*arguments: object, at: int) -> bool:
    """Run the command in a process of its own that kills itself after so many chunks."""
    command = [sys.executable, "-m", "services.cli", *map(str, arguments)]
    ended = subprocess.run(command, env=os.environ | {"DELTAG_CRASH_POINT": f"import.chunk:{at}"}, capture_output=True, check=False)
    return ended.returncode == -signal.SIGKILL

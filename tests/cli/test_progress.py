"""What long commands say of how far they have come."""

from io import StringIO

import pytest
from rich.console import Console

from services.cli import progress


def shown(*, terminal: bool) -> str:
    """What three steps leave behind."""
    file = StringIO()
    assert list(progress.told(Console(file=file, force_terminal=terminal, width=80), "Replaying", [100, 200, 250], 250)) == [100, 200, 250]
    return file.getvalue()


def test_a_bar_is_for_terminals_only() -> None:
    """A pipe gets no bar and no character that moves the cursor."""
    assert "\x1b" in shown(terminal=True)
    assert shown(terminal=False) == ""


def test_a_pipe_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some silence a line says how far it has come."""
    monkeypatch.setattr(progress, "SILENCE_S", 0)
    assert shown(terminal=False) == "Replaying: 100\nReplaying: 200\nReplaying: 250\n"

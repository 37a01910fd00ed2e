"""Files: Deltag's own are found, and files that matter are whole or not there."""

import stat
from pathlib import Path

from services.chassis.files import contracts, programmes, write_private


def test_contracts_and_programmes_are_found() -> None:
    """The folders that come with Deltag are where the code looks for them."""
    assert (contracts() / "enrolment.requested" / "v1.schema.json").is_file()
    assert (programmes() / "sammen-om-boern").is_dir()


def test_a_private_file_is_its_owners(tmp_path: Path) -> None:
    """Nobody else may read it, and nothing is left beside it."""
    write_private(tmp_path / "secret", "1")
    write_private(tmp_path / "secret", "2")
    assert (tmp_path / "secret").read_text() == "2"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "secret"]

"""The channels for development: a letter becomes an `.eml` file that a mail program opens, a text message a `.txt` file."""

from pathlib import Path
from typing import ClassVar
from uuid import uuid4

from services.notifications.channels import Away, Letter
from services.notifications.channels.mime import mime


class FolderChannel:
    """Writes letters into a folder. The file is named by the message id, so a letter that comes twice is there once."""

    name: ClassVar[str] = "email"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: Letter) -> None:
        """Write the file whole, or not at all. Raises `Away` when the folder cannot be written to."""
        _write(self.folder, f"{_name(letter)}.eml", mime(letter).as_bytes())

    def close(self) -> None:
        """Nothing stays open."""


class SmsFolderChannel:
    """Writes text messages into a folder in the same way: the number, an empty line, the text."""

    name: ClassVar[str] = "sms"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, letter: Letter) -> None:
        """Write the file whole, or not at all. Raises `Away` when the folder cannot be written to."""
        _write(self.folder, f"{_name(letter)}.txt", f"{letter.address}\n\n{letter.text}\n".encode())

    def close(self) -> None:
        """Nothing stays open."""


def _name(letter: Letter) -> str:
    return letter.message_id.strip("<>")


def _write(folder: Path, name: str, content: bytes) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".{uuid4().hex}"
        draft.write_bytes(content)
        draft.rename(folder / name)
    except OSError as error:
        raise Away("mail-folder-away", en="The mail folder cannot be written to.") from error

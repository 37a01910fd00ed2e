"""The channel for development: every letter becomes an `.eml` file that a mail program opens."""

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
        content = mime(letter).as_bytes()
        try:
            self._write(f"{letter.message_id.strip('<>')}.eml", content)
        except OSError as error:
            raise Away("mail-folder-away", en="The mail folder cannot be written to.") from error

    def close(self) -> None:
        """Nothing stays open."""

    def _write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{uuid4().hex}"
        draft.write_bytes(content)
        draft.rename(self.folder / name)

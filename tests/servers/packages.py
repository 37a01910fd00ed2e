"""Programs that tests need and that no Python package brings: installed by the distribution where that is possible."""

import os
import shutil
import subprocess
from pathlib import Path

INSTALLER = Path(__file__).parents[2] / "scripts" / "install-package"


def can_install() -> bool:
    """Whether this is a machine of Debian's kind, and we may install on it."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(package: str) -> None:
    """Install one package; what it brings is not started."""
    subprocess.run([INSTALLER, package], check=True)

"""The words for families that a municipality may use, from `families.toml`."""

import tomllib
from pathlib import Path
from typing import Final

from services.registration.domain.family import Vocabulary

_FILE: Final = tomllib.loads((Path(__file__).parent / "families.toml").read_text("utf-8"))

VOCABULARY: Final = Vocabulary(relations=frozenset(_FILE["relation"]), channels=frozenset(_FILE["channel"]))
"""Relations of guardians to children, and channels, by code."""

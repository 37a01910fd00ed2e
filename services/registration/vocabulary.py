"""The words for families that a municipality may use, from `families.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from services.registration.domain.family import Vocabulary
from services.registration.domain.named import Text

_FILE: Final = tomllib.loads((Path(__file__).parent / "families.toml").read_text("utf-8"))

RELATIONS: Final[Mapping[str, Text]] = _FILE["relation"]
CHANNELS: Final[Mapping[str, Text]] = _FILE["channel"]
"""How people call each, by code and language."""

VOCABULARY: Final = Vocabulary(relations=frozenset(RELATIONS), channels=frozenset(CHANNELS))
"""Relations of guardians to children, and channels, by code."""

"""The purposes that personal data are read for, from `purposes.toml`: a closed list, so that the audit can be counted and asked."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PURPOSES: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
"""Code → language → what it means."""

EXPLAINED: Final[Mapping[str, str]] = {
    language: "; ".join(f"{code} ({meaning[language]})" for code, meaning in PURPOSES.items()) for language in ("da", "en")
}
"""Language → every code with its meaning, on one line."""

"""What data and messages call by a code, and people by a name in their language."""

from collections.abc import Mapping
from dataclasses import dataclass

Text = Mapping[str, str]
"""The same words in several languages, by language code: `{"da": …, "en": …}`."""


@dataclass(frozen=True, slots=True)
class Named:
    """A code that data and messages use, and its name for people."""

    code: str
    name: Text

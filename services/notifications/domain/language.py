"""Which language a person is written to in."""

from collections.abc import Collection

FALLBACK = ("en", "da")
"""The order after the person's own language: English, then Danish."""


def readable(wanted: str | None, written: Collection[str]) -> str:
    """The language of `written` that suits a reader of `wanted` (BCP 47: `da`, `uk-UA`) best.

    Order: the tag itself, its language without region or script, English, Danish. One of `FALLBACK` must be written.
    """
    tag = (wanted or "").lower()
    return next(language for language in (tag, tag.partition("-")[0], *FALLBACK) if language in written)

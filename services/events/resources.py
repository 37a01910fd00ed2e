"""What lives as long as the process, read from files: kinds of activity, closing days, rules of overlap, and what people read."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from services.chassis.errors import Conflict, Invalid, NotFound, Reason
from services.events.domain.activity import Audience, Kind
from services.events.domain.overlap import Overlaps
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.series import ClosingDays

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Resources:
    """The kinds by their code, the texts (`da`, `en`) by the rule's slug, when nothing meets, what follows from overlaps, and why."""

    kinds: Mapping[str, Kind]
    texts: Mapping[str, Mapping[str, str]]
    closing_days: ClosingDays
    overlaps: Overlaps
    explanations: Mapping[str, Mapping[str, str]]

    def reason(self, refusal: Refusal) -> Reason:
        """The refusal as people read it."""
        text = self.texts[refusal.slug]
        return Reason(refusal.slug.value, refusal.field, text["da"].format_map(refusal.values), text["en"].format_map(refusal.values))

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Raise if there is any reason to, with every reason at once: `Conflict` if another time would do, else `Invalid`."""
        found = list(refusals)
        if found:
            kind = Conflict if all(refusal.is_about_standing for refusal in found) else Invalid
            raise kind(reasons=[self.reason(refusal) for refusal in found])

    def missing(self, slug: Slug) -> NoReturn:
        """Raise that there is no such thing."""
        raise NotFound(reasons=[self.reason(Refusal(slug, ""))])


def load(_settings: object = None) -> Resources:
    """Read the files that come with this service."""
    kinds = {code: Kind(code, Audience(row["audience"]), row["ways"]) for code, row in _read("kinds.toml").items()}
    days, overlaps = ClosingDays(**_read("closing_days.toml")), msgspec.convert(_read("overlaps.toml"), Overlaps)
    return Resources(kinds, _read("texts.toml"), days, overlaps, _read("explanations.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))

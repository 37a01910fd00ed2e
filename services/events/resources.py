"""What lives as long as the process, read from files: kinds of activity, closing days, rules of overlap, needs, and what people read."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from services.chassis.errors import Conflict, Invalid, NotFound, Reason
from services.chassis.settings import Settings
from services.events.domain.activity import Audience, Kind
from services.events.domain.need import NeedKind
from services.events.domain.overlap import Overlaps
from services.events.domain.refusal import Refusal, Slug
from services.events.domain.series import ClosingDays
from services.events.saying import LANGUAGES, fill

HERE = Path(__file__).parent
DEVELOPMENT = "http://127.0.0.1:8080/events"


@dataclass(frozen=True)
class Letters:
    """What it takes to send somebody a link that only he reads: where our pages are, and the key of notifications."""

    address: str
    public_key: str


@dataclass(frozen=True)
class Resources:
    """The kinds and what can be needed by their codes, the texts (`da`, `en`) by the rule's slug, when nothing meets, what follows
    from overlaps, and why; `names` are what codes are called.

    `surveys` is how those who came are asked how it was; without it nobody is.
    """

    kinds: Mapping[str, Kind]
    texts: Mapping[str, Mapping[str, str]]
    closing_days: ClosingDays
    overlaps: Overlaps
    explanations: Mapping[str, Mapping[str, str]]
    needs: Mapping[str, NeedKind]
    names: Mapping[str, Mapping[str, Mapping[str, str]]]
    surveys: Letters | None = None

    def reason(self, refusal: Refusal) -> Reason:
        """The refusal as people read it."""
        danish, english = (fill(self.texts[refusal.slug], refusal.values, language) for language in LANGUAGES)
        return Reason(refusal.slug.value, refusal.field, danish, english)

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        """Raise if there is any reason to, with every reason at once: `Conflict` if another time would do, else `Invalid`."""
        found = list(refusals)
        if found:
            kind = Conflict if all(refusal.is_about_standing for refusal in found) else Invalid
            raise kind(reasons=[self.reason(refusal) for refusal in found])

    def missing(self, slug: Slug) -> NoReturn:
        """Raise that there is no such thing."""
        raise NotFound(reasons=[self.reason(Refusal(slug, ""))])


def load(settings: Settings | None = None) -> Resources:
    """Read the files that come with this service, and what the settings say of its letters."""
    kinds = {code: Kind(code, Audience(row["audience"]), row["ways"]) for code, row in _read("kinds.toml").items()}
    days, overlaps = ClosingDays(**_read("closing_days.toml")), msgspec.convert(_read("overlaps.toml"), Overlaps)
    needs = {code: _need_kind(code, row) for code, row in _read("needs.toml").items()}
    explanations, names = _read("explanations.toml"), _read("names.toml")
    return Resources(kinds, _read("texts.toml"), days, overlaps, explanations, needs, names, _letters(settings))


def _letters(settings: Settings | None) -> Letters | None:
    """None where nothing says how to reach people; on a developer's machine, our pages are where `deltag up` has them."""
    if settings is None or not settings.notifications_public_key:
        return None
    address = settings.events_url or ("" if settings.production else DEVELOPMENT)
    return Letters(address.rstrip("/"), settings.notifications_public_key) if address else None


def _need_kind(code: str, row: Mapping[str, Any]) -> NeedKind:
    title = {"da": row["da"], "en": row["en"]}
    return NeedKind(code, row["most"], row["on_list"], title, row.get("options", {}))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))

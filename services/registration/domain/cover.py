"""How many of an institution's staff may be away at once (normering): rules that are data. The service events keeps to them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CoverRule:
    """At most `most_away` of one institution at a time: of these, or of each where it names none. A soft rule only warns."""

    code: str
    most_away: int
    institutions: tuple[str, ...] = ()
    hard: bool = True

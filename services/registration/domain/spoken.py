"""What a request is about, and who sends it: by that it is decided whether he may ask."""

from typing import NamedTuple


class Spoken(NamedTuple):
    """An enrolment, a child, a guardian, a professional or a consent, its id, and the source of who speaks of it."""

    kind: str
    id: str
    source: str

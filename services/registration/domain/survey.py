"""What a programme asks those who came to an activity, anonymously (evaluering): questions that are data.

They are asked and answered in the service events; here they are kept with the programme, and told.
"""

from dataclasses import dataclass
from enum import StrEnum

from services.registration.domain.named import Named, Text


class SurveyKind(StrEnum):
    """What an answer is: one of the question's options, or words of one's own."""

    CHOICE = "choice"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """One question. It is asked after activities of these kinds; after all, where it names none."""

    code: str
    text: Text
    kind: SurveyKind
    options: tuple[Named, ...] = ()
    activity_kinds: tuple[str, ...] = ()

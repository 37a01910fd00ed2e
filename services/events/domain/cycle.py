"""A cycle (forløb af flere led): learning lab, practice and supervision as one: who signs up comes to all of it, and completes it as one.

Its parts are ordinary activities, each with its own seats and line; a party may have a seat in one and wait for another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.events.domain.activity import Activity
from services.events.domain.completion import Completion
from services.events.domain.refusal import Refusal, Slug


@dataclass(frozen=True)
class Cycle:
    """`parts` are the ids of its activities, in the order in which they follow each other."""

    cycle_id: str
    programme: str
    title: Mapping[str, str]
    parts: Sequence[str]


@dataclass(frozen=True)
class CycleCompletion:
    """How many of a cycle's parts somebody completed, who has a seat in any."""

    person_id: str
    parts: int
    completed: bool


def why_not_cycle(cycle: Cycle, parts: Mapping[str, Activity]) -> Iterator[Refusal]:
    """Every reason why these activities are no cycle: one is not there, stands twice, is another programme's, or is for others."""
    kinds = {parts[part].kind for part in cycle.parts if part in parts}
    for index, part in enumerate(cycle.parts):
        if part not in parts:
            yield Refusal(Slug.ACTIVITY_NOT_FOUND, f"/parts/{index}")
        elif part in cycle.parts[:index]:
            yield Refusal(Slug.ACTIVITY_TWICE, f"/parts/{index}")
        elif parts[part].programme != cycle.programme:
            yield Refusal(Slug.PART_OF_ANOTHER_PROGRAMME, f"/parts/{index}")
    if len(kinds) == 1 and len(cycle.parts) > 1:
        yield Refusal(Slug.CYCLE_OF_ONE_KIND, "/parts")


def completions(parts: Iterable[tuple[Activity, Sequence[Completion]]]) -> list[CycleCompletion]:
    """Who completed how many parts, by the id of the person. A part that nobody completes by a number of sessions takes one."""
    done: dict[str, int] = {}
    number = 0
    for activity, found in parts:
        number += 1
        for one in found:
            is_done = one.attended > 0 if activity.completes_with is None else one.of(activity)
            done[one.person_id] = done.get(one.person_id, 0) + is_done
    return [CycleCompletion(person_id, parts_done, parts_done == number) for person_id, parts_done in sorted(done.items())]

"""What holds for every file, whatever stands in it and whatever is stored already."""

from collections.abc import Iterator, Mapping
from itertools import count, islice
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.service import Context
from services.chassis.tables import as_csv
from services.registration.imports import handlers, passes
from services.registration.imports.record import WORKING, Deed, Outcome, State, Status
from services.registration.imports.running import Run
from tests.registration.builders import a_number
from tests.registration.imports.desk import HEADER, a_file, a_line, checked, confirmed, found, living, outcomes, rows, run, sent, undone

universes = count()
law = settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])

PLANS = st.lists(
    st.fixed_dictionaries(
        {
            "child": st.integers(0, 3),
            "mother": st.integers(0, 2),
            "email": st.sampled_from(["", "1", "2"]),
            "phone": st.sampled_from(["", "20000017", "20000018"]),
            "house": st.sampled_from(["151001", "151002", "999999"]),
            "start": st.sampled_from(["01.03.2024", "1/4-24", "31.02.2024"]),
            "custody": st.sampled_from(["ja", "ja", "ja", "nej"]),
        }
    ),
    min_size=1,
    max_size=9,
)


class Universe:
    """Children and mothers of an example's own, under a family name of their own."""

    def __init__(self) -> None:
        self.family = f"Prøvesen {next(universes)}"
        self.children = [a_number() for _ in range(4)]
        self.mothers = [a_number("1991-03-09") for _ in range(3)]

    def file(self, plan: list[dict[str, Any]]) -> bytes:
        """A file of these lines, some of which cannot be read or are refused."""
        return a_file(*map(self._line, plan))

    def _line(self, one: Mapping[str, Any]) -> dict[str, str]:
        mother = f"Mor {one['mother']}"
        email = f"mor{one['mother']}.{one['email']}@example.org" if one["email"] else ""
        return a_line(
            CPR=self.children[one["child"]],
            Fornavn=f"Barn {one['child']}",
            Efternavn=self.family,
            **{"Institution": one["house"], "Start": one["start"], "Forælder 1 fornavn": mother, "Forælder 1 efternavn": self.family},
            **{"Forælder 1 CPR": self.mothers[one["mother"]], "Forælder 1 e-mail": email, "Forælder 1 telefon": one["phone"]},
            **{"Forælder 1 myndighed": one["custody"]},
        )


@law
@given(PLANS, PLANS)
def test_confirming_does_just_what_the_report_said(registration: Context, before: list[dict[str, Any]], plan: list[dict[str, Any]]) -> None:
    """Nothing moves between the two; each field is stored as the last line that changes it said, and nothing else changes."""
    universe = Universe()
    confirmed(registration, checked(registration, universe.file(before)))
    stored = told(registration, universe)
    imported = checked(registration, universe.file(plan))
    promised = rows(registration, imported)
    assert told(registration, universe) == stored
    confirmed(registration, imported)
    done = rows(registration, imported)
    assert {row.deed for row in done if row.outcome and row.outcome.status in {Status.NEW, Status.CHANGED}} <= {Deed.APPLIED}
    assert [row.fingerprint for row in done] == [row.fingerprint for row in promised]
    assert told(registration, universe) == stored | expected(promised)


@law
@given(PLANS)
def test_applying_a_file_twice_changes_nothing(registration: Context, plan: list[dict[str, Any]]) -> None:
    """The same file again finds nobody new, and leaves everything as it was."""
    universe = Universe()
    confirmed(registration, checked(registration, universe.file(plan)))
    stored = living(registration, universe.family)
    again = checked(registration, universe.file(plan))
    assert Status.NEW not in {outcome.status for outcome in outcomes(registration, again)}
    confirmed(registration, again)
    assert living(registration, universe.family) == stored


@law
@given(PLANS, PLANS)
def test_undoing_restores_what_was(registration: Context, before: list[dict[str, Any]], plan: list[dict[str, Any]]) -> None:
    """Whoever was enrolled, linked or changed by a file is again as before it, and nobody else is known."""
    universe = Universe()
    confirmed(registration, checked(registration, universe.file(before)))
    stored, known = living(registration, universe.family), everybody(registration, universe)
    imported = confirmed(registration, checked(registration, universe.file(plan)))
    undone(registration, imported)
    assert (living(registration, universe.family), everybody(registration, universe)) == (stored, known)
    assert {row.deed for row in rows(registration, imported)} <= {None, Deed.UNDONE}


def everybody(context: Context, universe: Universe) -> list[tuple[Any, ...]]:
    """Every child and guardian of an example who is stored, whether or not anything holds between them."""
    query = sa.text(
        "select child_id, given_name from child where family_name = :family union all"
        " select guardian_id, given_name from guardian where family_name = :family order by 1"
    )
    with context.work() as work:
        return [tuple(row) for row in work.connection.execute(query, {"family": universe.family})]


@law
@given(PLANS, st.lists(st.integers(1, 3), min_size=6, max_size=6))
def test_broken_off_between_chunks_it_ends_the_same(registration: Context, plan: list[dict[str, Any]], breaks: list[int]) -> None:
    """Whoever comes after a kill goes on: every line is read and done once, and the end is that of a run that was let alone."""
    alone, broken = Universe(), Universe()
    confirmed(registration, checked(registration, alone.file(plan)))
    with patch.object(passes, "CHUNK", 2):
        import_id = sent(registration, broken.file(plan))
        broken_off(registration, import_id, breaks)
        with registration.work() as work:
            handlers.confirm(import_id, found(registration, import_id).report or "", work)
        broken_off(registration, import_id, breaks)
    assert nameless(living(registration, broken.family)) == nameless(living(registration, alone.family))
    assert run(registration, import_id).done == len(plan)


@law
@given(st.one_of(st.binary(max_size=200), st.lists(st.lists(st.text(max_size=20), min_size=len(HEADER), max_size=len(HEADER)), max_size=3)))
def test_whatever_a_file_holds_it_comes_to_an_end(registration: Context, content: bytes | list[list[str]]) -> None:
    """No byte and no character keeps an import from being checked, or from saying why it is not."""
    table = content if isinstance(content, bytes) else as_csv([HEADER, *content]).encode()
    imported = run(registration, sent(registration, table))
    assert imported.state in {State.CHECKED, State.MAPPING, State.UNREADABLE}
    assert (imported.state is State.CHECKED) is not bool(imported.trouble)
    assert "defect" not in {one["slug"] for one in imported.trouble}


def broken_off(context: Context, import_id: str, breaks: list[int]) -> None:
    """Let one after the other do a few chunks and vanish, until there is nothing to do."""
    for chunks in breaks:
        list(islice(Run(context, import_id).chunks(), chunks))
    run(context, import_id)
    assert found(context, import_id).state not in WORKING


def nameless(stored: Any) -> list[tuple[Any, ...]]:
    """Without the hash of the number, which differs between universes."""
    return [row[:-1] for row in stored]


def told(context: Context, universe: Universe) -> dict[tuple[str, str], Any]:
    """Everything that a report may tell of, by whom it is about and the field."""
    enrolments = sa.text(
        "select c.given_name as child, e.track, i.code as institution, e.start_date::text from child c join enrolment e using (child_id)"
        " join institution i using (institution_id) where c.family_name = :family and e.status = 'accepted'"
    )
    guardians = sa.text("select given_name, email, phone, language from guardian where family_name = :family")
    custody = sa.text(
        "select c.given_name || '/' || g.given_name as who, case when custody then 'yes' else 'no' end as custody from guardianship"
        " join child c using (child_id) join guardian g using (guardian_id) where c.family_name = :family"
    )
    with context.work() as work:
        rows_of = [work.connection.execute(one, {"family": universe.family}).mappings().all() for one in (enrolments, guardians, custody)]
    found_rows = [[*row.items()] for some in rows_of for row in some]
    return {(str(who), name): value for (_, who), *rest in found_rows for name, value in rest if value}


def expected(promised: Any) -> dict[tuple[str, str], Any]:
    """What the changes of a report come to, one line after the other."""
    return {key: value for row in promised if row.outcome for key, value in _changes(row.outcome, row.reading.values)}


def _changes(outcome: Outcome, values: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], Any]]:
    child, mother = values.get("child.given_name", ""), values.get("guardian1.given_name", "")
    for change in outcome.changes:
        owner, _, name = change.field.rpartition(".")
        if not owner:
            yield (child, change.field), change.after
        elif name == "custody":
            yield (f"{child}/{mother}", name), change.after
        elif owner.startswith("guardian") and name in {"email", "phone", "language"} and change.after:
            yield (mother, name), change.after

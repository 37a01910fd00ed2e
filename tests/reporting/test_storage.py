"""How units are found, dated and placed: the rules in `units/`, through facts in and counts out."""

import pytest
import sqlalchemy as sa

from services.chassis.service import Context
from services.chassis.testing import parked
from services.reporting.domain.figures import TOTAL, Cell
from services.reporting.domain.measures import FAMILIES
from services.reporting.storage import PROJECTIONS
from tests.reporting.story import (
    PROGRAMME,
    Fact,
    activity,
    came,
    consent,
    enrolled,
    id_of,
    mail,
    merged,
    moved,
    own_consent,
    professional,
    rejected,
    signed_up,
    tell,
    tell_next,
    town,
    whole_story,
)

FAMILY = {family.name: family for family in FAMILIES}


def counts(context: Context, family: str, by: str = "") -> dict[tuple[str, str], int]:
    """A table's numbers by row and part; those of the bottom line if no table is named."""
    with context.work() as work:
        found = work.tallies.counts(FAMILY[family], PROGRAMME, None, None)
    return {(cell.row, cell.column): count.value for cell, count in found.items() if cell.by == by}


def totals(context: Context, family: str) -> dict[str, int]:
    """The bottom line by part."""
    return {part: value for (_, part), value in counts(context, family).items() if part != TOTAL}


def test_child_is_counted_once(context: Context) -> None:
    """A child that moved to another house is one child, at the house where it was enrolled last, since its first day."""
    tell(context, [*town(), enrolled("alma", "globen", start="2023-08-01"), enrolled("alma", "kastanjen", start="2024-03-01")])
    assert counts(context, "children")["", TOTAL] == 1
    assert counts(context, "children", "place")["baltorp/kastanjen", TOTAL] == 1
    assert counts(context, "children", "month")["2023/2023-08", TOTAL] == 1


def test_a_house_that_moved_has_a_row_in_each_of_its_districts(context: Context) -> None:
    """Who was enrolled before the move stays counted in the old district and who came after it in the new one, each row with its name."""
    move = moved("globen", "baltorp", "2024-01-01", until="2023-12-31")
    before, after = enrolled("alma", "globen", start="2023-08-01"), enrolled("bo", "globen", start="2024-02-01")
    tell(context, [*town(), before, move, after._replace(data=after.data | {"district": "baltorp"})])
    rows = counts(context, "children", "place")
    assert (rows["hedegaarden/globen", TOTAL], rows["baltorp/globen", TOTAL]) == (1, 1)
    with context.work() as work:
        places = [place for place in work.tallies.institutions(PROGRAMME) if place.code == "globen"]
    assert [(place.district, place.name) for place in places] == [("baltorp", "Globen"), ("hedegaarden", "Globen")]


def test_a_move_before_the_programme_is_none_of_its_rows(context: Context) -> None:
    """A district in which a house lay only before the programme began has no row for it."""
    tell(context, [*town(), moved("globen", "baltorp", "2020-01-01", until="2019-12-31")])
    with context.work() as work:
        assert [place.district for place in work.tallies.institutions(PROGRAMME) if place.code == "globen"] == ["baltorp"]


def test_siblings_who_start_on_one_day_do_not_count_their_mother_twice(context: Context) -> None:
    """A guardian of two children in two houses belongs to one of them on each day, so that she is one seat at a session."""
    mother = {"guardian_ids": [id_of("alma mother")]}
    alma, bo = enrolled("alma", "globen"), enrolled("bo", "kastanjen")
    told = [*town(), alma, bo._replace(data=bo.data | mother), activity(), signed_up("alma", party=("alma mother",)), came("alma mother")]
    tell(context, told)
    rows = counts(context, "attendance", "place")
    assert sum(rows.get((place, TOTAL), 0) for place in ("hedegaarden/globen", "baltorp/kastanjen")) == 1


def test_a_period_that_ends_before_it_starts_hides_no_report(context: Context) -> None:
    """Whatever is told of a house, the report of the others can be made."""
    tell(context, [*town(), moved("globen", "baltorp", "2024-01-01", until="0001-01-01")])
    assert counts(context, "children") == {}
    with context.work() as work:
        assert "kastanjen" in {place.code for place in work.tallies.institutions(PROGRAMME)}


def test_what_a_family_did_before_it_moved_stays_where_it_was(context: Context) -> None:
    """Attendance and sign-ups count at the place of the enrolment of their own day, also when the child is enrolled elsewhere later."""
    told = [*town(), enrolled("alma", "globen", start="2023-08-01"), activity(), signed_up("alma"), came("alma", on="2024-03-15")]
    tell(context, told)
    kept = {family: counts(context, family, "place") for family in ("attendance", "signups")}
    tell(context, [enrolled("alma", "kastanjen", start="2024-06-01")])
    assert {family: counts(context, family, "place") for family in kept} == kept
    assert kept["attendance"]["hedegaarden/globen", TOTAL] == len(("alma", "alma mother"))


def test_child_withdrawn_when_all_enrolments_are(context: Context) -> None:
    """A child with one enrolment left is still active; when the last is withdrawn, it is not."""
    tell(context, [*town(), enrolled("alma", "globen"), enrolled("alma", "sesam"), enrolled("alma", "sesam", fact="withdrawn")])
    assert totals(context, "children") == {"children-not-yet": 1}
    tell_more = [enrolled("bo"), enrolled("bo", fact="withdrawn")]
    tell(context, tell_more)
    assert totals(context, "children") == {"children-not-yet": 1, "children-withdrawn": 1}


def test_a_child_who_should_not_have_come_is_counted_nowhere(context: Context) -> None:
    """An enrolment that is told to have never been counts no child, not even as withdrawn; the others count as before."""
    tell(context, [*town(), enrolled("alma"), enrolled("bo"), enrolled("bo", fact="withdrawn", was_enrolled=False)])
    assert totals(context, "children") == {"children-not-yet": 1}


@pytest.mark.parametrize(
    ("status", "part"),
    [
        ("invited", {}),
        ("interested", {}),
        ("active", {"children-not-yet": 1}),
        ("paused", {"children-not-yet": 1}),
        ("completed", {"children-not-yet": 1}),
    ],
)
def test_child_counts_from_its_acceptance_on(context: Context, status: str, part: dict[str, int]) -> None:
    """Who was invited is nobody's figure yet; who begins, pauses or completes is the child that was enrolled."""
    before = [enrolled("alma")] if part else []
    tell(context, [*town(), *before, enrolled("alma", fact="changed", status=status, was_enrolled=bool(part))])
    assert totals(context, "children") == part


def test_declined_invitation_is_no_withdrawn_child(context: Context) -> None:
    """A family that was invited and said no was never enrolled."""
    invited = enrolled("alma", fact="changed", status="invited", was_enrolled=False)
    tell(context, [*town(), invited, enrolled("alma", fact="withdrawn", was_enrolled=False)])
    assert totals(context, "children") == {}


def test_child_counts_where_it_moved(context: Context) -> None:
    """A move takes the child's count along, and makes no second child of it."""
    moved = enrolled("alma", "globen")
    there = enrolled("alma", "globen", fact="changed", institution="kastanjen", district="baltorp", status="active", was_enrolled=True)
    tell(context, [*town(), moved, there])
    assert counts(context, "children", "place")["baltorp/kastanjen", TOTAL] == 1
    assert counts(context, "children")["", TOTAL] == 1


@pytest.mark.parametrize(
    ("state", "part"), [("present", "children-taking-part"), ("late", "children-taking-part"), ("absent", "children-not-yet")]
)
def test_child_takes_part_once_it_came(context: Context, state: str, part: str) -> None:
    """Coming in time or late is taking part, staying away is not."""
    tell(context, [*town(), enrolled("alma"), activity(), signed_up("alma"), came("alma", state)])
    assert totals(context, "children") == {part: 1}


def test_consent_is_that_to_take_part(context: Context) -> None:
    """Children are counted by whether consent to take part is given, withdrawn, or was never given."""
    tell(context, [*town(), *map(enrolled, ("alma", "bo", "carl")), consent("alma"), consent("bo"), consent("bo", "withdrawn")])
    rows = counts(context, "children", "consent")
    assert {row: rows[row, TOTAL] for row, part in rows if part == TOTAL} == {"given": 1, "withdrawn": 1, "none": 1}


def test_one_guardians_withdrawal_stands_against_the_others_consent(context: Context) -> None:
    """What the mother agreed to does not make up for what the father has taken back."""
    fathers = [consent("alma", by="father"), consent("alma", "withdrawn", by="father")]
    tell(context, [*town(), enrolled("alma"), *fathers, consent("alma")])
    rows = counts(context, "children", "consent")
    assert {row for row, part in rows if part == TOTAL} == {"withdrawn"}


def test_who_does_not_want_to_be_counted_is_in_no_figure(context: Context) -> None:
    """A child, a mother and a pedagogue who have taken back their consent to statistics count nowhere, until it is given anew."""
    against = [consent("alma", "given", purpose="statistics"), consent("alma", "withdrawn", purpose="statistics")]
    against += [fact for who in ("bo mother", "pia") for fact in (own_consent(who), own_consent(who, "withdrawn"))]
    people = [*map(enrolled, ("alma", "bo")), professional("pia"), signed_up("alma"), signed_up("bo"), mail("bo")]
    tell(context, [*town(), activity(), *people, came("alma"), came("bo"), came("bo mother"), *against])
    assert totals(context, "children") == {"children-taking-part": 1}
    assert totals(context, "attendance") == {"attended": 1, "unknown": 1}
    assert (totals(context, "signups"), totals(context, "mails"), totals(context, "professionals")) == ({}, {}, {})
    tell(context, [consent("alma", purpose="statistics", by="father")])
    assert totals(context, "children") == {"children-taking-part": 1}


def test_two_who_are_one_count_as_one(context: Context) -> None:
    """A child that was stored twice is one child, at the place of its latest enrolment, with what it came to under either id."""
    story = [*town(), activity(), enrolled("alma", "globen", start="2023-08-01"), enrolled("alma again", "kastanjen")]
    story += [signed_up("alma"), signed_up("alma again"), came("alma"), consent("alma")]
    tell(context, [*story, merged("alma", "alma again"), merged("alma mother", "alma again mother")])
    assert totals(context, "children") == {"children-taking-part": 1}
    assert counts(context, "children", "place")["baltorp/kastanjen", TOTAL] == 1
    assert {row for row, part in counts(context, "children", "consent") if part == TOTAL} == {"given"}
    assert totals(context, "attendance") == {"attended": 1, "unknown": 1}
    assert counts(context, "signups", "place")["baltorp/kastanjen", "seated"] == 2
    tell_next(context, [merged("alma", None), merged("alma mother", None)])
    assert totals(context, "children") == {"children-taking-part": 1, "children-not-yet": 1}


def test_rejection_counts_under_its_first_reason(context: Context) -> None:
    """A rejection with two reasons is one rejection."""
    tell(context, [*town(), rejected("r1", "child-too-old", "missing-guardian"), rejected("r2", "missing-guardian")])
    assert totals(context, "rejections") == {"child-too-old": 1, "missing-guardian": 1}


def test_month_is_that_of_copenhagen(context: Context) -> None:
    """What happened late on the last evening of a month in UTC belongs to the next month in Copenhagen."""
    tell(
        context,
        [
            *town(),
            rejected("r1", "child-too-old", time="2024-03-31T22:30:00Z"),
            rejected("r2", "child-too-old", time="2024-12-31T22:30:00Z"),
        ],
    )
    rows = counts(context, "rejections", "month")
    assert {row for row, _ in rows} == {"2024", "2024/2024-04", "2024/2024-12"}


def test_family_signs_up_from_home(context: Context) -> None:
    """A sign-up counts at the house where the child is enrolled, not where the activity is held."""
    tell(context, [*town(), enrolled("alma", "kastanjen"), activity(at="globen"), signed_up("alma")])
    assert counts(context, "signups", "place")["baltorp/kastanjen", "seated"] == 1


def test_guardian_alone_signs_up_from_home_too(context: Context) -> None:
    """A mother who comes without her child is counted at the child's house."""
    tell(context, [*town(), enrolled("alma", "kastanjen"), activity(at="globen"), signed_up("alma", party=["alma mother"])])
    assert counts(context, "signups", "place")["baltorp/kastanjen", "seated"] == 1


def test_professional_signs_up_at_the_activity(context: Context) -> None:
    """A professional's sign-up counts at the activity's house."""
    tell(context, [*town(), professional("pia", "sesam"), activity(at="globen"), signed_up("pia", party=["pia"])])
    assert counts(context, "signups", "place")["hedegaarden/globen", "seated"] == 1


def test_promoted_is_not_seated_at_once(context: Context) -> None:
    """A seat is a seat; by state, those had at once are apart from those from the waiting list."""
    facts = [
        signed_up("alma"),
        signed_up("bo", fact="waitlisted"),
        signed_up("carl", fact="waitlisted"),
        signed_up("carl", fact="promoted"),
    ]
    tell(context, [*town(), activity(), *facts, signed_up("dagny"), signed_up("dagny", fact="cancelled")])
    assert totals(context, "signups") == {"seated": 2, "waiting": 1, "cancelled": 1}
    states = counts(context, "signups", "state")
    assert {row: n for (row, part), n in states.items() if part == TOTAL} == {"at-once": 1, "promoted": 1, "waiting": 1, "cancelled": 1}


def test_seat_without_record_is_unknown(context: Context) -> None:
    """Every seat at a session that has begun counts; where nobody wrote down whether the person came, that is unknown."""
    tell(context, [*town(), enrolled("alma"), activity(), signed_up("alma"), came("alma")])
    assert totals(context, "attendance") == {"attended": 1, "unknown": 1}


def test_session_to_come_has_no_seats_yet(context: Context) -> None:
    """Seats at a session count from when it begins."""
    tell(context, [*town(), activity(sessions=["2024-04-10T14:30:00Z", "2031-01-01T10:00:00Z"]), signed_up("alma")])
    assert totals(context, "attendance") == {"unknown": 2}


def test_waiting_family_has_no_seat(context: Context) -> None:
    """Only sign-ups with a seat can stay away."""
    tell(context, [*town(), activity(), signed_up("alma", fact="waitlisted"), signed_up("bo"), signed_up("bo", fact="cancelled")])
    assert totals(context, "attendance") == {}


def test_drop_in_is_counted(context: Context) -> None:
    """Whoever came without a seat is counted all the same."""
    tell(context, [*town(), enrolled("alma"), activity(), came("alma")])
    assert totals(context, "attendance") == {"attended": 1}


def test_called_off_activity_has_no_seats(context: Context) -> None:
    """Nobody stayed away from what was called off."""
    tell(context, [*town(), activity(), signed_up("alma"), activity(fact="called-off")])
    assert totals(context, "attendance") == {}


def test_professionals_by_profession(context: Context) -> None:
    """Professionals are counted at their own house, and take part once they came."""
    tell(context, [*town(), professional("pia", "sesam"), professional("per", profession="ppr"), activity(), came("pia")])
    assert totals(context, "professionals") == {"professionals-taking-part": 1, "professionals-not-yet": 1}
    assert counts(context, "professionals", "profession")["ppr", TOTAL] == 1


def test_mail_counts_by_its_last_fate(context: Context) -> None:
    """A mail that failed first and was sent after is sent."""
    tell(context, [*town(), activity(), mail("alma", "failed"), mail("alma", "sent"), mail("bo", "suppressed")])
    assert totals(context, "mails") == {"mails-sent": 1, "mails-suppressed": 1}


def test_nothing_is_parked(context: Context) -> None:
    """Every fact of the whole story is read."""
    tell(context, whole_story(40))
    assert parked(context) == []


def test_one_statement_a_batch(context: Context) -> None:
    """A batch of facts of one type costs as many statements, however large it is."""
    tell(context, [*town(), enrolled("first")])
    assert statements(context, [enrolled(f"child {n}") for n in range(2)]) == statements(
        context, [enrolled(f"more {n}") for n in range(200)]
    )


def statements(context: Context, facts: list[Fact]) -> int:
    """How many statements it takes to take these facts."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    sa.event.listen(context.database.engine, "before_cursor_execute", note)
    tell(context, facts)
    sa.event.remove(context.database.engine, "before_cursor_execute", note)
    return len(seen)


def test_projections_hold_no_names(context: Context) -> None:
    """No table has a column for who somebody is: ids, codes, dates and states only."""
    columns = {column.name for table in PROJECTIONS for column in table.columns}
    assert not columns & {"given_name", "family_name", "cpr_number", "email", "phone", "birth_date", "address"}
    with context.work() as work:
        there = {
            row.column_name
            for row in work.connection.execute(sa.text("select column_name from information_schema.columns where table_schema = 'public'"))
        }
    assert columns <= there


def test_cells_name_their_table(context: Context) -> None:
    """Counts come with the table, the row and the part that they belong to."""
    tell(context, [*town(), enrolled("alma", "globen")])
    with context.work() as work:
        found = work.tallies.counts(FAMILY["children"], PROGRAMME, None, None)
    assert found[Cell("place", "hedegaarden", "children-not-yet")] == (1, 1)

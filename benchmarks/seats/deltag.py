"""Deltag's own sign-up, by the handlers that its HTTP door calls, in a unit of work that commits what it tells as well."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from benchmarks.seats import plain
from benchmarks.seats.rivals import CHILDREN, SEATS, Desk, Family, Stand
from services.chassis.database import Database
from services.chassis.http import Cause
from services.chassis.ids import new_id
from services.chassis.migrating import migrate
from services.chassis.service import Context
from services.events.domain.activity import Activity
from services.events.domain.quota import Quota
from services.events.domain.rule import Condition, Rule
from services.events.domain.signup import Member, PartyRole, SignupStatus
from services.events.handlers import activities as opening
from services.events.handlers import overlapping, signups
from services.events.service import SERVICE
from tests.events import builders
from tests.events.town import Town
from tests.settings import settings_for

_CHILDREN = Quota("children", Rule(all=(Condition(roles=(PartyRole.CHILD,)),)), CHILDREN)
_STORE = (
    f"""
    insert into signup (signup_id, activity_id, contact_id, seats, number, status, signed_up_at, place, counted)
    select uuidv7(), a.id, gen_random_uuid(), 2, a.families + k + 1, case when a.families + k < 10 then 'seated' else 'waiting' end,
        now(), a.families + k + 1, '{{"children": 1}}'
    from {plain.EACH.format(table="signup")}
    """,  # noqa: S608 - our own text
    """
    insert into party (signup_id, place, activity_id, person_id, role)
    select s.signup_id, r.place, s.activity_id, case r.role when 'guardian' then s.contact_id else gen_random_uuid() end, r.role
    from (select * from signup order by signup_id desc limit %(more)s) s, (values (0, 'guardian'), (1, 'child')) as r(place, role)
    """,
    """
    insert into decision (signup_id, activity_id, what, at, "values")
    select signup_id, activity_id, case status when 'seated' then 'seated' else 'waits' end, signed_up_at, '{"seats": 2}'
    from (select * from signup order by signup_id desc limit %(more)s) s
    """,
    """
    update activity a set last_number = s.families, taken = 2 * s.seated, waiting = s.families - s.seated
    from (select activity_id, count(*) as families, count(*) filter (where status = 'seated') as seated from signup group by 1) s
    where s.activity_id = a.activity_id
    """,
    "update quota q set taken = a.taken / 2 from activity a where a.activity_id = q.activity_id",
)
_STANDS = """
select a.taken, (select count(*) from signup s where s.activity_id = a.activity_id) from activity a
where a.activity_id = any(%(activities)s::uuid[])
"""


class Deltag:
    """The service events."""

    name = "deltag"

    def prepare(self, url: str) -> None:
        """By its migrations; the programme and its places are known."""
        with context_at(url) as context:
            migrate(context.database, SERVICE.migrations)
            Town(context)

    def open(self, url: str, number: int) -> Sequence[str]:
        """As an organiser opens them."""
        with context_at(url) as context, context.work() as work:
            return [opening.open_activity(an_activity(), work, Cause(new_id()))[0].activity_id for _ in range(number)]

    def welcome(self, url: str, number: int) -> Sequence[Family]:
        """As registration tells of their enrolments."""
        with context_at(url) as context:
            families = Town.enrols_all(_Known(context), [builders.a_family(guardians=1) for _ in range(number)])
            return [Family(family.mother, family.children[0]) for family in families]

    def store(self, url: str, activities: Sequence[str], more: int) -> None:
        """Sign-ups with their parties and decisions, and the counts."""
        plain.filled(url, _STORE, activities, more)

    @contextmanager
    def desk(self, url: str) -> Iterator[Desk]:
        """One connection of the service's own."""
        with context_at(url) as context:
            yield lambda activity_id, family: _sign_up(context, activity_id, family)

    def stands(self, url: str, activities: Sequence[str]) -> Sequence[Stand]:
        """As it tells itself how many seats are taken."""
        return plain.stood(url, _STANDS, activities)


class _Known(Town):
    """A town that has been told of."""

    def __init__(self, context: Context) -> None:
        self.context = context


@contextmanager
def context_at(url: str) -> Iterator[Context]:
    """The service on that database, with one connection."""
    settings = settings_for(SERVICE.name, database_url=url)
    database = Database(url, pool_size=1)
    try:
        yield Context(SERVICE, settings, database, SERVICE.resources(settings), lambda: datetime.now(UTC))
    finally:
        database.close()


def an_activity(capacity: int = SEATS) -> Activity:
    """A workshop next week with these seats, half of them for children at most."""
    session = builders.a_session(datetime.now(UTC) + timedelta(days=7))
    return builders.a_workshop(capacity, sessions=[session], quotas=[_CHILDREN])


def _sign_up(context: Context, activity_id: str, family: Family) -> bool:
    party = [Member(family.guardian, PartyRole.GUARDIAN), Member(family.child, PartyRole.CHILD)]
    with context.work() as work:
        overlapping.hold_party(party, work)
        signup, _ = signups.sign_up(activity_id, party, None, work, Cause(new_id()))
        overlapping.judge(signup, work, is_new=True)
    return signup.status is SignupStatus.SEATED

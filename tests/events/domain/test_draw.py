"""A draw: chance by the lots, the same whenever it is repeated, and no seed but the promised one."""

from hashlib import sha256
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.events.domain.draw import DrawRule, Ticket, Weight, best_lot, hold, prepare
from services.events.domain.line import LAST, LineRule, Order, Traits
from tests.events.builders import NOW

SEED = "5e" * 32
TICKETS = st.lists(st.builds(Ticket, st.uuids().map(str), st.integers(1, 5)), max_size=20, unique_by=lambda ticket: ticket.signup_id)
NEVER_REACHED = LineRule(draw=DrawRule(NOW, [Weight(3, never_reached=True), Weight(2, people_from=5)]))


@given(TICKETS, st.randoms())
def test_the_order_does_not_depend_on_who_came_first(tickets: list[Ticket], chance: Random) -> None:
    """However the tickets are shuffled, they are drawn in the same order, each once, in places from one on."""
    drawn = hold(SEED, tickets)
    chance.shuffle(tickets)
    assert hold(SEED, tickets) == drawn
    assert sorted(ticket.signup_id for ticket in drawn) == sorted(ticket.signup_id for ticket in tickets)
    assert [ticket.place for ticket in drawn] == list(range(1, len(tickets) + 1))


def test_three_lots_come_first_three_times_out_of_four() -> None:
    """Of two thousand draws between three lots and one, three lots win about fifteen hundred."""
    many, one = Ticket(str(UUID(int=1)), 3), Ticket(str(UUID(int=2)), 1)
    wins = sum(hold(f"{number:064x}", [many, one])[0].signup_id == many.signup_id for number in range(2_000))
    assert 1_430 < wins < 1_570


def test_more_lots_are_never_worse() -> None:
    """A lot more can only better a sign-up's best one."""
    lots = [best_lot(SEED, Ticket("a", number)) for number in range(1, 9)]
    assert lots == sorted(lots)


def test_what_is_promised() -> None:
    """The commitment is the seed's own, every draw has a seed of its own, and no draw is held beforehand."""
    one, other = prepare("a", NOW), prepare("a", NOW)
    assert one.commitment == sha256(bytes.fromhex(one.seed)).hexdigest()
    assert (one.seed != other.seed, one.drawn_at) == (True, None)


def test_lots_of_a_party() -> None:
    """The first weight that has a party says how many lots it has, else it has one; and until it is drawn it stands last."""
    parties = [Traits(2, never_reached=True), Traits(5, never_reached=False), Traits(2, never_reached=False)]
    assert [NEVER_REACHED.lots(traits) for traits in parties] == [3, 2, 1]
    assert (NEVER_REACHED.rank(parties[0]), NEVER_REACHED.order, NEVER_REACHED.asks_reach) == (LAST, Order.DRAW, True)

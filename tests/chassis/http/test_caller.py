"""How far a role reaches."""

from services.chassis.http import Caller, Grant, Role

LEADER = Grant(Role.LEADER, "0151", frozenset({"birkegaarden"}))
HEALTH_VISITOR = Grant(Role.HEALTH_VISITOR, "0151", frozenset({"globen"}))
COORDINATOR = Grant(Role.COORDINATOR, "0151")


def caller(*grants: Grant) -> Caller:
    """A caller with these roles."""
    return Caller("caller-1", grants)


def test_a_role_is_held_or_not() -> None:
    """One of the roles asked for is enough."""
    assert caller(LEADER).has(Role.COORDINATOR, Role.LEADER)
    assert not caller(LEADER).has(Role.COORDINATOR)


def test_reach_is_the_union_of_the_roles_asked_for() -> None:
    """Institutions of several roles add up, and only those of the roles that are asked for."""
    both = caller(LEADER, HEALTH_VISITOR)
    assert both.institutions() == frozenset({"birkegaarden", "globen"})
    assert both.institutions(Role.LEADER) == frozenset({"birkegaarden"})


def test_one_unbounded_role_reaches_everywhere() -> None:
    """A role without institutions has no bound."""
    assert caller(LEADER, COORDINATOR).institutions() is None
    assert caller(LEADER, COORDINATOR).reaches("sesam")


def test_a_role_that_is_not_held_reaches_nothing() -> None:
    """Without the role there is nothing to reach."""
    assert caller(LEADER).institutions(Role.COORDINATOR) == frozenset()
    assert not caller(COORDINATOR).reaches("birkegaarden", Role.LEADER)


def test_a_system_speaks_for_its_own_source() -> None:
    """A system sends as its own source only; a person sends as none."""
    system = caller(Grant(Role.SYSTEM, "0151", source="/daycare"))
    assert system.speaks_for("/daycare")
    assert not system.speaks_for("/elsewhere")
    assert not caller(COORDINATOR).speaks_for("/daycare")
    assert caller(Grant(Role.SYSTEM, "0151")).speaks_for("/anything")

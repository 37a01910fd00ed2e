"""Quotas (kvoter): who counts, and how many seats there are for them, beside the seats of the whole activity.

A quota is a limit (at most so many children, at most so many of one house's staff), or a reserve: seats that are kept for
those who count until a moment before the first session, and then are open to all. A party needs room in everything that it
draws from: all of it, or none.

What can be drawn from are *pools*: one for each limit, and one, `OPEN`, of the seats that are neither taken nor kept for others.
Somebody for whom a seat is kept fills the reserve, and draws nothing from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from services.events.domain.moment import Moment
from services.events.domain.rule import Rule

OPEN = ""


class Claim(Protocol):
    """What takes seats: a party's sign-up, or a hold. `counted` says how many of its people count in each quota."""

    @property
    def seats(self) -> int: ...

    @property
    def counted(self) -> Mapping[str, int]: ...


@dataclass(frozen=True)
class Quota:
    """`taken` counts the seats of those for whom it is; `reserved_until` makes it a reserve, which ends with `released`."""

    code: str
    who: Rule
    seats: int
    reserved_until: Moment | None = None
    released: bool = False
    taken: int = 0

    def empty(self) -> "Quota":
        """The same as it is when nobody has come yet."""
        return replace(self, released=False, taken=0)

    def instead_of(self, before: "Quota") -> "Quota":
        """The same in the place of what it was before: what is taken stays taken, and what was released stays so while its moment does."""
        return replace(self, taken=before.taken, released=before.released and self.reserved_until == before.reserved_until)

    @property
    def is_limit(self) -> bool:
        return self.reserved_until is None

    @property
    def left(self) -> int:
        """Its seats less those that are taken: below nothing, where it was made smaller than that, or more came than a seat is kept for."""
        return self.seats - self.taken

    @property
    def free(self) -> int:
        """How many more for whom it is may come; of a reserve: for how many a seat is kept."""
        return max(0, self.left) if self.is_limit or not self.released else 0

    @property
    def is_below_taken(self) -> bool:
        """Whether it is a limit that more were let into than it would let in now: nobody loses a seat by it, and nobody new gets one."""
        return self.is_limit and self.left < 0

    @property
    def kept(self) -> int:
        """Seats that nobody else gets now."""
        return 0 if self.is_limit else self.free


@dataclass(frozen=True)
class Room:
    """The seats of an activity at a moment, with those of each of its quotas."""

    capacity: int
    taken: int
    quotas: Sequence[Quota] = ()

    @property
    def free(self) -> int:
        return self.capacity - self.taken

    @property
    def pools(self) -> Mapping[str, int]:
        """What is left in each."""
        limits = {quota.code: quota.left for quota in self.quotas if quota.is_limit}
        return {OPEN: self.free - sum(quota.kept for quota in self.quotas)} | limits

    def after(self, claim: Claim, sign: int = 1) -> "Room":
        """The room when this claim is taken, also where it does not fit; or, with `sign` -1, given back."""
        quotas = [replace(quota, taken=quota.taken + sign * claim.counted.get(quota.code, 0)) for quota in self.quotas]
        return Room(self.capacity, self.taken + sign * claim.seats, quotas)

    def is_short_of_its_own(self, claim: Claim) -> bool:
        """Whether a limit that it counts in is too full for it, whatever is free besides."""
        return any(quota.is_limit and claim.counted.get(quota.code, 0) > quota.free for quota in self.quotas)

    def held_for(self, claim: Claim, now: "Room") -> "Room":
        """The same as if who waits had got what is held for him. Whom a limit of his own keeps waiting `now`, for him that limit is held,
        and no open seat: he might wait for ever, and all others with him.
        """
        if not now.is_short_of_its_own(claim):
            return self.after(claim)
        taken = {quota.code: claim.counted.get(quota.code, 0) for quota in self.quotas if quota.is_limit}
        return replace(self, quotas=[replace(quota, taken=quota.taken + taken.get(quota.code, 0)) for quota in self.quotas])

    def fits(self, claim: Claim) -> bool:
        """Whether there is room for it in everything that it draws from."""
        return claim.seats <= self.free and self.spares(claim)

    def spares(self, claim: Claim) -> bool:
        """Whether no pool from which it draws goes below nothing; one that is below nothing already may stay as it is."""
        before, after = self.pools, self.after(claim).pools
        return all(after[pool] >= 0 or after[pool] == left for pool, left in before.items())

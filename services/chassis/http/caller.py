"""Who calls, and what he may do: roles with constraints, as the token grants them."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller is to the municipality. A route names the roles that it is open to.

    An applicant has no account: he proved an address, and the service that he proved it to gave him the role itself.
    """

    COORDINATOR = "coordinator"
    LEADER = "leader"
    PROFESSIONAL = "professional"
    HEALTH_VISITOR = "health-visitor"
    GUARDIAN = "guardian"
    SYSTEM = "system"
    OPERATOR = "operator"
    READER = "reader"
    APPLICANT = "applicant"


@dataclass(frozen=True, slots=True)
class Grant:
    """One role, and how far it reaches.

    `institutions` are codes, None where the role reaches all of them; `source` is the only CloudEvents source that a
    system may speak for, None where it may speak for any.
    """

    role: Role
    municipality: str
    institutions: frozenset[str] | None = None
    source: str | None = None

    def as_claim(self) -> dict[str, object]:
        """The shape in a token's `roles` claim."""
        institutions = None if self.institutions is None else sorted(self.institutions)
        return {"role": self.role.value, "municipality": self.municipality, "institutions": institutions, "source": self.source}


@dataclass(frozen=True, slots=True)
class Caller:
    """A person or a system whose token held. `subject` is his id at the issuer; it is never a CPR number."""

    subject: str
    roles: tuple[Grant, ...] = ()

    def has(self, *roles: Role) -> bool:
        """Whether he holds one of these roles."""
        return any(grant.role in roles for grant in self.roles)

    def institutions(self, *roles: Role) -> frozenset[str] | None:
        """The institutions that he reaches by these roles (by any role, if none is named); None means every one.

        A guardian reaches his own family, which institutions do not tell: ask for the roles that you mean.
        """
        reach = [grant.institutions for grant in self._grants(roles)]
        if any(institutions is None for institutions in reach):
            return None
        return frozenset[str]().union(*(institutions for institutions in reach if institutions is not None))

    def reaches(self, institution: str, *roles: Role) -> bool:
        """Whether one of these roles (any, if none is named) covers the institution. Answer `NotFound` where it does not."""
        institutions = self.institutions(*roles)
        return institutions is None or institution in institutions

    def speaks_for(self, source: str) -> bool:
        """Whether he may send as this CloudEvents source: systems only as their own, others for none."""
        return any(grant.source in (None, source) for grant in self._grants((Role.SYSTEM,)))

    def _grants(self, roles: tuple[Role, ...]) -> Iterator[Grant]:
        return (grant for grant in self.roles if not roles or grant.role in roles)


NOBODY = Caller(subject="")
"""The caller of a public route."""

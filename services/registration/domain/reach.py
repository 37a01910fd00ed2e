"""How far somebody sees: which enrolments and children are his to read or act for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """What is covered, each widening the others. `institutions` and `sources` are None where all are covered.

    `institutions` are codes; `sources` are the senders for whom a system speaks; `guardian_id` covers his own family.
    """

    institutions: frozenset[str] | None = frozenset()
    sources: frozenset[str] | None = frozenset()
    guardian_id: str | None = None

    @property
    def everywhere(self) -> bool:
        """Whether nothing is out of reach."""
        return self.institutions is None or self.sources is None

    @property
    def family_only(self) -> bool:
        """Whether he is there as a guardian and as nothing else."""
        return not self.everywhere and not self.institutions and not self.sources


EVERYWHERE = Reach(institutions=None)
"""Nothing is out of reach."""

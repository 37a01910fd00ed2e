"""A body that the contract itself checks: the same JSON Schema file as for the message of that name."""

from dataclasses import dataclass
from typing import Any

from services.chassis.contracts import problems
from services.chassis.errors import Invalid


@dataclass(frozen=True)
class Contract:
    """A contract by its folder and version, such as `enrolment.requested/v1`."""

    name: str

    def check(self, data: Any) -> Any:
        """The data unchanged; raises `Invalid` with everything that breaks the contract."""
        found = problems(self.name, data)
        if found:
            raise Invalid("invalid", reasons=found)
        return data

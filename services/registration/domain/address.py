"""Where somebody lives (adresse). Only registration knows; it leaves in no message."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """A Danish address. `street` has the number, the floor and the door in it."""

    street: str
    postal_code: str
    city: str

    @property
    def home(self) -> str:
        """The same for everybody who lives there, however it was spelt: letters and digits of street and postal code."""
        return "".join(filter(str.isalnum, f"{self.street} {self.postal_code}".casefold()))

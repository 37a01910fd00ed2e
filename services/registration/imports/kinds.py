"""Which reader a cell is given to, by the type of its field."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from services.registration.imports import values, values_of_people
from services.registration.imports.values import Made

KINDS: Final[Mapping[str, Callable[[str, date], Made]]] = {
    "text": values.text,
    "name": values.name,
    "full_name": values.name,
    "cpr": values.cpr_number,
    "date": values.day,
    "birth_date": values.birth_day,
    "email": values.email,
    "phone": values.phone,
    "yes_no": values.yes_or_no,
    "language": values.language,
    "p_number": values.p_number,
    "address": values_of_people.address,
    "postal_code": values_of_people.postal_code,
    "relation": values_of_people.relation,
    "share": values_of_people.share,
}
"""How the fields of each type are read; those whose codes belong to a programme are looked up in a directory instead."""

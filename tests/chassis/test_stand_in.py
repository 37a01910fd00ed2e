"""What is read in the place of an erased id."""

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa

from services.chassis.erasure.stand_in import ids_in, replaced, stand_in
from services.chassis.ids import new_id
from services.chassis.service import Context
from tests.chassis.tiny import SERVICE


def test_it_is_an_id_like_any_other() -> None:
    """A stand-in is a UUID, always the same for an id, and another one for any other."""
    ids = [new_id() for _ in range(100)]
    assert [str(UUID(stand_in(one))) for one in ids] == [stand_in(one) for one in ids]
    assert len({*ids, *map(stand_in, ids)}) == 200


def test_it_takes_the_place_of_every_mention() -> None:
    """Wherever an id stands in a text, in keys or in values, its stand-in stands afterwards; nothing else changes."""
    erased, other = new_id(), new_id()
    body = f'{{"subject": "{erased}", "data": {{"{erased}": ["{other}", "{erased}"]}}}}'.encode()
    after = replaced(body, {erased: stand_in(erased)})
    assert ids_in(after) == {other, stand_in(erased)}
    assert after.replace(stand_in(erased).encode(), erased.encode()) == body


def test_the_database_says_the_same(context_of: Callable[..., Context]) -> None:
    """`chassis.stand_in` and `chassis.with_stand_ins` in SQL are what the code says."""
    one, other = new_id(), new_id()
    with context_of(SERVICE).work() as work:
        found = work.connection.execute(sa.text("select chassis.stand_in(:id)"), {"id": one}).scalar()
        text = work.connection.execute(
            sa.text("select chassis.with_stand_ins(:text, cast(:ids as text[]))"), {"text": f"a {one} b {other} {one}", "ids": [one]}
        ).scalar()
    assert (found, text) == (stand_in(one), f"a {stand_in(one)} b {other} {stand_in(one)}")

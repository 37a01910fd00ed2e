"""What looks like a CPR number, and what does not."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.personal_number import looks_personal


@pytest.mark.parametrize("text", ["740522-4015", "7405224015", "740522 4015", "child/740522-4015/2", "x7405224015", "311299-0000"])
def test_a_number_is_seen_wherever_it_stands(text: str) -> None:
    """In each usual spelling, with anything but digits around it, replacement numbers too."""
    assert looks_personal(text)


@pytest.mark.parametrize("text", ["", "placement-17", "2024-03-01/0001", "1234567890", "20240301123000", "000101-0001", "74052-24015"])
def test_other_numbers_are_no_person(text: str) -> None:
    """A number that is no date, or longer or shorter, is let by."""
    assert not looks_personal(text)


@given(id_=st.uuids(), before=st.sampled_from(["", "urn:uuid:", "/requests/"]))
def test_a_uuid_is_nobody(id_: UUID, before: str) -> None:
    """Whatever digits it happens to hold."""
    assert not looks_personal(f"{before}{id_}")


def test_a_uuid_whose_digits_form_a_date_is_nobody() -> None:
    """Its last group may look like a number."""
    assert not looks_personal("0198c7a0-5b1e-7c3a-9d2f-a7405224015b")

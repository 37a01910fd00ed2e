"""What merging takes over, and what undoing it brings back."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.registration.domain.merge import FIELDS, Merge, MergeRequest, conflicts, made
from services.registration.domain.person import Kind

values = st.none() | st.sampled_from(["a", "b", "c"])
details = st.fixed_dictionaries(dict.fromkeys(FIELDS[Kind.GUARDIAN], values))
takes = st.lists(st.sampled_from(FIELDS[Kind.GUARDIAN]))
Details = dict[str, Any]


def a_merge(kept: Details, merged: Details, take: list[str]) -> Merge:
    """One record into another, some fields taken over."""
    request = MergeRequest(Kind.GUARDIAN, "merged", "kept", take)
    return made("1", request, {"kept": kept, "merged": merged}, datetime(2026, 11, 2, tzinfo=UTC), "birgit")


@given(details, details, takes)
def test_undoing_brings_back_what_was(kept: Details, merged: Details, take: list[str]) -> None:
    """Whatever is taken over, undoing it at once leaves the kept one as he was."""
    merge = a_merge(kept, merged, take)
    after = {**kept, **merge.after}
    assert {**after, **merge.restored(after)} == kept


@given(details, details, takes, details)
def test_what_was_said_since_stays(kept: Details, merged: Details, take: list[str], later: Details) -> None:
    """A field that has changed since the merge keeps its newer value; one that has not gets its old one back."""
    merge = a_merge(kept, merged, take)
    expected = {name: kept[name] if later[name] == value else later[name] for name, value in merge.after.items()}
    assert merge.restored(later) == expected


@given(details, details, details, takes, takes)
def test_an_earlier_merge_may_be_undone_first(kept: Details, one: Details, other: Details, take: list[str], more: list[str]) -> None:
    """Of two merges into the same one the first may be undone before the second: afterwards all is as it was."""
    first = a_merge(kept, one, take)
    now = {**kept, **first.after}
    second = a_merge(now, other, more)
    now |= second.after
    now |= first.restored(now, [second])
    now |= second.restored(now)
    assert now == kept


@given(details, details, takes)
def test_only_what_a_person_named_is_taken_over(kept: Details, merged: Details, take: list[str]) -> None:
    """Nothing else changes, and nothing that is known is lost for an empty field."""
    after = a_merge(kept, merged, take).after
    assert set(after) <= set(take)
    assert all(value == merged[name] is not None for name, value in after.items())


@given(details, details)
def test_a_conflict_is_two_different_answers(one: Details, other: Details) -> None:
    """Where one says nothing, or both say the same, there is nothing to decide; who comes first does not matter."""
    found = conflicts(Kind.GUARDIAN, one, other)
    assert found == conflicts(Kind.GUARDIAN, other, one)
    assert all(one[name] and other[name] and one[name] != other[name] for name in found)

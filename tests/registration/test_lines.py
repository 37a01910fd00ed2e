"""On which line of a TOML file something stands."""

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.chassis.contracts import pointer
from services.registration.programme_folder.lines import line_of, lines
from tests.registration.folders import SAMPLE

WRITTEN = """# a comment
title = "x"
"quoted key".inside = { first = 1, second = [1, 2] } # a comment behind

[table.below]
day = 2024-01-01
[[houses]]
code = "børn"
district = [
  { code = "a" },  # one
  # between
  { code = "b", end = 2024-01-01 },
]
[houses.more]
deep.er = true
[[houses]]
words = '''
[[houses]]
code = "not a table"
'''
code = 3
"""

AT = {
    "/title": 2,
    "/quoted key/inside": 3,
    "/quoted key/inside/second/1": 3,
    "/table/below": 5,
    "/table/below/day": 6,
    "/houses": 7,
    "/houses/0": 7,
    "/houses/0/code": 8,
    "/houses/0/district/0/code": 10,
    "/houses/0/district/1": 12,
    "/houses/0/district/1/end": 12,
    "/houses/0/more": 14,
    "/houses/0/more/deep/er": 15,
    "/houses/1": 16,
    "/houses/1/code": 21,
}


def test_everything_has_its_line() -> None:
    """Keys, tables and entries of lists, however they are written, are found where they stand; strings that look like tables are not."""
    assert {place: line for place, line in lines(WRITTEN.encode()).items() if place in AT} == AT


def test_what_is_missing_is_missing_where_it_belongs() -> None:
    """A field that is not there has the line of the entry around it; a whole that is not there has none."""
    known = lines(WRITTEN.encode())
    assert line_of("/houses/1/name/da", known) == AT["/houses/1"]
    assert line_of("/rooms", known) is None


def test_everything_in_the_sample_is_found() -> None:
    """Whatever `tomllib` reads in the sample's files has a line."""
    for file in (file for file in SAMPLE if file.endswith(".toml")):
        known = lines(SAMPLE[file])
        assert [place for place in places(tomllib.loads(SAMPLE[file].decode())) if place not in known] == []


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["\n", "\r\n"])), min_size=1, max_size=8))
def test_entries_are_found_behind_anything(entries: list[tuple[int, str]]) -> None:
    """However many comments and blank lines stand between entries, and however lines end, each has its own line."""
    text, at = "", []
    for n, (comments, end) in enumerate(entries):
        text += "".join(f"# [[houses]] {c}{end}{end}" for c in range(comments))
        at.append(text.count("\n") + 1)
        text += f"[[houses]]{end}code = {n}{end}"
    known = lines(text.encode())
    assert [known[f"/houses/{n}"] for n in range(len(entries))] == at
    assert [known[f"/houses/{n}/code"] for n in range(len(entries))] == [line + 1 for line in at]


def places(value: Any, *path: str | int) -> list[str]:
    """The pointers of everything in a decoded file."""
    inside = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    here = [pointer(path)] if path else []
    return here + [place for step, part in inside for place in places(part, *path, step)]

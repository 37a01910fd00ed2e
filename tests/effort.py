"""How many examples a law is tried with: fewer in the fast tests, and an upper bound where one example costs much."""

from hypothesis import settings


def at_most(examples: int) -> settings:
    """No more examples than this, and no more than the profile wants (see `conftest.py`)."""
    return settings(max_examples=min(examples, settings().max_examples))

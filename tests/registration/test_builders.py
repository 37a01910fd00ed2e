"""The people of the tests are such as may be registered."""

from services.registration.domain.cpr_number import CprNumber
from tests.registration.builders import a_number


def test_there_is_a_number_for_everybody() -> None:
    """However many tests ran before, the next one gets numbers that are numbers, each another one."""
    several = [{CprNumber.read(a_number()) for _ in range(5000)} for _ in range(3)]
    assert [len(numbers - {None}) for numbers in several] == [5000] * 3

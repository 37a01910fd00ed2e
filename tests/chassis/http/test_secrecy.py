"""Nobody learns from a refusal what exists that he may not see."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from services.chassis.http import Role
from services.chassis.ids import new_id

WHY = {"Deltag-Purpose": "plan-workshop"}
INSTITUTIONS = ["birkegaarden", "globen", "sesam"]


def seen(answer: TestResponse, id: str) -> tuple[Any, ...]:
    """Everything that a caller can see of an answer, apart from the ids of the request itself."""
    correlation = answer.headers["X-Correlation-Id"]
    headers = sorted((name, value.replace(correlation, "…")) for name, value in answer.headers.items())
    return answer.status_code, headers, answer.text.replace(id, "…").replace(correlation, "…")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(reach=st.sets(st.sampled_from(INSTITUTIONS)), institution=st.sampled_from(INSTITUTIONS))
def test_out_of_reach_is_like_not_there(
    client: Client, token: Callable[..., Any], a_reader: Callable[..., str], reach: set[str], institution: str
) -> None:
    """For a leader, a reader of another institution cannot be told from one who does not exist: not by status, header or text."""
    headers = token(Role.LEADER, institutions=frozenset(reach)) | WHY
    there, nowhere = a_reader(institution), new_id()
    answer = client.get(f"/v1/readers/{there}", headers=headers)
    missing = client.get(f"/v1/readers/{nowhere}", headers=headers)
    assert missing.status_code == 404
    assert (answer.status_code == 200) == (institution in reach)
    assert institution in reach or seen(answer, there) == seen(missing, nowhere)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(role=st.sampled_from([Role.GUARDIAN, Role.READER, Role.SYSTEM, Role.OPERATOR, Role.PROFESSIONAL, Role.HEALTH_VISITOR]))
def test_who_may_not_ask_learns_nothing(client: Client, token: Callable[..., Any], a_reader: Callable[..., str], role: Role) -> None:
    """A caller without the role gets the same 403 whether the reader exists or not, since nothing is looked up for him."""
    headers = token(role) | WHY
    there, nowhere = a_reader(), new_id()
    answers = [seen(client.get(f"/v1/readers/{id}", headers=headers), id) for id in (there, nowhere)]
    assert answers[0] == answers[1]
    assert answers[0][0] == 403


def test_who_is_unknown_learns_nothing(client: Client, a_reader: Callable[..., str]) -> None:
    """Without a token, what exists and what does not look alike."""
    there, nowhere = a_reader(), new_id()
    assert seen(client.get(f"/v1/readers/{there}"), there) == seen(client.get(f"/v1/readers/{nowhere}"), nowhere)


def test_a_refused_look_leaves_no_trace_of_what_exists(
    client: Client, token: Callable[..., Any], a_reader: Callable[..., str], rows: Callable[[str], list[Any]]
) -> None:
    """What a leader could not see is not in the audit as read by him."""
    client.get(f"/v1/readers/{a_reader('globen')}", headers=token(Role.LEADER, institutions=frozenset({"sesam"})) | WHY)
    assert rows("select * from chassis.audit") == []

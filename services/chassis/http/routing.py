"""Finds the route of a request: werkzeug's map over the routes that are declared and those that every door has."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug import exceptions
from werkzeug.routing import Map, Rule

from services.chassis.errors import NotFound
from services.chassis.http.api import VARIABLE, Route
from services.chassis.http.problem import MethodNotAllowed
from services.chassis.http.reply import Reply
from services.chassis.http.texts import error


@dataclass(frozen=True, eq=False)
class BuiltIn:
    """A route that every door has and that needs no database; `render` gets the prefix under which the door is mounted."""

    template: str
    render: Callable[[str], Reply]


Endpoint = Route | BuiltIn


class Router:
    """Method and path → endpoint and the path's variables."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        rules = [_rule(endpoint) for endpoint in endpoints]
        self._adapter = Map(rules, merge_slashes=False).bind("")

    def find(self, method: str, path: str) -> tuple[Endpoint, Mapping[str, Any]]:
        """Raises `NotFound`, or `MethodNotAllowed` with the methods that the path takes."""
        if "\0" in path:
            raise error(NotFound, "not-found")
        try:
            return self._adapter.match(path, method)
        except exceptions.MethodNotAllowed as wrong:
            raise MethodNotAllowed([*sorted(wrong.valid_methods or ()), "OPTIONS"]) from None
        except exceptions.NotFound:
            raise error(NotFound, "not-found") from None


def _rule(endpoint: Endpoint) -> Rule:
    if isinstance(endpoint, BuiltIn):
        return Rule(endpoint.template, methods=["GET"], endpoint=endpoint)
    return Rule(VARIABLE.sub(_as_werkzeug, endpoint.path), methods=[endpoint.method], endpoint=endpoint)


def _as_werkzeug(variable: Any) -> str:
    name, kind = variable.groups()
    return f"<{kind or 'string'}:{name}>"

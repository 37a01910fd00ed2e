"""What applicants ask for, sealed until it is answered."""

from collections.abc import Set as AbstractSet
from typing import Any

import msgspec
import sqlalchemy as sa

from services.chassis.keys import open_with, seal_with
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.reach import Reach
from services.registration.domain.sign_up_request import SignUpRequest, Standing
from services.registration.resources import Resources
from services.registration.storage.rows import as_bytea, as_json, columns

_BOUND_TO = "sign_up_request.content:"

_REQUEST = (
    "select sign_up_request_id::text, session_id::text, request_id, hash, status, content, received_at, programme, institution, why,"
    " reasons from sign_up_request"
)
_OF_SESSION = sa.text(f"{_REQUEST} where session_id = cast(:session_id as uuid) order by sign_up_request_id")
_RECEIVED = sa.text("select sign_up_request_id::text from sign_up_request where status = 'received' order by 1 limit :limit")
_ONE_RECEIVED = sa.text(f"{_REQUEST} where sign_up_request_id = cast(:id as uuid) and status = 'received' for update skip locked")
_IN_REACH = "(:everywhere or institution in (select json_array_elements_text(cast(:institutions as json))))"
_WAITING = sa.text(f"{_REQUEST} where status = 'waiting' and {_IN_REACH} order by sign_up_request_id limit 500")
_ONE = sa.text(f"{_REQUEST} where sign_up_request_id = cast(:id as uuid) and status = 'waiting' and {_IN_REACH} for update")
_UNANSWERED = sa.text(f"{_REQUEST} where content is not null order by sign_up_request_id for update")
_ADD = sa.text(
    "insert into sign_up_request (sign_up_request_id, session_id, request_id, hash, status, programme, institution, content, why, reasons,"
    " received_at) values (cast(:sign_up_request_id as uuid), cast(:session_id as uuid), :request_id, :hash, :status, :programme,"
    " :institution, :content, cast(:why as jsonb), cast(:reasons as jsonb), :received_at)"
)
_SAVE = sa.text(
    "update sign_up_request set status = :status, why = cast(:why as jsonb), content = case when :kept then content end"
    " where sign_up_request_id = cast(:id as uuid)"
)
_KNOWN = sa.text(
    "with asked as (select l from json_to_recordset(cast(:numbers as json)) as x(l bytea))"
    " select cpr_lookup from child where cpr_lookup in (select l from asked)"
    " union select cpr_lookup from guardian where cpr_lookup in (select l from asked)"
)


class SignUpRequests:
    """One for each request of each session."""

    def __init__(self, connection: sa.Connection, resources: Resources) -> None:
        self._connection = connection
        self._vault = resources.vault
        self._key = resources.deferred_key

    def add(self, request: SignUpRequest) -> None:
        row = {name: getattr(request, name) for name in SignUpRequest.__slots__ if name != "data"}
        row |= {"content": self._sealed(request), "why": as_json(request.why), "reasons": as_json(request.reasons)}
        self._connection.execute(_ADD, row)

    def of_session(self, session_id: str) -> list[SignUpRequest]:
        return [self._request(row) for row in self._connection.execute(_OF_SESSION, {"session_id": session_id})]

    def received(self, limit: int) -> list[str]:
        """The ids of the next that nobody has looked at."""
        return list(self._connection.execute(_RECEIVED, {"limit": limit}).scalars())

    def lock_received(self, sign_up_request_id: str) -> SignUpRequest | None:
        """One of those, unless another looks at it just now; nobody else does until the end of the transaction."""
        row = self._connection.execute(_ONE_RECEIVED, {"id": sign_up_request_id}).first()
        return self._request(row) if row else None

    def waiting(self, reach: Reach) -> list[SignUpRequest]:
        """Those that wait for a person and are within reach, the oldest first; not more than 500."""
        return [self._request(row) for row in self._connection.execute(_WAITING, _within(reach))]

    def lock_waiting(self, sign_up_request_id: str, reach: Reach) -> SignUpRequest | None:
        """One of those; nobody else decides it until the end of the transaction."""
        row = self._connection.execute(_ONE, _within(reach) | {"id": sign_up_request_id}).first()
        return self._request(row) if row else None

    def unanswered(self) -> list[SignUpRequest]:
        """All whose content is still kept; nobody else decides them until the end of the transaction."""
        return [self._request(row) for row in self._connection.execute(_UNANSWERED)]

    def save(self, request: SignUpRequest) -> None:
        """Keep where it stands; what was asked for goes when it is answered."""
        row = {"id": request.sign_up_request_id, "status": request.status, "why": as_json(request.why), "kept": request.data is not None}
        self._connection.execute(_SAVE, row)

    def known(self, numbers: AbstractSet[CprNumber]) -> set[CprNumber]:
        """Which of them belong to a child or a guardian who is registered."""
        by_lookup = {self._vault.lookup(number): number for number in numbers}
        rows = self._connection.execute(_KNOWN, {"numbers": as_json({"l": as_bytea(lookup)} for lookup in by_lookup)})
        return {by_lookup[row.cpr_lookup] for row in rows}

    def _sealed(self, request: SignUpRequest) -> bytes | None:
        if request.data is None:
            return None
        return seal_with(self._key, msgspec.json.encode(request.data), _BOUND_TO + request.sign_up_request_id)

    def _request(self, row: Any) -> SignUpRequest:
        found = dict(columns(row))
        content = found.pop("content")
        bound_to = _BOUND_TO + found["sign_up_request_id"]
        data = msgspec.json.decode(open_with(self._key, content, bound_to)) if content else None
        return SignUpRequest(**found | {"status": Standing(row.status)}, data=data)


def _within(reach: Reach) -> dict[str, Any]:
    return {"everywhere": reach.everywhere, "institutions": as_json(reach.institutions or ())}

"""The same command sent twice is done once: the first answer is kept, and given again.

A key belongs to a caller and a route. What was answered is stored in the transaction of what was done, so the one
exists if and only if the other does; a refusal did nothing and is not stored, so its key may be used again. The
advisory lock ends with the transaction, after its row can be seen: whoever gets the lock next finds the answer.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from services.chassis.errors import Conflict, Invalid, Malformed
from services.chassis.http.api import Route
from services.chassis.http.reply import Reply
from services.chassis.http.request import Request
from services.chassis.http.tables import IDEMPOTENCY
from services.chassis.http.texts import error
from services.chassis.service import Context
from services.chassis.storage import UnitOfWork, content_hash

KEPT = timedelta(hours=24)
LONGEST_KEY = 200
SWEEP_EVERY_S = 3600.0

_table = IDEMPOTENCY.c
_TRY_LOCK = sa.text("select pg_try_advisory_xact_lock(:lock)")
_FIND = sa.select(_table.request, _table.status, _table.headers, _table.body).where(
    _table.subject == sa.bindparam("subject"),
    _table.route == sa.bindparam("route"),
    _table.key == sa.bindparam("key"),
    _table.expires_at > sa.bindparam("now"),
)
_INSERT = insert(IDEMPOTENCY)
_STORE = _INSERT.on_conflict_do_update(  # what is in the way has expired
    index_elements=[_table.subject, _table.route, _table.key],
    set_={name: _INSERT.excluded[name] for name in ("request", "status", "headers", "body", "expires_at")},
)
_FORGET = sa.delete(IDEMPOTENCY).where(_table.expires_at <= sa.bindparam("now"))


def key_of(environ: Mapping[str, Any]) -> str | None:
    """The request's idempotency key, if it has one."""
    given = environ.get("HTTP_IDEMPOTENCY_KEY")
    if given is None:
        return None
    if not 1 <= len(given) <= LONGEST_KEY or not all("!" <= letter <= "~" for letter in given):
        raise error(Malformed, "idempotency-key-invalid", "Idempotency-Key")
    return str(given)


def once(key: str, route: Route, request: Request, work: UnitOfWork, perform: Callable[[], Reply]) -> Reply:
    """The stored reply to this key, or else what `perform` replies, stored.

    Raises `Conflict` while another request with the key runs, and `Invalid` when the key belongs to another request.
    """
    mine = {"subject": request.caller.subject, "route": route.name, "key": key}
    if not work.connection.execute(_TRY_LOCK, {"lock": _lock(mine)}).scalar():
        raise error(Conflict, "idempotency-in-progress", "Idempotency-Key")
    stored = work.connection.execute(_FIND, mine | {"now": work.now}).first()
    if stored is None:
        return _store(perform(), mine | {"request": _fingerprint(request)}, work)
    if stored.request != _fingerprint(request):
        raise error(Invalid, "idempotency-key-reused", "Idempotency-Key")
    headers = tuple((name, value) for name, value in stored.headers)
    return Reply(stored.status, headers, stored.body).with_headers(("Idempotent-Replayed", "true"))


def forget_expired(context: Context) -> None:
    """Delete the answers that are kept no longer. Run it on a clock."""
    with context.work() as work:
        work.connection.execute(_FORGET, {"now": work.now})


def _store(reply: Reply, mine: Mapping[str, Any], work: UnitOfWork) -> Reply:
    answer = {"status": reply.status, "headers": reply.headers, "body": reply.body}
    work.connection.execute(_STORE, {**mine, **answer, "expires_at": work.now + KEPT})
    return reply


def _lock(mine: Mapping[str, str]) -> int:
    name = "\0".join(("idempotency", *mine.values())).encode()
    return int.from_bytes(blake2b(name, digest_size=8).digest(), signed=True)


def _fingerprint(request: Request) -> str:
    """What makes it the same request: its path, its query and its body as JSON (white space and order do not count)."""
    body = content_hash(request.content) if request.content else ""
    return blake2b(repr((sorted(request.path.items()), request.query, body)).encode(), digest_size=16).hexdigest()

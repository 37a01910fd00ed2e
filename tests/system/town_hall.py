"""The four services side by side without a broker: what one publishes goes to those who listen, and all that leaves is kept."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from services.chassis.bus import matches
from services.chassis.http import Role
from services.chassis.http.api import VARIABLE
from services.chassis.service import PERSONAL, Context
from services.chassis.testing import Door, deliver_raw, http, run_timer

_TAKE = sa.text("delete from chassis.outbox returning id, exchange, routing_key, body")
_TABLES = sa.text("select schemaname || '.' || tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')")


@dataclass
class TownHall:
    """Each service by name, the messages that were published so far, and the folder of the mails."""

    services: Mapping[str, Context]
    mail_folder: Path
    messages: list[dict[str, Any]] = field(default_factory=list)

    def carry(self) -> None:
        """Until nobody has anything more to say."""
        while told := [row for context in self.services.values() for row in _taken(context)]:
            self.messages += [json.loads(row.body) | {"exchange": row.exchange} for row in told]
            for row in told:
                self._hand_over(row)

    def send_mails(self) -> None:
        """Those that are due, and what is told of them."""
        run_timer(self.services["notifications"], "send")
        self.carry()

    def erase(self) -> None:
        """What was told of erasures is carried out, and answered."""
        for name in ("events", "notifications", "reporting"):
            run_timer(self.services[name], "erase")
        self.carry()

    def hand_over(self, message: Mapping[str, Any]) -> None:
        """A message that travelled before comes again, to all who listen."""
        self._hand_over(SimpleNamespace(exchange=message["exchange"], routing_key=message["type"], body=json.dumps(message)))

    def texts_of_messages(self) -> list[str]:
        """All that travelled in the open; the sealed cards are for one reader alone."""
        return [json.dumps(message, ensure_ascii=False) for message in self.messages if message["exchange"] != PERSONAL]

    def texts_of_mails(self) -> list[str]:
        """Each mail as its reader sees it, with its headers, apart from the address that it goes to."""
        files = sorted(self.mail_folder.glob("*.eml"))
        return [_readable(message_from_bytes(path.read_bytes(), EmailMessage, policy=policy.default)) for path in files]

    def texts_of_tables(self) -> list[str]:
        """Every row of every table of the services that hold no names."""
        contexts = (context for name, context in self.services.items() if name != "registration")
        return list(chain.from_iterable(map(_rows, contexts)))

    def texts_of_doors(self, ids: Mapping[str, str], *, subject: str, purpose: str) -> Iterator[tuple[str, str]]:
        """What every GET of every service answers to every role, at each of these ids: the caller and the text."""
        for name, context in self.services.items():
            door = http(context)
            for route in (route for route in context.service.api.routes if route.method == "GET"):
                for path in _paths(route.path, ids):
                    for role in Role:
                        yield f"{role} {name} {path}", _answer(door.as_(role, subject=subject, purpose=purpose), path)

    def _hand_over(self, row: Any) -> None:
        for context in self.services.values():
            for listen in context.service.listens:
                if listen.exchange == row.exchange and any(matches(key, row.routing_key) for key in listen.keys):
                    deliver_raw(context, listen, [row.body if isinstance(row.body, bytes) else row.body.encode()])


def _taken(context: Context) -> list[Any]:
    with context.work() as work:
        return sorted(work.connection.execute(_TAKE).all(), key=lambda row: row.id)


def _paths(path: str, ids: Mapping[str, str]) -> list[str]:
    """The path with each of the ids in place of its variables; paths with other variables show made-up people and are left out."""
    variables = VARIABLE.findall(path)
    if not variables:
        return [path]
    return [VARIABLE.sub(one, path) for one in ids.values()] if all(kind == "uuid" for _, kind in variables) else []


def _answer(door: Door, path: str) -> str:
    return door.get(path).get_data().decode(errors="replace")


def _readable(mail: EmailMessage) -> str:
    names = [address.display_name for address in mail["To"].addresses]
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    return "\n".join([*names, str(mail["Subject"]), *parts])


def _rows(context: Context) -> list[str]:
    with context.work() as work:
        tables = work.connection.execute(_TABLES).scalars().all()
        return [text for table in tables for text in work.connection.execute(sa.text(f"select t::text from {table} t")).scalars()]

"""The command: check every line, send what can be sent, print the answers as they come. Of a line no more than its number is shown."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from services.chassis.bus.rabbit import RabbitBus
from services.chassis.errors import DeltagError, Invalid, Reason
from services.cli.publish.lines import Bad, Request, checked
from services.cli.publish.ways import OverBus, OverHttp, Way


class Language(StrEnum):
    """In which the reasons are printed."""

    DA = "da"
    EN = "en"


File = Annotated[
    typer.FileText, typer.Argument(encoding="utf-8", help="CloudEvents, one on each line (NDJSON), or a single one; `-` is standard input.")
]
Amqp = Annotated[str, typer.Option(metavar="URL", envvar="DELTAG_AMQP_URL", help="Send over this broker.")]
Http = Annotated[str, typer.Option(metavar="URL", help="Send over HTTP: Deltag's address, or registration's own when it ends in /v1.")]
Token = Annotated[
    str, typer.Option(envvar="DELTAG_TOKEN", help="The access token for --http; `deltag token system` makes one in development.")
]
Check = Annotated[bool, typer.Option("--check", help="Only check every line against its contract; send nothing.")]
Reasons = Annotated[Language, typer.Option(help="The language of the reasons.")]
Wait = Annotated[float, typer.Option(min=0, help="Over the bus: seconds of silence after which no more answers are waited for.")]


def publish(
    file: File,
    *,
    amqp: Amqp = "",
    http: Http = "",
    token: Token = "",
    check: Check = False,
    language: Reasons = Language.EN,
    wait: Wait = 30.0,
) -> None:
    """Send enrolment requests from a file, and print the answers as they come.

    A line that is no CloudEvent or breaks its contract is reported with its number and not sent; the others are.
    What was sent before gets no second answer over the bus, and the same answer again over HTTP.

    Status 0: every line was accepted (with --check: keeps its contract). 1: one was bad, rejected or not answered.
    2: nothing could be sent.
    """
    try:
        lines = list(checked(file))
        way = None if check else way_to(amqp=amqp, http=http, token=token, wait=wait)
        well = Publishing(Console(soft_wrap=True, highlight=False), language).run(lines, way)
    except DeltagError as error:
        print_reasons(Console(stderr=True, soft_wrap=True, highlight=False), error, language)
        raise typer.Exit(2) from None
    raise typer.Exit(0 if well else 1)


def way_to(*, amqp: str, http: str, token: str, wait: float) -> Way:
    """HTTP where it is asked for, else the bus; raises `Invalid` when neither is."""
    if http:
        return OverHttp(http, token)
    if amqp:
        return OverBus(RabbitBus(amqp, name="deltag publish"), wait)
    text = "Say where to: --http URL with --token, or --amqp URL (or DELTAG_AMQP_URL)."
    raise Invalid("no-address", da=text, en=text)


@dataclass
class Publishing:
    """One run: prints and counts as it goes."""

    console: Console
    language: Language
    counted: Counter[str] = field(default_factory=Counter)

    def run(self, lines: Sequence[Request | Bad], way: Way | None) -> bool:
        """Report what is bad, send the rest (if there is a way), print answers and counts; whether all went well."""
        for bad in (line for line in lines if isinstance(line, Bad)):
            self._say("bad", f"line {bad.line}: not sent", bad.reasons)
        requests = [line for line in lines if isinstance(line, Request)]
        if way is None:
            self.counted["right"] = len(requests)
        elif requests:
            self._send(requests, way)
        self.console.print(", ".join(f"{count} {what}" for what, count in self.counted.items()) or "The file is empty.")
        return not self.counted.keys() & {"bad", "rejected", "unanswered"}

    def _send(self, requests: Sequence[Request], way: Way) -> None:
        waiting = {request.line for request in requests}
        with Progress(console=self.console, transient=True, disable=not self.console.is_terminal) as progress:
            task = progress.add_task("Answers", total=len(requests))
            for answer in way.send(requests):
                waiting.discard(answer.line)
                self._say(answer.status, f"line {answer.line}: {answer.status} {answer.enrolment_id}", answer.reasons)
                progress.update(task, completed=len(requests) - len(waiting))
        for line in sorted(waiting):
            self._say("unanswered", f"line {line}: no answer. If it was sent before, it was answered then.")

    def _say(self, what: str, text: str, reasons: Sequence[Reason] = ()) -> None:
        self.counted[what] += 1
        self.console.print(Text(text.rstrip(), style="red" if reasons or what == "unanswered" else ""))
        print_reasons(self.console, reasons, self.language)


def print_reasons(console: Console, reasons: Iterable[Reason], language: Language) -> None:
    """One line each: the field, and what to do about it."""
    for reason in reasons:
        text = reason.da if language is Language.DA else reason.en
        console.print(Text(f"    {reason.field}  {text or reason.slug}" if reason.field else f"    {text or reason.slug}"))

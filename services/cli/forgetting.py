"""`deltag retention`, `deltag erase` and `deltag erasures`: whose time is up, erasing somebody at his own request, and the receipts.

Erasing takes two steps, since nothing brings anybody back: the first shows what would go and a digest of it, the second
quotes the digest. Nobody's name is printed.
"""

import getpass
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import msgspec
import typer

from services.chassis.errors import Conflict, NotFound
from services.cli.places import place_for
from services.cli.terminal import console, plainly

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from services.registration.domain.erasure import Erasure, Plan
    from services.registration.domain.retention import Due

PAGE = 1_000

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Person = Annotated[UUID, typer.Argument(help="Deltag's id of a child, a guardian or a professional.")]


@plainly
def retention(
    on: Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help="Which night; tonight by default.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Say who would be erased on a night, by which rule, and what keeps him; nothing is done."""
    from services.registration.handlers.retention import answers_due_on, due_on  # noqa: PLC0415 - costs the other commands nothing

    with place_for("registration").context("registration").work() as work:
        night = on.date() if on else work.today
        found = list(_every(lambda after: due_on(night, work, limit=PAGE, after=after)))
        answers = len(answers_due_on(night, work))
    if as_json:
        _print_json(found)
        return
    for one in found:
        console.print(_in_one_line(one), highlight=False, soft_wrap=True)
    going = sum(one.goes for one in found)
    console.print(f"{night}: {going} of {len(found)} who are due would be erased, and {answers} answers.", highlight=False)


@plainly
def erase(
    person_id: Person,
    actor: Annotated[str, typer.Option("--as", help="Who does this, for the audit.", default_factory=getpass.getuser)],
    confirm: Annotated[str, typer.Option(help="The digest that the same command printed without it.")] = "",
) -> None:
    """Show what would be erased with somebody; with --confirm erase it, in every service, for good."""
    from services.chassis.http.audit import record_command  # noqa: PLC0415
    from services.registration.handlers import erasing  # noqa: PLC0415

    context = place_for("registration").context("registration")
    with context.work() as work:
        if not confirm:
            _say_plan(erasing.plan(str(person_id), work), str(person_id))
            return
        erased = erasing.erase(str(person_id), confirm, work, None)
        record_command("deltag erase", actor, [erased.erasure_id], work)
    console.print(f"Erased. The receipt: deltag erasures {erased.erasure_id}", highlight=False, soft_wrap=True)


@plainly
def erasures(
    erasure_id: Annotated[UUID | None, typer.Argument(help="One erasure; the latest, by default.")] = None,
    *,
    only_open: Annotated[bool, typer.Option("--open", help="Only those that a service has not answered.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the receipts of erasures: what each service erased, and which are awaited."""
    from services.registration.erasure_messages import of_receipt  # noqa: PLC0415

    with place_for("registration").context("registration").work() as work:
        found = [work.erasures.get(str(erasure_id))] if erasure_id else work.erasures.page(only_open=only_open, after=None, limit=20)
    if found == [None]:
        text = f"There is no erasure {erasure_id}. `deltag erasures` shows the latest."
        raise NotFound("unknown-erasure", da=text, en=text)
    if as_json:
        _print_json([of_receipt(one) for one in found])
        return
    for one in found:
        _say_receipt(one)
    if not found:
        console.print("Nobody has been erased." if not only_open else "Every service has answered.")


def _every(page: "Callable[[str | None], Sequence[Due]]") -> "Iterator[Due]":
    after = None
    while found := page(after):
        yield from found
        after = found[-1].person_id


def _in_one_line(one: "Due") -> str:
    keeps = "its rule rests" if one.on_hold else "a legal hold" if one.held else ""
    along = f" with {len(one.people) - 1} more" if len(one.people) > 1 else ""
    return f"{one.person_id}  {one.kind}{along}, due {one.due_on} by {one.programme}/{one.rule}" + (f"; kept: {keeps}" if keeps else "")


def _say_plan(plan: "Plan", person_id: str) -> None:
    for kind, one in plan.people:
        console.print(f"{kind}  {one}", highlight=False)
    console.print(f"In registration: {_listed(plan.counts)}. The other services erase what they hold.", highlight=False, soft_wrap=True)
    if plan.obstacles:
        kept = ", ".join(dict.fromkeys(str(obstacle) for obstacle, _ in plan.obstacles))
        text = f"It stands against it: {kept}."
        raise Conflict("not-to-be-erased", da=text, en=text)
    console.print(
        f"Nothing brings anybody back. To erase: deltag erase {person_id} --confirm {plan.digest}", highlight=False, soft_wrap=True
    )


def _say_receipt(erasure: "Erasure") -> None:
    by = f"by {erasure.programme}/{erasure.rule}" if erasure.rule else "at his own request or with an import that was taken back"
    state = f"awaits {', '.join(erasure.awaited)}" if erasure.awaited else f"complete since {erasure.completed_at:%Y-%m-%d %H:%M} UTC"
    decided = f"{erasure.decided_at:%Y-%m-%d %H:%M} UTC"
    console.print(f"{erasure.erasure_id}  {decided}, {by}: {_listed(erasure.people)}; {state}", highlight=False, soft_wrap=True)
    for name in sorted(erasure.answers):
        console.print(f"  {name:14}{_listed(erasure.answers[name].counts) or 'nothing'}", highlight=False, soft_wrap=True)


def _listed(counts: "Mapping[str, int]") -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def _print_json(found: "Sequence[Any]") -> None:
    sys.stdout.write(json.dumps(msgspec.to_builtins(found), ensure_ascii=False, indent=1) + "\n")

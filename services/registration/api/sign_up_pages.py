"""The doors of the pages on which families sign up: ask for a link or code, open it, fill in, look it through, send, and read what is next.

A browser is known again by a cookie that scripts and other sites cannot use; each form carries a value of the session's own
besides. Opening a link takes a press of a button, since mail filters follow links. What was typed is stored nowhere before it is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from math import ceil
from typing import Any, Final

from marshmallow import Schema, fields, validate
from werkzeug.http import dump_cookie

from services.chassis.errors import Conflict, Invalid, TooManyRequests
from services.chassis.http.form import Form
from services.chassis.http.request import Answer, Request
from services.chassis.http.strict import load, strictly
from services.chassis.pages.fields import Field, Option
from services.chassis.pages.rendering import HEADERS
from services.chassis.pages.words import Said, Words
from services.registration.api.door import api
from services.registration.api.sign_up_schemas import CODE, LinkSchema, ProofSchema
from services.registration.api.sign_ups import minutes, proof_of, send_link
from services.registration.domain.sign_up import Channel, Session
from services.registration.handlers import sign_ups
from services.registration.pages.filling import Filling
from services.registration.pages.rendering import page
from services.registration.pages.typed import Typed
from services.registration.pages.words import chosen_words
from services.registration.storage import Work

COOKIE: Final = "deltag-sign-up"
HTML: Final = "text/html"

_GONE: Final = {"refused": 403, "over": 410}
"""What the pages say that begin anew, and with which status."""

_LINK: Final = strictly(LinkSchema())
_PROOF: Final = strictly(ProofSchema())


class PageQuery(Schema):
    """In which language the page is read; the browser's own, where it is not said or the page is not written in it."""

    lang = fields.String()


class AskQuery(PageQuery):
    """For which programme, where there are several."""

    programme = fields.String(validate=CODE)


class OpenQuery(PageQuery):
    """What a mailed link holds. It is used by the button on the page, not by looking at it."""

    token = fields.String(load_default="", validate=validate.Length(max=128))


@api.get("/sign-up", summary="To the page where families sign up", public=True, returns={303: None})
def to_sign_up(_request: Request, _work: Work) -> Answer:
    """An address that fits on a poster."""
    return _see("sign-up/link")


# A link or code is asked for.


@api.page("/sign-up/link", summary="The page that asks for a link or code", public=True, query=AskQuery())
def link_page(request: Request, work: Work) -> Answer:
    """The same for everybody."""
    return _link_page(Typed({"programme": [request.query.get("programme", "")]}), _words(request), work)


@api.post("/sign-up/link", summary="Ask for a link or code on a page", public=True, body=Form(), returns={200: HTML, 422: HTML, 429: HTML})
def ask_on_page(request: Request, work: Work) -> Answer:
    """As POST /v1/sign-up-links: the answer is the same whether the address is known or not."""
    typed, read = Typed(request.body), _words(request)
    if typed.text("do") != "ask":
        return _link_page(typed, read, work)
    body = {name: text for name in ("programme", "email", "phone") if (text := typed.text(name))}
    try:
        address = send_link(load(_LINK, body | {"language": read.language}), request, work)
    except Invalid as refused:
        return _link_page(typed, read, work, refused)
    except TooManyRequests as refused:
        return _too_many(refused, read)
    if address.channel is Channel.EMAIL:
        return _html("mail", read, minutes=minutes(work))
    return _code_page(typed.text("phone"), read, work)


# It is given back.


@api.page("/sign-up/open", summary="The page that a link opens", public=True, query=OpenQuery())
def open_page(request: Request, work: Work) -> Answer:
    """It looks at no link and uses none up, so that a mail filter may look at it."""
    return _html("open", _words(request), token=request.query["token"], minutes=minutes(work))


@api.post(
    "/sign-up/open", summary="Give back a link or code on a page", public=True, body=Form(), returns={303: None, 200: HTML, 403: HTML}
)
def open_on_page(request: Request, work: Work) -> Answer:
    """As POST /v1/sign-up-sessions. Whoever has opened the link already in this browser goes on where he was."""
    typed, read = Typed(request.body), _words(request)
    if typed.text("do").startswith("language:"):
        return _html("open", read, token=typed.text("token"), minutes=minutes(work))
    session = _redeemed(typed, work)
    if session:
        request.concerns(session.session_id)
        return _see(f"family?lang={read.language}", {"Set-Cookie": _cookie(session, work)})
    if phone := typed.text("phone"):
        return _code_page(phone, read, work, wrong="code-refused")
    return _see(f"family?lang={read.language}") if _session(request, work) else _message("refused", read, work)


# The family is filled in and sent.


@api.page("/sign-up/family", summary="The page that a family fills in", public=True, query=PageQuery(), returns={200: HTML, 410: HTML})
def family_page(request: Request, work: Work) -> Answer:
    """For whoever has opened a link or code in this browser."""
    filling = _filling(Typed({}), request, work)
    return _text(filling.form()) if filling and filling.session else _message("over", _words(request), work)


@api.post(
    "/sign-up/family",
    summary="Fill in, look through and send",
    public=True,
    body=Form(),
    returns={200: HTML, 303: None, 403: HTML, 409: HTML, 410: HTML, 422: HTML, 429: HTML},
)
def fill_in(request: Request, work: Work) -> Answer:
    """As POST /v1/sign-up-requests for each child, with everything that is wrong said at its field."""
    filling = _filling(Typed(request.body), request, work)
    if filling is None:
        return _message("over", _words(request), work)
    do, _, what = filling.typed.text("do").partition(":")
    if do == "send":
        return _refused(filling) or _sent(filling, request)
    if do == "check":
        checked = replace(filling, typed=filling.typed.having({"consent/given_at": [work.now.isoformat()]}))
        return _refused(checked) or _text(checked.summary())
    changed = filling.typed.changed(do, what).with_ids
    return _text(replace(filling, typed=changed).form(focus=changed.newest(what) if do == "add" else ""))


@api.page("/sign-up/receipt", summary="What happens next", public=True, query=PageQuery(), returns={200: HTML, 410: HTML})
def receipt_page(request: Request, work: Work) -> Answer:
    """What was sent, without anybody's data: the browser may be a library's."""
    filling = _filling(Typed({}), request, work)
    return _receipt("receipt", filling) if filling and filling.session else _message("over", _words(request), work)


def _refused(filling: Filling) -> Answer | None:
    """The page once more, where something stands against sending it; whatever it is, nothing that was typed is lost."""
    keys, session = filling.work.resources.sign_up_keys, filling.session
    if session is None:
        return _text(filling.form(notice="over-typed"), _GONE["over"])
    if filling.typed.text("form") != keys.form_of(session.session_id):
        return _text(filling.form(notice="form-again"), 403)
    wrong, unseen = filling.problems(), filling.unseen
    return _text(filling.form(notice="more-questions" if unseen else "", wrong=wrong), 422) if wrong or unseen else None


def _sent(filling: Filling, request: Request) -> Answer:
    session = filling.session
    assert session  # noqa: S101 - `_refused` has seen to it
    request.concerns(session.session_id)
    try:
        filling.send(session)
    except Conflict:
        return _receipt("sent", filling, 409)
    except TooManyRequests as refused:
        return _too_many(refused, filling.words)
    return _see(f"receipt?lang={filling.words.language}")


def _receipt(about: str, filling: Filling, status: int = 200) -> Answer:
    sent = filling.work.sign_up_requests.of_session(filling.session.session_id) if filling.session else []
    received = [(moment, len([*those])) for moment, those in groupby(sent, lambda one: one.received_at)]
    named = filling.words.named(filling.programme.name)
    return _html("receipt", filling.words, status, about=about, programme=named, received=received, contact=filling.programme.contact)


def _filling(typed: Typed, request: Request, work: Work) -> Filling | None:
    """None where nobody knows which programme it is for."""
    session = _session(request, work)
    code = session.programme if session else typed.text("programme")
    programme = work.programmes.of_codes([code]).get(code)
    return Filling(programme, session, typed.with_ids, _words(request), work) if programme else None


def _session(request: Request, work: Work) -> Session | None:
    session_id = work.resources.sign_up_keys.session_of(request.cookies.get(COOKIE, ""))
    return work.sign_ups.session(session_id, work.now) if session_id else None


def _redeemed(typed: Typed, work: Work) -> Session | None:
    given = {name: text for name in ("token", "phone", "code") if (text := typed.text(name))}
    try:
        return sign_ups.redeem(proof_of(load(_PROOF, given)), work)
    except Invalid:
        return None


def _cookie(session: Session, work: Work) -> str:
    """For this folder of this site alone; over HTTPS alone where the deployment has it."""
    value, is_secure = work.resources.sign_up_keys.pass_of(session.session_id), work.resources.public_url.startswith("https:")
    ttl = work.resources.sign_up_ttl
    return dump_cookie(COOKIE, value, ttl, path=None, secure=is_secure, httponly=True, samesite="Strict", sync_expires=False)


def _words(request: Request) -> Words:
    """In the language that was just chosen, else in the page's, else in the one that the browser would rather have."""
    typed = Typed(request.body or {})
    chosen = typed.text("do").partition("language:")[2] or typed.text("lang") or request.query.get("lang")
    return chosen_words(str(chosen or ""), request.accept_language)


def _link_page(typed: Typed, read: Words, work: Work, refused: Invalid | None = None) -> Answer:
    known = {one.code: read.named(one.name) for one in work.programmes.all()}
    chosen = typed.having({"programme": [*known]}) if len(known) == 1 else typed
    wrong = _problems(refused, read)
    options = [Option(code, name) for code, name in known.items()]
    asked = [
        _field("programme", "hidden" if len(known) == 1 else "select", chosen, read, wrong, options=options),
        _field("email", "email", chosen, read, wrong, autocomplete="email"),
        _field("phone", "tel", chosen, read, wrong, autocomplete="tel"),
    ]
    found = {"fields_wrong": [field for field in asked if field.problems], "loose": wrong.get("", [])}
    return _html("link", read, 422 if refused else 200, asked=asked, minutes=minutes(work), **found)


def _problems(refused: Invalid | None, read: Words) -> Mapping[str, list[Said]]:
    found: dict[str, list[Said]] = {}
    for one in refused or ():
        name = one.field.strip("/")
        found.setdefault(name, []).append(read.problem(one.slug, name, {}, {"da": one.da, "en": one.en}))
    return found


def _field(name: str, kind: str, typed: Typed, read: Words, wrong: Mapping[str, Sequence[Said]] | None = None, **more: Any) -> Field:
    return Field(name, kind, Said(read[name], read.language), typed.all(name), problems=(wrong or {}).get(name, ()), **more)


def _code_page(phone: str, read: Words, work: Work, wrong: str = "") -> Answer:
    problems = {"code": [read.problem(wrong, "code", {}, {})]} if wrong else {}
    field = _field("code", "digits", Typed({}), read, problems, autocomplete="one-time-code")
    return _html("code", read, 403 if wrong else 200, field=field, phone=phone, minutes=minutes(work))


def _message(about: str, read: Words, work: Work) -> Answer:
    return _html("message", read, _GONE[about], about=about, minutes=minutes(work))


def _too_many(refused: TooManyRequests, read: Words) -> Answer:
    answer = _html("message", read, 429, about="too-many", minutes=ceil(refused.after_s / 60))
    return replace(answer, headers={**answer.headers, "Retry-After": str(refused.after_s)})


def _html(name: str, read: Words, status: int = 200, **values: object) -> Answer:
    return _text(page(name, read, **values), status)


def _text(html: str, status: int = 200) -> Answer:
    return Answer(html, status, HEADERS)


def _see(place: str, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(None, 303, {"Location": place, **(headers or {})})

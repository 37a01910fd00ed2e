"""What somebody without an account can ask for, in the order of the story: a link, a session, enrolments.

Nothing on this way looks at anybody who is registered, so neither answer, time nor number of statements tells who is. Only
`take_received`, which runs on a clock, does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any

import msgspec

from services.chassis.contracts import problems
from services.chassis.envelope import Received
from services.chassis.errors import Conflict, Invalid, Reason, TooManyRequests
from services.chassis.http.caller import Role
from services.chassis.ids import new_id
from services.chassis.keys import seal
from services.chassis.service import PERSONAL
from services.chassis.storage import Cause, content_hash
from services.registration import messages
from services.registration.domain import sign_up
from services.registration.domain.enrolment import Enrolment
from services.registration.domain.objection import Objection, Rule
from services.registration.domain.origin import DoneBy
from services.registration.domain.request import EnrolmentRequest, Known, decide
from services.registration.domain.sign_up import Address, Channel, Link, Session
from services.registration.domain.sign_up_request import SignUpRequest, Standing, Why
from services.registration.handlers.enrolling import ENROLMENT_CONTRACT, answer_enrolment_requests
from services.registration.sign_up_keys import drawn
from services.registration.texts import explain, reason

if TYPE_CHECKING:
    from services.registration.storage import Work

SOURCE = "/sign-up"
"""In whose name an applicant's request becomes an enrolment."""


@dataclass(frozen=True, slots=True, repr=False)
class Proof:
    """What somebody gives back: what his link holds, or the code that came by SMS and his number."""

    token: str | None = None
    phone: str | None = None
    code: str | None = None


# Somebody asks for a link or a code.


def ask_for_link(address: Address, *, programme: str, language: str, network: str, work: "Work", cause: Cause) -> None:
    """Send a new link or code to the address. Raises `Invalid` for an unknown programme, and `TooManyRequests`."""
    if programme not in work.programmes.of_codes([programme]):
        raise Invalid(reasons=[reason(Rule.UNKNOWN_PROGRAMME, "/programme")])
    keys, hourly = work.resources.sign_up_keys, work.resources.sign_up_hourly
    to, by = keys.address(address), keys.network(network)
    if seconds := sign_up.wait(work.sign_ups.reached(to, by, hourly, work.now), work.now):
        raise TooManyRequests(seconds)
    link_id, secret, expires_at = new_id(), drawn(address.channel), work.now + work.resources.sign_up_ttl
    hashed = keys.token(secret) if address.channel is Channel.EMAIL else keys.code(link_id, secret)
    link = Link(link_id, address.channel, programme, language, to, hashed, work.now, expires_at)
    work.sign_ups.add(link, by)
    _send(link, address, secret, work, cause)


def _send(link: Link, address: Address, secret: str, work: "Work", cause: Cause) -> None:
    """The letter's content, readable by notifications alone."""
    is_link = link.channel is Channel.EMAIL
    says = {"link": f"{work.resources.public_url}/sign-up/open?lang={link.language}&token={secret}"} if is_link else {"code": secret}
    content = msgspec.json.encode({"address": address.text, **says})
    key_id, sealed = seal(work.resources.notifications_public_key, content, link.link_id.encode())
    work.emit(
        messages.SIGN_UP_LINK_SEALED,
        subject=link.link_id,
        data=messages.of_sign_up_link(link, key_id, sealed),
        programme=link.programme,
        exchange=PERSONAL,
        classification="restricted",
        cause=cause,
    )


# He gives it back.


def redeem(proof: Proof, work: "Work") -> Session | None:
    """The session that a link or code opens, once. None, and one and the same way to it, whatever is wrong."""
    link, hashed = _by_token(proof.token, work) if proof.token else _by_code(proof, work)
    holds = link.redeem(hashed, work.now)
    work.sign_ups.save(link)
    if not holds:
        return None
    expires_at = work.now + work.resources.sign_up_ttl
    session = Session(new_id(), link.link_id, link.channel, link.programme, link.address, work.now, expires_at)
    work.sign_ups.open(session)
    return session


def _by_token(token: str, work: "Work") -> tuple[Link, bytes]:
    hashed = work.resources.sign_up_keys.token(token)
    return work.sign_ups.of_token(hashed) or sign_up.nobodys(work.now), hashed


def _by_code(proof: Proof, work: "Work") -> tuple[Link, bytes]:
    keys = work.resources.sign_up_keys
    link = work.sign_ups.latest(keys.address(Address.phone(proof.phone or ""))) or sign_up.nobodys(work.now)
    return link, keys.code(link.link_id, proof.code or "")


# He asks for an enrolment of his child.


def submit(session: Session, request_id: str, data: Mapping[str, Any], work: "Work") -> SignUpRequest:
    """Keep what is asked for, or reject it with every reason that needs no look at anybody; the same again is the same.

    Raises `Conflict` for the same id with other content, and `TooManyRequests` when the session has asked often enough.
    """
    content, before = content_hash(msgspec.json.encode(data)), work.sign_up_requests.of_session(session.session_id)
    if known := next((one for one in before if one.request_id == request_id), None):
        return _same(known, content)
    if len(before) >= sign_up.MOST_REQUESTS:
        raise TooManyRequests(ceil((session.expires_at - work.now).total_seconds()))
    request = _judged(SignUpRequest(new_id(), session.session_id, request_id, content, Standing.RECEIVED, data, work.now), session, work)
    work.sign_up_requests.add(request)
    work.wake("sign-ups")
    return request


def _same(known: SignUpRequest, content: str) -> SignUpRequest:
    if known.hash != content:
        raise Conflict(reasons=[reason("same-id-other-content", "/id")])
    return known


def _judged(request: SignUpRequest, session: Session, work: "Work") -> SignUpRequest:
    if broken := problems(ENROLMENT_CONTRACT, request.data):
        return request.rejected([found.as_dict() for found in broken])
    asked = _asked(request.data)
    known = _known(asked, work)
    if against := _objections(asked, known, session, work):
        return request.rejected([found.as_dict() for found in explain(against)])
    place = known.institutions.get(asked.institution or "")
    return replace(request, programme=asked.programme, institution=place.code if place else None)


def objections(data: Mapping[str, Any], session: Session, work: "Work") -> Sequence[Reason | Objection]:
    """Everything for which `submit` would reject this, and nothing is kept: first what breaks the contract, then what breaks a rule."""
    if broken := problems(ENROLMENT_CONTRACT, data):
        return broken
    asked = _asked(data)
    return _objections(asked, _known(asked, work), session, work)


def _objections(asked: EnrolmentRequest, known: Known, session: Session, work: "Work") -> list[Objection]:
    named = [work.resources.sign_up_keys.address(address) for address in sign_up.addresses(asked)]
    return [*decide([asked], known, work.now)[0], *sign_up.objections(asked, session, named)]


def _known(asked: EnrolmentRequest, work: "Work") -> Known:
    return work.known([asked.programme], filter(None, [asked.institution]))


def _asked(data: object) -> EnrolmentRequest:
    return msgspec.convert(data, EnrolmentRequest, strict=False)


# On a clock: what meets nobody is taken, the rest is put before a person.


def take_received(sign_up_request_id: str, work: "Work") -> None:
    """Take one that nobody has looked at; where somebody in it is known, or the rules reject it, it waits for a person."""
    request = work.sign_up_requests.lock_received(sign_up_request_id)
    if request is None:
        return
    if work.sign_up_requests.known(sign_up.numbers(_asked(request.data))):
        work.sign_up_requests.save(request.waits(Why.SOMEBODY_KNOWN))
    else:
        work.sign_up_requests.save(request.answered(_enrol(request, work)))


def set_aside(sign_up_request_id: str, work: "Work") -> None:
    """Put one before a person that cannot be taken for a reason that nobody foresaw."""
    if request := work.sign_up_requests.lock_received(sign_up_request_id):
        work.sign_up_requests.save(request.waits(Why.FAULT))


def _enrol(request: SignUpRequest, work: "Work") -> Enrolment:
    """What it leads to: an enrolment, or a rejection with every reason."""
    message = Received(
        id=new_id(),
        source=SOURCE,
        type="enrolment.requested.v1",
        subject="",
        data=_asked(request.data),
        correlationid=request.sign_up_request_id,
        municipality=work.context.settings.municipality,
    )
    answer_enrolment_requests([message], work, {message.id: DoneBy(request.session_id, Role.APPLICANT)})
    return work.enrolments.answers(SOURCE, work.history.of_requests(SOURCE, [message.id]), [message.id])[message.id]


# A person decides what waits.


def decide_waiting(request: SignUpRequest, *, take: bool, work: "Work") -> SignUpRequest:
    """Take it, whoever is known in it, or decline it. Raises `Invalid` where the rules reject it still, with every reason."""
    decided = _taken(request, work) if take else request.declined()
    work.sign_up_requests.save(decided)
    return decided


def _taken(request: SignUpRequest, work: "Work") -> SignUpRequest:
    answer = _enrol(request, work)
    if answer.reasons:
        raise Invalid(reasons=[_reason(found) for found in answer.reasons])
    return request.answered(answer)


def _reason(found: Mapping[str, Any]) -> Reason:
    return Reason(found["slug"], found["field"], found["text"]["da"], found["text"]["en"])


# On a clock too.


def forget(work: "Work") -> None:
    """Forget links, codes and sessions that nobody can use any more and no limit counts."""
    work.sign_ups.forget(work.now)

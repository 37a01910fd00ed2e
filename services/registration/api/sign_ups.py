"""The HTTP door for people without an account: a link or code, a session, and what is asked for in it.

What an applicant is answered never depends on who is registered (docs/decisions/applicants-see-nothing.md). What meets
somebody who is registered waits behind the doors at the end, for those who may see it.
"""

from collections.abc import Mapping
from typing import Any

from services.chassis.contracts import example
from services.chassis.errors import DeltagError, Forbidden, Invalid, NotFound
from services.chassis.http.caller import Role
from services.chassis.http.request import Request
from services.registration import access, need_to_know, schemas
from services.registration.api import sign_up_schemas
from services.registration.api.door import api
from services.registration.domain.cpr_number import CprNumber
from services.registration.domain.sign_up import Address, Session
from services.registration.domain.sign_up_request import SignUpRequest
from services.registration.handlers import sign_ups
from services.registration.handlers.enrolling import ENROLMENT_CONTRACT
from services.registration.handlers.sign_ups import Proof
from services.registration.storage import Work
from services.registration.texts import reason

_EXAMPLE = {"id": example(ENROLMENT_CONTRACT)["id"], "data": example(ENROLMENT_CONTRACT)["data"]}
_DECIDERS = (Role.COORDINATOR, Role.LEADER)


@api.post(
    "/v1/sign-up-links",
    summary="Ask for a link or code",
    public=True,
    body=sign_up_schemas.LinkSchema(),
    returns={202: sign_up_schemas.LinkAskedSchema()},
    errors=(422, 429),
    examples={"body": {"programme": "sammen-om-boern", "email": "mona@example.org", "language": "da"}},
)
def ask_for_link(request: Request, work: Work) -> Mapping[str, Any]:
    """A link is mailed to `email`, or a code sent to `phone`. It holds once and for half an hour; asking anew voids an earlier code.

    The answer is the same whether the address is known or not. Limits (429) count what is asked for at an address, from a
    network, and in all.
    """
    send_link(request.body, request, work)
    return {"status": "asked", "minutes": minutes(work)}


@api.post(
    "/v1/sign-up-sessions",
    summary="Give back a link or code",
    public=True,
    body=sign_up_schemas.ProofSchema(),
    returns={201: sign_up_schemas.SessionSchema()},
    errors=(403, 422),
    examples={"body": {"phone": "20 00 00 17", "code": "040815"}},
)
def open_session(request: Request, work: Work) -> Mapping[str, Any] | DeltagError:
    """An access token for the role applicant. Whatever is wrong (unknown, used, expired, tried too often) gets one and the same refusal."""
    session = sign_ups.redeem(proof_of(request.body), work)
    if session is None:
        return Forbidden(reasons=[reason("sign-up-refused")])
    request.concerns(session.session_id)
    ttl, issuer = work.resources.sign_up_ttl, work.resources.sign_up_keys.issuer
    return {
        "access_token": issuer.issue(session.session_id, work.context.settings.municipality, work.now, ttl),
        "token_type": "Bearer",
        "expires_in": int(ttl.total_seconds()),
        "programme": session.programme,
        "channel": session.channel,
    }


@api.get(
    "/.well-known/jwks.json",
    summary="The keys of applicants' tokens",
    public=True,
    returns={200: sign_up_schemas.KeySetSchema()},
)
def key_set(_request: Request, work: Work) -> Mapping[str, Any]:
    """Whoever checks a token of the issuer `urn:deltag:sign-up` reads its public key here."""
    return work.resources.sign_up_keys.issuer.public_keys()


@api.post(
    "/v1/sign-up-requests",
    summary="Ask for an enrolment of one's own family",
    roles=(Role.APPLICANT,),
    body=schemas.RequestSchema(),
    returns={202: sign_up_schemas.SignUpAnswerSchema()},
    errors=(403, 409, 429),
    idempotent=True,
    examples={"body": _EXAMPLE},
)
def submit(request: Request, work: Work) -> Mapping[str, Any]:
    """Received, or rejected with every reason at once. The same `id` with the same data is answered the same again.

    `data` is what the message enrolment.requested.v1 holds. At least one guardian has the address that was proven.
    """
    submitted = sign_ups.submit(_session(request, work), request.body["id"], request.body["data"], work)
    request.concerns(submitted.sign_up_request_id)
    return _answer(submitted)


@api.get(
    "/v1/sign-up-requests",
    summary="What was asked for in this session",
    roles=(Role.APPLICANT,),
    returns={200: sign_up_schemas.SignUpAnswersSchema()},
)
def submitted(request: Request, work: Work) -> Mapping[str, Any]:
    """The answers to the session's own requests."""
    return {"items": [_answer(one) for one in work.sign_up_requests.of_session(_session(request, work).session_id)]}


@api.get(
    "/v1/sign-up-requests/waiting",
    summary="Applicants' requests that wait for a person",
    roles=_DECIDERS,
    returns={200: sign_up_schemas.WaitingListSchema()},
)
def waiting(request: Request, work: Work) -> Mapping[str, Any]:
    """Those in which somebody is known already, or that could not be taken; a leader sees her own institutions'. The oldest 500."""
    return {"items": [_waiting(one) for one in work.sign_up_requests.waiting(access.reach_of(request.caller))]}


@api.get(
    "/v1/sign-up-requests/{id:uuid}",
    summary="An applicant's request that waits for a person",
    roles=_DECIDERS,
    personal=True,
    returns={200: sign_up_schemas.WaitingRequestSchema()},
    errors=(404,),
)
def waiting_request(request: Request, work: Work) -> Mapping[str, Any]:
    """What was asked for; CPR numbers are masked, and of answers there are those alone that the purpose needs."""
    found = _locked(request, work)
    needed = need_to_know.readable(work.programmes.of_codes([str(found.programme)])[str(found.programme)], request)
    return _waiting(found) | {"data": need_to_know.without_answers(_masked(found.data), needed)}


@api.post(
    "/v1/sign-up-requests/{id:uuid}/decision",
    summary="Decide an applicant's request that waits",
    roles=_DECIDERS,
    body=sign_up_schemas.DecisionSchema(),
    returns={200: sign_up_schemas.DecidedSchema()},
    errors=(404,),
    idempotent=True,
    examples={"body": {"decision": "take"}},
)
def decide(request: Request, work: Work) -> Mapping[str, Any]:
    """Taken, it becomes an enrolment, and what it says of people who are registered is believed; declined, it is forgotten.

    The applicant is told nothing of it here. 422 where the rules reject it still, with every reason.
    """
    found = sign_ups.decide_waiting(_locked(request, work), take=request.body["decision"] == "take", work=work)
    return {"sign_up_request_id": found.sign_up_request_id, "status": found.status}


def send_link(body: Mapping[str, str], request: Request, work: Work) -> Address:
    """Send what `LinkSchema` asks for; the address that it goes to. Raises `Invalid`, and `TooManyRequests`."""
    address = Address.of(email=body.get("email"), phone=body.get("phone"))
    if address is None:
        raise Invalid(reasons=[reason("one-address", "/email")])
    where = {"programme": body["programme"], "language": body["language"], "network": request.network}
    sign_ups.ask_for_link(address, **where, work=work, cause=request.cause)
    return address


def minutes(work: Work) -> int:
    """For how long a link or code holds, and what it opens."""
    return int(work.resources.sign_up_ttl.total_seconds() / 60)


def proof_of(body: Mapping[str, str]) -> Proof:
    """What `ProofSchema` describes. Raises `Invalid` where it is not one proof."""
    proof = Proof(**body)
    if (proof.token is None) == (proof.phone is None) or (proof.phone is None) != (proof.code is None):
        raise Invalid(reasons=[reason("one-proof", "/token")])
    return proof


def _session(request: Request, work: Work) -> Session:
    session = work.sign_ups.session(request.caller.subject, work.now)
    if session is None:
        raise Forbidden(reasons=[reason("session-over")])
    return session


def _answer(submitted: SignUpRequest) -> Mapping[str, Any]:
    shown = {name: getattr(submitted, name) for name in ("request_id", "reasons", "received_at")}
    return shown | {"status": submitted.shown}


def _locked(request: Request, work: Work) -> SignUpRequest:
    found = work.sign_up_requests.lock_waiting(request.path["id"], access.reach_of(request.caller))
    if found is None:
        raise NotFound(reasons=[reason("unknown-sign-up-request")])
    return found


def _waiting(found: SignUpRequest) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("sign_up_request_id", "programme", "institution", "received_at", "why")}


def _masked(data: Any) -> Any:
    """The same without the last four digits of CPR numbers."""
    match data:
        case dict():
            return {name: _mask(value) if name == "cpr_number" else _masked(value) for name, value in data.items()}
        case list():
            return [_masked(value) for value in data]
        case _:
            return data


def _mask(text: str) -> str:
    number = CprNumber.read(text)
    return number.masked if number else ""

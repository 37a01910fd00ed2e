"""The channel for text messages in earnest: GatewayAPI, a Danish SMS gateway, by its message API.

`POST /mobile/single` takes one message and answers 202 with an id when it will try to deliver it
(https://gatewayapi.com/docs/apis/messaging/). The gateway does not recognise a message that is sent again: it arrives twice.
"""

import json
from typing import ClassVar

import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from services.chassis.errors import DeltagError
from services.notifications.channels import Away, Letter, Passing, Permanent

CONNECT_S = 5
ANSWER_S = 20
"""How long the gateway may take to be reached, and to answer."""

_REFUSES_US = {401, 403}
_TOO_MANY = 429
_LONGEST_REFERENCE = 64


class SmsChannel:
    """Hands messages to the gateway at `url`, with its API token; `sender` is whom they say they are from."""

    name: ClassVar[str] = "sms"

    def __init__(self, url: str, token: str, sender: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Token {token}", "Content-Type": "application/json", "Accept": "application/json"}
        self._sender = sender
        self._pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=CONNECT_S, read=ANSWER_S))

    def send(self, letter: Letter) -> None:
        """Hand the text over. The slug of an error has the gateway's status (`sms-422`), never its words, which may hold the number."""
        status = self._answer(self._message(letter))
        if not 200 <= status < 300:  # noqa: PLR2004 - RFC 9110: 2xx is success
            raise _fault(status)

    def close(self) -> None:
        """Let the connection go."""
        self._pool.clear()

    def _message(self, letter: Letter) -> bytes:
        digits = letter.address.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()):
            raise Permanent("bad-number", en="The number is not one that can be written to.")
        reference = letter.message_id.strip("<>")[:_LONGEST_REFERENCE]
        return json.dumps({"sender": self._sender, "recipient": int(digits), "message": letter.text, "reference": reference}).encode()

    def _answer(self, body: bytes) -> int:
        try:
            return self._pool.request("POST", self._url, body=body, headers=self._headers, redirect=False).status
        except (ReadTimeoutError, ProtocolError):
            raise Passing("sms-no-answer", en="The SMS gateway did not answer: it may have taken the message.") from None
        except HTTPError:
            raise Away("sms-away", en="The SMS gateway cannot be reached.") from None


def _fault(status: int) -> DeltagError:
    if status in _REFUSES_US:
        return Away("sms-login-refused", en="The SMS gateway refuses the token, or this machine.")
    if status == _TOO_MANY or status >= 500:  # noqa: PLR2004 - RFC 9110: 5xx is the server's fault
        return Passing(f"sms-{status}", en=f"The SMS gateway answered {status}.")
    return Permanent(f"sms-{status}", en=f"The SMS gateway refused the message with {status}.")

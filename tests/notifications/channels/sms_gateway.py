"""An SMS gateway of the tests' own, on a real port: it answers as GatewayAPI's documentation shows, and keeps what it took."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.ports import free_port

ACCEPTED = {"msg_id": "01KGX4PF3R7Y7VN9Z3HCJ8JTQY", "recipient": 4520000017, "reference": None}
REFUSED = {"code": "0x0215", "incident_uuid": "97ba21f4-0f5c-4b1e-8d2f-3d9a51c7e109", "message": "Invalid recipient 4520000017"}
HANG_UP = 0
"""In place of a status: the connection ends without an answer."""


class SmsGateway:
    """`status` is what the next messages are answered; `taken` are the bodies of those that were accepted, `tokens` who sent them."""

    def __init__(self) -> None:
        self.port = free_port()
        self.status = 202
        self.taken: list[dict[str, Any]] = []
        self.tokens: list[str | None] = []
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/mobile/single"

    def start(self) -> None:
        """Begin to answer."""
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                gateway.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Be away."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @contextmanager
    def running(self) -> Iterator["SmsGateway"]:
        """Answer for the length of a block."""
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Take a message, or not."""
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        if self.status == HANG_UP:
            request.close_connection = True
            return
        if self.status < 300:
            self.taken.append(body)
            self.tokens.append(request.headers["Authorization"])
        content = json.dumps(ACCEPTED if self.status < 300 else REFUSED).encode()
        request.send_response(self.status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

"""The witness over HTTP, c2sp.org/tlog-witness: two addresses, small bodies, and nobody waited for."""

from __future__ import annotations

import io
import re
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from store.errors import BadInput, QuarterdeckError, StorageFailure
from store.integrity.witness_request import MAX_REQUEST
from store.services.witness import witnessing
from store.services.witness.witnessing import Answer, Witness

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_CONNECTIONS: Final = 32
SECONDS: Final = 10.0
"""How long one connection is listened to, however its bytes are spread: a place is held no longer than this."""
_HEAD: Final = re.compile(r"(?:/[^?#]*)?/([0-9a-f]{64})/checkpoint", re.ASCII)
_ADD: Final = re.compile(r"(?:/[^?#]*)?/add-checkpoint", re.ASCII)

Report = Callable[[str], None]
"""Told one line about each answer, without anything that the client wrote."""


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness until `shutdown`."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 2 * MAX_CONNECTIONS

    def __init__(self, witness: Witness, address: tuple[str, int], report: Report, alarm: Report) -> None:
        """Listen at `address`; `alarm` is told why nothing was cosigned when the witness cannot remember.

        Raises:
            StorageFailure: the address cannot be had.
        """
        self.witness = witness
        self.report = report
        self.alarm = alarm
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        try:
            super().__init__(address, _Handler)
        except OSError as error:
            raise StorageFailure(f"cannot listen at {address[0]}:{address[1]} ({error.strerror})") from error

    @property
    def url(self) -> str:
        """The submission prefix to put into a log's `[witnesses]`."""
        host, port = self.server_address[:2]
        name = host.decode() if isinstance(host, bytes | bytearray) else str(host)
        return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread of its own; one too many is closed at once."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a broken connection be: the client is gone, and nothing was lost."""
        del request, client_address


def parse_address(text: str) -> tuple[str, int]:
    """Return the (host, port) that `HOST:PORT` names.

    Raises:
        BadInput: it names none.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdecimal() or int(port) > 65535:
        raise BadInput(f"{text!a} is no address: write HOST:PORT, e.g. 127.0.0.1:8731")
    return host.removeprefix("[").removesuffix("]"), int(port)


class _Patient(io.RawIOBase):
    """What comes from a connection until its time is over: who sends a byte now and then gains nothing by it."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        super().__init__()
        self._connection = connection
        self._until = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("this connection has had its time")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "quarterdeck-witness"
    sys_version = ""
    timeout = SECONDS

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(_Patient(self.connection, self.timeout))

    def parse_request(self) -> bool:
        """Refuse a head that another program on the way (a proxy) may read in another way than this one."""
        if not super().parse_request():
            return False
        lengths = self.headers.get_all("Content-Length", [])
        if self.headers.defects or len(lengths) > 1:
            self._send(Answer(400, b"the head of the request is malformed\n"), close=True)
            return False
        return True

    def do_POST(self) -> None:
        if not _ADD.fullmatch(self.path):
            self._send(Answer(404, b"POST .../add-checkpoint\n"), close=True)
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self._send(Answer(411, b"say how long the request is\n"), close=True)
        elif len(length) > 9 or int(length) > MAX_REQUEST:
            self._send(Answer(413, b"the request is too long\n"), close=True)
        else:
            body = self.rfile.read(int(length))
            self._send(self._ask(body) if len(body) == int(length) else Answer(400, b"cut off\n"))

    def do_GET(self) -> None:
        match = _HEAD.fullmatch(self.path)
        try:
            note = witnessing.published(self.server.witness, match[1]) if match else None
        except QuarterdeckError as error:
            self.server.alarm(str(error))
            self._send(Answer(500, b"the head cannot be read\n"), close=True)
            return
        # a body that a GET brings along is not read: it must not be taken for the next request
        body = "Content-Length" in self.headers or "Transfer-Encoding" in self.headers
        self._send(Answer(404, b"nothing here\n") if note is None else Answer(200, note), close=body)

    def _ask(self, body: bytes) -> Answer:
        try:
            return witnessing.answer(self.server.witness, body)
        except QuarterdeckError as error:
            self.server.alarm(str(error))
            return Answer(500, b"the witness cannot remember; nothing was cosigned\n")

    def _send(self, answer: Answer, *, close: bool = False) -> None:
        self.server.report(f"{self.command} answered {answer.status}")
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_said: object) -> None:
        """Say nothing: what a client writes does not belong on anybody's terminal."""

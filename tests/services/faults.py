"""A proxy between a client and a store that spoils answers as planned, and remembers what was asked.

The client is given the proxy's endpoint; its ``Host`` header and everything else that a signature may cover are
passed on untouched, so it stands before Azurite and before S3 alike.
"""

import http.client
import itertools
import random
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

UPSTREAM_SECONDS = 60
# Headers that concern one connection (RFC 9110, 7.6.1), and Expect, which the proxy answers by itself.
PER_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "expect"}


@dataclass(frozen=True)
class Status:
    """An error answer in place of the store's, which is not asked."""

    code: int = 503
    retry_after: int | None = 0


@dataclass(frozen=True)
class Reset:
    """The connection is reset when at most this share of the body has been sent."""

    share: float = 0.5


@dataclass(frozen=True)
class Short:
    """The body ends early and in good order, while Content-Length still promises all of it."""

    share: float = 0.5


@dataclass(frozen=True)
class Flip:
    """One bit of the body, at this share of its length, arrives wrong."""

    share: float = 0.5


@dataclass(frozen=True)
class Stall:
    """The answer comes, but late."""

    seconds: float = 1.0


Fault = Status | Reset | Short | Flip | Stall


@dataclass(frozen=True)
class Request:
    """What a client asked: ``path`` is decoded and without the query."""

    method: str
    path: str
    query: str = ""
    byte_range: str | None = None


Plan = Callable[[Request], Fault | None]


@dataclass
class Script:
    """The n-th request of this method whose path contains ``path`` meets the n-th fault; later ones none.

    ``itertools.repeat`` makes a fault that never ends.
    """

    faults: Iterable[Fault | None]
    method: str = "GET"
    path: str = ""

    def __post_init__(self) -> None:
        self._rest = iter(self.faults)

    def __call__(self, request: Request) -> Fault | None:
        """The fault for this request."""
        concerned = request.method == self.method and self.path in request.path
        return next(self._rest, None) if concerned else None


@dataclass
class Odds:
    """Each request of this method whose path contains ``path`` meets a fault with the given probability.

    The draw depends on the seed, the request and how often it was asked before, not on what other requests are
    under way, so that a run with many threads meets the same faults each time.
    """

    seed: int
    odds: Mapping[Fault, float]
    method: str = "GET"
    path: str = ""

    def __post_init__(self) -> None:
        self._asked: Counter[Request] = Counter()

    def __call__(self, request: Request) -> Fault | None:
        """The fault for this request."""
        if request.method != self.method or self.path not in request.path:
            return None
        self._asked[request] += 1
        draw = random.Random(f"{self.seed} {request} {self._asked[request]}").random()  # noqa: S311
        bounds = itertools.accumulate(self.odds.values())
        return next((fault for fault, bound in zip(self.odds, bounds, strict=True) if draw < bound), None)


@dataclass
class FaultyProxy:
    """A running proxy. ``plan`` may be replaced at any time; None passes everything on."""

    endpoint: str
    plan: Plan | None = None
    requests: list[Request] = field(default_factory=list)
    given: list[tuple[Request, Fault]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def count(self, method: str, path: str = "") -> int:
        """How many requests of this method, on paths that contain ``path``, came since the last ``forget``."""
        return sum(request.method == method and path in request.path for request in list(self.requests))

    def forget(self) -> None:
        """Start counting anew."""
        with self._lock:
            self.requests.clear()
            self.given.clear()

    def fault_for(self, request: Request) -> Fault | None:
        """Write the request down and say what is to happen to it."""
        with self._lock:
            self.requests.append(request)
            fault = self.plan(request) if self.plan else None
            if fault is not None:
                self.given.append((request, fault))
            return fault


@contextmanager
def faulty_proxy(upstream: str, plan: Plan | None = None) -> Iterator[FaultyProxy]:
    """Stand before the server at ``upstream`` (``http://host:port``, a path is ignored) until the block ends."""
    server = _Server(urlsplit(upstream).netloc, plan)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.proxy
    finally:
        server.stop()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # with block_on_close: no thread is left when the block ends
    request_queue_size = 256

    def __init__(self, upstream: str, plan: Plan | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream
        self.proxy = FaultyProxy(f"http://127.0.0.1:{self.server_port}", plan)
        self.stopping = threading.Event()
        self._clients: set[socket.socket] = set()

    def stop(self) -> None:
        """Stop serving; clients that still hold a connection are hung up on."""
        self.stopping.set()
        self.shutdown()
        for client in list(self._clients):
            with suppress(OSError):  # it may have hung up by itself meanwhile
                client.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._clients.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        # Only close: the usual shutdown before it would end in good order what is meant to be a reset.
        self._clients.discard(request)
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Pass over a client that hung up, as impatient ones do; anything else is a fault of the proxy."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            raise  # noqa: PLE0704


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _relay(self) -> None:
        target = urlsplit(self.path)
        request = Request(self.command, unquote(target.path), target.query, self.headers.get("Range"))
        if "Transfer-Encoding" in self.headers:
            self._refuse(Status(http.HTTPStatus.LENGTH_REQUIRED, retry_after=None))
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.proxy.fault_for(request)
        if isinstance(fault, Status):
            self._refuse(fault)
            return
        answer, content = self._ask(body)
        if isinstance(fault, Stall):
            self.server.stopping.wait(fault.seconds)
        self._answer(answer, content, fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_PATCH = do_MERGE = do_OPTIONS = _relay  # noqa: N815

    def _ask(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=UPSTREAM_SECONDS)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in PER_CONNECTION:
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            return answer, answer.read()
        finally:
            upstream.close()

    def _refuse(self, fault: Status) -> None:
        self.send_response_only(fault.code)
        if fault.retry_after is not None:
            self.send_header("Retry-After", str(fault.retry_after))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, answer: http.client.HTTPResponse, content: bytes, fault: Fault | None) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in {*PER_CONNECTION, "content-length"}:
                self.send_header(name, value)
        length = answer.headers.get("Content-Length") if self.command == "HEAD" else str(len(content))
        if length is not None and answer.status not in {204, 304}:
            self.send_header("Content-Length", length)
        self.end_headers()
        self.wfile.write(self._spoil(content, fault))

    def _spoil(self, content: bytes, fault: Fault | None) -> bytes:
        if isinstance(fault, Flip) and content:
            at = min(int(len(content) * fault.share), len(content) - 1)
            return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        if isinstance(fault, Short | Reset):
            self.close_connection = True
            if isinstance(fault, Reset):
                # Closing with a linger time of zero sends a reset instead of an orderly end (socket(7)).
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return content[: int(len(content) * fault.share)]
        return content

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Print nothing."""

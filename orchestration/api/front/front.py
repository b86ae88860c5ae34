"""The ASGI application that stands before Django."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

import orjson

from orchestration.api.front.bodies import BodyRefusedError, ClientGoneError, Receive, read_body
from orchestration.api.front.bridge import Answer, Environ, WSGIApplication, call_wsgi, joined_headers, wsgi_environ
from orchestration.api.front.log import log_event
from orchestration.api.front.metrics import REQUESTS, SECONDS, UNDER_WAY

Send = Callable[[Mapping[str, Any]], Awaitable[None]]

THREADS = 8  # of a worker that answer; more would only take turns
WAITING = 400  # requests of a worker that are whole and wait for a thread; more are sent away with 503
SEND_SECONDS = 120.0  # for a client to take an answer
REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,60}")

REQUEST_ID_KEY = "doubleread.request_id"
ROUTE_KEY = "doubleread.route"
ACTOR_KEY = "doubleread.actor"
UNKNOWN_ROUTE = "unknown"


class Front:
    """Reads a request whole, has a thread answer it, sends the answer, and logs and counts what happened.

    Args:
        application: Django.
        body_limit: bytes that a request may send.
    """

    def __init__(self, application: WSGIApplication, body_limit: int) -> None:
        self._application = application
        self._body_limit = body_limit
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="answer")
        self._at_work = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; the server calls this."""
        if scope["type"] != "http":
            return
        headers = joined_headers(scope)
        request_id = _request_id(headers.get(b"x-request-id", b""))
        with UNDER_WAY.track_inprogress():
            started = time.perf_counter()
            environ: Environ = {}
            try:
                body = await read_body(receive, headers, self._body_limit)
                with body:
                    started = time.perf_counter()
                    environ = wsgi_environ(scope, headers, body) | {REQUEST_ID_KEY: request_id}
                    answer = await self._answer(environ)
            except BodyRefusedError as refused:
                answer = _refusal(refused.status, refused.detail, ("Connection", "close"))
            except ClientGoneError:
                answer = Answer(499)  # nginx's number for it; nobody receives it
            self._record(scope, environ, request_id, answer, time.perf_counter() - started)
            if answer.status != 499:
                await _send_answer(send, answer, request_id, with_body=scope["method"] != "HEAD")

    async def _answer(self, environ: Environ) -> Answer:
        """Django's answer, or a refusal where too many wait for one."""
        if self._at_work >= WAITING:
            return _refusal(503, "the service is busy; try again in a second", ("Retry-After", "1"))
        self._at_work += 1
        try:
            call = asyncio.get_running_loop().run_in_executor(self._threads, call_wsgi, self._application, environ)
            return await call
        except Exception as error:  # noqa: BLE001  Django answers its own errors; the next request must not suffer
            log_event("error", level=logging.ERROR, error=error, request_id=environ[REQUEST_ID_KEY])
            return _refusal(500, "the service failed; its log says where, under the request id")
        finally:
            self._at_work -= 1

    def _record(
        self, scope: Mapping[str, Any], environ: Environ, request_id: str, answer: Answer, seconds: float
    ) -> None:
        """Count the request and write its line of the log."""
        route = environ.get(ROUTE_KEY, UNKNOWN_ROUTE)
        method = scope["method"] if scope["method"] in METHODS else "other"
        REQUESTS.labels(method, route, str(answer.status)).inc()
        SECONDS.labels(route).observe(seconds)
        log_event(
            "request",
            level=logging.ERROR if answer.status >= 500 else logging.INFO,
            request_id=request_id,
            method=method,
            route=route,
            parameters=_parameter_names(scope["query_string"]),
            actor=environ.get(ACTOR_KEY),
            status=answer.status,
            milliseconds=round(seconds * 1000, 1),
            bytes_sent=len(answer.body),
        )


METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT"}


def _request_id(given: bytes) -> str:
    """The client's own, where it is harmless in a log."""
    return given.decode() if REQUEST_ID.fullmatch(given) else secrets.token_hex(16)


def _parameter_names(query_string: bytes) -> list[str]:
    """The names of parameters; what is no plain name may be a value that a client put in the wrong place."""
    names = {name for name, _ in parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)}
    return sorted({name if PLAIN_NAME.fullmatch(name) else "other" for name in names})


def _refusal(status: int, detail: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, [("Content-Type", "application/json"), *headers], orjson.dumps({"detail": detail}))


async def _send_answer(send: Send, answer: Answer, request_id: str, *, with_body: bool) -> None:
    """Send it; a client that takes none of it for ``SEND_SECONDS`` is left."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    headers.append((b"x-request-id", request_id.encode()))
    if not any(name == b"content-length" for name, _ in headers) and answer.status not in {204, 304}:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "http.response.start", "status": answer.status, "headers": headers})
            await send({"type": "http.response.body", "body": answer.body if with_body else b""})
    except TimeoutError:
        log_event("client took no answer", level=logging.WARNING, request_id=request_id)

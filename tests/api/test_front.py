"""The front: bounds of a request, what reaches Django, what a failure leaves in the log."""

import asyncio
import io
import json
import logging
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from orchestration.api.front import bodies, front
from orchestration.api.front.bodies import BodyRefusedError, ClientGoneError, read_body
from orchestration.api.front.bridge import wsgi_environ
from orchestration.api.front.front import Front
from orchestration.api.front.log import JSONFormatter

SCOPE = {
    "type": "http",
    "http_version": "1.1",
    "method": "POST",
    "scheme": "http",
    "raw_path": b"/a%2Fb/%C3%A9",
    "query_string": b"x=1",
    "headers": [],
    "server": ("127.0.0.1", "8000"),
    "client": ("127.0.0.1", 1),
}


def messages(*pieces: bytes, end: bool = True) -> Any:
    """What a server hands over, piece by piece; without an end it then waits for ever."""
    left = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    left += [{"type": "http.request", "body": b"", "more_body": False}] if end else []

    async def receive() -> Any:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    return receive


def body_of(receive: Any, headers: dict[bytes, bytes], limit: int = 100) -> bytes:
    with asyncio.run(read_body(receive, headers, limit)) as body:
        return body.read()


def answers(application: Any, receive: Any, **scope: Any) -> tuple[int, dict[bytes, bytes], bytes]:
    """What the front sends for one request."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Front(application, 100)(SCOPE | scope, receive, send))
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


def echo(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["wsgi.input"].read()]


def test_a_body_is_handed_over_whole() -> None:
    assert body_of(messages(b"ab", b"c"), {b"content-length": b"3"}) == b"abc"
    assert body_of(messages(b"ab", b"c"), {b"transfer-encoding": b"chunked"}) == b"abc"
    assert body_of(messages(end=False), {}) == b"", "without either there is none, and nothing is waited for"


@pytest.mark.parametrize("headers", [{b"content-length": b"101"}, {b"transfer-encoding": b"chunked"}])
def test_a_body_beyond_the_limit_is_refused(headers: dict[bytes, bytes]) -> None:
    with pytest.raises(BodyRefusedError) as refused:
        body_of(messages(b"x" * 101, end=False), headers)
    assert refused.value.status == 413


def test_a_body_that_stops_coming_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PIECE_SECONDS", 0.05)
    with pytest.raises(BodyRefusedError) as refused:
        body_of(messages(b"ab", end=False), {b"content-length": b"3"})
    assert refused.value.status == 408


def test_a_body_that_comes_drop_by_drop_is_refused_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.1)

    async def receive() -> Any:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"", "more_body": True}

    with pytest.raises(BodyRefusedError) as refused:
        body_of(receive, {b"content-length": b"3"})
    assert refused.value.status == 408


def test_a_body_that_is_shorter_than_it_said_reaches_nobody() -> None:
    with pytest.raises(ClientGoneError):
        body_of(messages(b"ab"), {b"content-length": b"3"})


def test_what_django_sees_is_the_request() -> None:
    headers = {b"x-a": b"1", b"x_b": b"2", b"content-type": b"application/json", b"host": b"localhost"}
    environ = wsgi_environ(SCOPE, headers, io.BytesIO())
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/a/b/é"
    assert (environ["HTTP_X_A"], environ["CONTENT_TYPE"], environ["HTTP_HOST"]) == (
        "1",
        "application/json",
        "localhost",
    )
    assert "HTTP_X_B" not in environ, "X_B would pass for X-B"


def test_an_answer_carries_the_id_of_its_request() -> None:
    status, headers, body = answers(echo, messages(b"hello"), headers=[(b"content-length", b"5")])
    assert (status, body, headers[b"content-length"]) == (200, b"hello", b"5")
    assert len(headers[b"x-request-id"]) == 32
    for given, kept in ((b"abcdefgh", True), (b'x" } \n', False), (b"a" * 65, False)):
        found = answers(echo, messages(), headers=[(b"x-request-id", given)])[1][b"x-request-id"]
        assert (found == given) == kept


def test_the_answer_to_head_has_no_body() -> None:
    status, headers, body = answers(echo, messages(), method="HEAD")
    assert (status, body, headers[b"content-length"]) == (200, b"", b"0")


def test_when_too_many_wait_the_next_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front, "WAITING", 2)
    go_on = threading.Event()

    def slow(environ: Any, start_response: Any) -> Iterable[bytes]:
        go_on.wait(30)
        return echo(environ, start_response)

    async def four() -> list[int]:
        service, statuses = Front(slow, 100), []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                if message["status"] == 503:
                    go_on.set()

        await asyncio.gather(*(service(SCOPE, messages(), send) for _ in range(3)))
        return statuses

    assert sorted(asyncio.run(four())) == [200, 200, 503]


def test_an_application_that_fails_is_a_500_and_the_log_says_where_without_its_message(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_environ: Any, _start_response: Any) -> Iterable[bytes]:
        raise ValueError("Mrs Doe, born in Montrouge")

    monkeypatch.setattr(logging.getLogger("doubleread.service"), "propagate", True)
    with caplog.at_level(logging.INFO, "doubleread.service"):
        status, _, body = answers(failing, messages())
    assert status == 500
    lines = [JSONFormatter().format(record) for record in caplog.records]
    assert not any("Doe" in line or "Montrouge" in line for line in [*lines, body.decode()])
    error = next(found for line in lines if (found := json.loads(line))["event"] == "error")
    assert (error["error"], error["level"]) == ("ValueError", "error")
    assert error["where"][-1].endswith("failing")

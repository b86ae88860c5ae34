"""A running service: its log, and what it withstands from outside."""

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.api.conftest import element
from tests.api.live import Live

ELEMENTS = "/api/elements/"
GIGABYTE = 1024**3


def raw(live: Live, text: str) -> socket.socket:
    """A connection on which this much of a request was sent."""
    connection = socket.create_connection(("127.0.0.1", live.port), timeout=60)
    connection.sendall(text.replace("\n", "\r\n").encode())
    return connection


def head(live: Live, length: int | str, role: str = "admin") -> str:
    return (
        f"POST {ELEMENTS} HTTP/1.1\nHost: localhost\nAuthorization: Bearer {live.tokens[role]}\n"
        f"Content-Type: application/json\nContent-Length: {length}\n\n"
    )


def test_every_request_is_one_line_of_json_without_values_paths_or_tokens(live: Live) -> None:
    secret = "Mrs Doe Montrouge"
    live.call("POST", ELEMENTS, element("jane-doe-id", device="jane doe device"))
    live.call("GET", f"{ELEMENTS}jane-doe-id/")
    live.call("GET", f"{ELEMENTS}?device_name={secret.replace(' ', '+')}&Jane+Doe=1")
    answer = live.call("GET", ELEMENTS, role="", **{"X-Request-ID": "my-request-0001"})
    assert answer.headers["x-request-id"] == "my-request-0001"
    line = live.wait_for_log(request_id="my-request-0001")
    assert (line["method"], line["route"], line["status"], line["actor"]) == ("GET", "/api/elements/", 401, None)
    line = live.wait_for_log(parameters=["device_name", "other"])
    assert (line["actor"], line["status"]) == ("the admin", 400)
    assert live.wait_for_log(route="/api/elements/<path:element_id>/", status=200)
    text = live.log_text().lower()
    assert not any(word in text for word in ("doe", "montrouge", *live.tokens.values(), "aabbcc"))


def test_a_body_of_a_gigabyte_is_refused_before_it_is_read(live: Live) -> None:
    with raw(live, head(live, GIGABYTE)) as connection:
        answer = connection.recv(65536).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert "larger than 67,108,864 bytes" in answer
    assert live.wait_for_log(status=413)


def test_a_body_without_a_length_is_read_no_further_than_the_limit(live: Live) -> None:
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with raw(live, head(live, 0).replace("Content-Length: 0", "Transfer-Encoding: chunked")) as connection:
        try:
            for _ in range(80):
                connection.sendall(chunk)
        except (ConnectionResetError, BrokenPipeError):
            pass  # refused while it was sent
        else:
            assert connection.recv(65536).startswith(b"HTTP/1.1 413")
    assert live.call("GET", ELEMENTS).status == 200


def test_many_slow_clients_hold_nobody_up(live: Live) -> None:
    slow = [raw(live, head(live, 1000) + "{") for _ in range(60)]
    slow += [raw(live, "GET /api/elements/ HTTP/1.1\nHost: loc") for _ in range(60)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: live.call("GET", ELEMENTS).status, range(20)))
    assert answers == [200] * 20
    for connection in slow:
        connection.close()


def test_a_client_that_sends_a_body_in_pieces_is_answered(live: Live) -> None:
    body = json.dumps(element("in pieces")).encode()
    with raw(live, head(live, len(body))) as connection:
        for byte in range(0, len(body), 7):
            connection.sendall(body[byte : byte + 7])
            time.sleep(0.005)
        assert connection.recv(65536).startswith(b"HTTP/1.1 201")


def test_what_is_no_http_or_no_path_is_refused_and_the_next_request_answered(live: Live) -> None:
    for text in ("nonsense\n\n", "GET /%00 HTTP/1.1\nHost: localhost\n\n", "GET /%ff HTTP/1.1\nHost: localhost\n\n",
                 "GET /../../etc/passwd HTTP/1.1\nHost: localhost\n\n", "GET / HTTP/1.1\nHost: evil.example\n\n",
                 "GET /static/..%2f..%2fsettings.py HTTP/1.1\nHost: localhost\n\n"):  # fmt: skip
        with raw(live, text) as connection:
            answer = connection.recv(65536)
        assert answer[9:12] in {b"400", b"404", b"302"}, (text, answer)
        assert b"root:" not in answer
    assert live.call("GET", ELEMENTS).status == 200


def test_figures_for_prometheus_count_requests(live: Live) -> None:
    live.call("GET", ELEMENTS)
    answer = live.call("GET", "/metrics", role="reader")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'doubleread_requests_total{method="GET",route="/api/elements/",status="200"}' in answer.body.decode()
    assert "doubleread_request_seconds_bucket" in answer.body.decode()


def test_files_for_pages_are_served_and_cached(live: Live) -> None:
    answer = live.call("GET", "/static/service/service.css", role="")
    assert (answer.status, answer.headers["cache-control"]) == (200, "max-age=3600, public")
    assert live.call("GET", "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css", role="").status == 200


def test_when_the_database_is_gone_it_says_so_and_is_well_again_when_it_is_back(live: Live) -> None:
    """The database is gone for the service: it takes no connection and ends those that there are."""
    server = {"host": live.environment["PGHOST"], "port": live.environment["PGPORT"], "user": "postgres"}
    name = live.environment["PGDATABASE"]
    assert live.call("GET", ELEMENTS).status == 200
    with psycopg.connect(dbname="postgres", autocommit=True, **server) as connection:
        connection.execute(f"alter database {name} allow_connections false")
        try:
            ended = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
            connection.execute(ended, [name])
            for path in (ELEMENTS, "/readyz", "/api/jobs/"):
                answer = live.call("GET", path)
                assert (answer.status, answer.headers["retry-after"]) == (503, "5"), path
            assert live.call("POST", ELEMENTS, element("lost")).status == 503
            assert live.call("GET", "/healthz").status == 200
            time.sleep(10)
            assert live.call("GET", ELEMENTS).status == 503
        finally:
            connection.execute(f"alter database {name} allow_connections true")
    deadline = time.monotonic() + 30
    while live.call("GET", ELEMENTS).status != 200:
        assert time.monotonic() < deadline
    assert live.call("POST", ELEMENTS, element("kept")).status == 201

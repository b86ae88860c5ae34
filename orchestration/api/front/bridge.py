"""Between two interfaces: what ASGI says of a request, as WSGI has it, and the whole answer of a WSGI application."""

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.parse import unquote_to_bytes

Environ = dict[str, Any]
WSGIApplication = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


@dataclass
class Answer:
    """What goes back to the client."""

    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def wsgi_environ(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], body: IO[bytes]) -> Environ:
    """The request as WSGI has it (PEP 3333): bytes of the path and of headers as Latin-1 text.

    A header with an underscore in its name is left out: it would pass for the one with a hyphen.
    """
    server = scope.get("server") or ("localhost", "")
    client = scope.get("client") or ("", "")
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        if b"_" not in name:
            key = name.decode("latin-1").upper().replace("-", "_")
            environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value.decode("latin-1")
    return environ


def joined_headers(scope: Mapping[str, Any]) -> dict[bytes, bytes]:
    """The request's headers, those of one name joined by commas, cookies by semicolons (RFC 9110, 5.3)."""
    headers: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        key = name.lower()
        if key in headers:
            headers[key] += (b"; " if key == b"cookie" else b",") + value
        else:
            headers[key] = value
    return headers


def call_wsgi(application: WSGIApplication, environ: Environ) -> Answer:
    """The whole answer of the application."""
    answer = Answer(500)

    def start_response(status: str, headers: list[tuple[str, str]], _exc_info: object = None) -> None:
        answer.status = int(status[:3])
        answer.headers = headers

    result = application(environ, start_response)
    try:
        answer.body = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close:
            close()
    return answer

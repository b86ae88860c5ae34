"""Reading a request's body: whole, within bounds of size and time, and before any thread is taken."""

import asyncio
import io
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import IO, Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

MEMORY_BYTES = 1024 * 1024  # of a body are kept in memory, the rest in a temporary file
PIECE_SECONDS = 15.0  # until the next piece of a body
BODY_SECONDS = 300.0  # until all of it


@dataclass
class BodyRefusedError(Exception):
    """The body is not read to its end; the answer says why."""

    status: int
    detail: str


class ClientGoneError(Exception):
    """The client closed the connection before its request was whole."""


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], limit: int) -> IO[bytes]:
    """The whole body, from its first byte on.

    Raises:
        BodyRefusedError: it is larger than ``limit`` bytes, as its header says or as it turns out, or it comes slowly.
        ClientGoneError: the client closed the connection.
    """
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    if not declared and b"transfer-encoding" not in headers:
        return io.BytesIO()
    body = tempfile.SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115  the caller closes it
    try:
        async with asyncio.timeout(BODY_SECONDS):
            await _copy(receive, body, limit, int(declared) if declared.isdigit() else None)
    except TimeoutError:
        body.close()
        raise BodyRefusedError(408, "the request's body came too slowly") from None
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


async def _copy(receive: Receive, body: IO[bytes], limit: int, declared: int | None) -> None:
    length = 0
    while True:
        message = await asyncio.wait_for(receive(), PIECE_SECONDS)
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        length += body.write(message.get("body", b""))
        if length > limit:
            raise _too_large(limit)
        if not message.get("more_body"):
            break
    if declared is not None and length != declared:
        raise ClientGoneError  # the connection ended within the body


def _too_large(limit: int) -> BodyRefusedError:
    return BodyRefusedError(413, f"the body is larger than {limit:,} bytes; send it in parts")

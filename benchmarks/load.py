"""A load tool: some connections that send one request after the other, and how long each answer took."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

CONNECTIONS = 16


@dataclass(frozen=True)
class Load:
    """What was measured: requests answered, seconds in all, and the seconds of each, sorted."""

    seconds: float
    each: list[float]

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return len(self.each) / self.seconds

    @property
    def p99(self) -> float:
        """Seconds within which 99 of 100 requests were answered."""
        return self.each[len(self.each) * 99 // 100]


def measure(port: int, request: Callable[[int], bytes], *, seconds: float, status: bytes = b"200") -> Load:
    """Send requests for so long, over ``CONNECTIONS`` connections; ``request`` makes the nth of them."""
    return asyncio.run(_measure(port, request, seconds, status))


def http_request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    """One request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


async def _measure(port: int, request: Callable[[int], bytes], seconds: float, status: bytes) -> Load:
    each: list[float] = []
    numbers = iter(range(1 << 62))
    start = time.perf_counter()
    await asyncio.gather(
        *(
            _connection(port, request, numbers, end=start + seconds, status=status, each=each)
            for _ in range(CONNECTIONS)
        )
    )
    return Load(time.perf_counter() - start, sorted(each))


async def _connection(
    port: int,
    request: Callable[[int], bytes],
    numbers: Iterator[int],
    *,
    end: float,
    status: bytes,
    each: list[float],
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    while time.perf_counter() < end:
        sent = time.perf_counter()
        writer.write(request(next(numbers)))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await reader.readexactly(length)
        assert head[9:12] == status, head + body[:500]
        each.append(time.perf_counter() - sent)
    writer.close()

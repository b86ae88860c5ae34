"""The process behind ``slow_store``: a TCP forwarder with latency per request and a limited rate per connection.

Bytes are not parsed. A request begins where the client speaks after the server did, which is exact for HTTP/1.1
without pipelining. While a connection waits for its turn its bytes collect in the kernel, so that they are
moved in few large pieces.
"""

import argparse
import asyncio
import os
import socket
import sys
from dataclasses import dataclass

PIECE_BYTES = 512 * 1024  # 8.5 ms at 60 MB/s: far above the loop's resolution of 1 ms, yet few wake-ups


@dataclass
class Distance:
    """One connection's way to the server and back."""

    latency_seconds: float
    bytes_per_second: float
    request_begins: bool = True

    async def ask(self, client: socket.socket, server: socket.socket) -> None:
        """Carry requests to the server."""
        loop = asyncio.get_running_loop()
        piece = memoryview(bytearray(PIECE_BYTES))
        while count := await loop.sock_recv_into(client, piece):
            if self.request_begins:
                self.request_begins = False
                await asyncio.sleep(self.latency_seconds)
            await loop.sock_sendall(server, piece[:count])
        server.shutdown(socket.SHUT_WR)

    async def answer(self, server: socket.socket, client: socket.socket) -> None:
        """Carry answers to the client, each piece no earlier than the rate allows its last byte."""
        loop = asyncio.get_running_loop()
        piece = memoryview(bytearray(PIECE_BYTES))
        free_at = 0.0
        while count := await loop.sock_recv_into(server, piece):
            self.request_begins = True
            free_at = max(loop.time(), free_at) + count / self.bytes_per_second
            await asyncio.sleep(free_at - loop.time())
            await loop.sock_sendall(client, piece[:count])
        client.shutdown(socket.SHUT_WR)


async def forward(client: socket.socket, upstream: tuple[str, int], distance: Distance) -> None:
    """Serve one client until both sides are done or either breaks."""
    loop = asyncio.get_running_loop()
    with client, socket.socket() as server:
        for end in (client, server):
            end.setblocking(False)
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await loop.sock_connect(server, upstream)
            async with asyncio.TaskGroup() as both:
                both.create_task(distance.ask(client, server))
                both.create_task(distance.answer(server, client))
        except* OSError:
            pass  # a side that hangs up ends the connection, as it would without a forwarder


async def serve(upstream: tuple[str, int], latency_seconds: float, bytes_per_second: float) -> None:
    """Accept clients until standard input ends."""
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), lambda: os.read(sys.stdin.fileno(), 1) or os._exit(0))
    open_connections: set[asyncio.Task[None]] = set()
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        listener.setblocking(False)
        sys.stdout.write(f"listening on http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            client, _ = await loop.sock_accept(listener)
            task = asyncio.create_task(forward(client, upstream, Distance(latency_seconds, bytes_per_second)))
            open_connections.add(task)
            task.add_done_callback(open_connections.discard)


def main() -> None:
    """Read what ``slow_store`` gives: host, port, seconds of latency, bytes per second."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("latency_seconds", type=float)
    parser.add_argument("bytes_per_second", type=float)
    given = parser.parse_args()
    asyncio.run(serve((given.host, given.port), given.latency_seconds, given.bytes_per_second))


if __name__ == "__main__":
    main()

"""A distant store on loopback: what lies between a client and a server that is not next door."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.services.process import serve

LISTENING = re.compile(r"listening on (?P<endpoint>http://\S+)")


@contextmanager
def slow_store(
    upstream: str, folder: Path, *, latency_seconds: float = 0.02, bytes_per_second: float = 60e6
) -> Iterator[str]:
    """Put a distance before the server at ``upstream`` (``http://host:port``, a path is ignored).

    Every request waits ``latency_seconds`` on its way there, and each connection carries at most
    ``bytes_per_second`` back: what cloud stores give one connection, so that only more of them in flight help.
    The forwarder is a process of its own and costs about as much CPU a byte as Azurite behind it does. The log
    goes to ``folder``.

    Yields:
        The endpoint to use in place of ``upstream``, as ``http://host:port``.
    """
    target = urlsplit(upstream)
    if target.hostname is None or target.port is None:
        raise ValueError(f"the upstream server must be given as http://host:port, not {upstream!r}")
    script = Path(__file__).with_name("slow_forwarder.py")
    distance = [target.hostname, str(target.port), str(latency_seconds), str(bytes_per_second)]
    with serve([sys.executable, script, *distance], log=folder / "slow_store.log", listening=LISTENING) as listening:
        yield listening["endpoint"]

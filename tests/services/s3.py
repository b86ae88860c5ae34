"""S3, as moto's server speaks it."""

import http.client
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tests.services.process import serve

LISTENING = re.compile(r"listening on (?P<endpoint>http://\S+)")


@dataclass(frozen=True)
class S3:
    """A running server. It takes any credentials; these make clients sign as they would in life."""

    endpoint: str
    access_key: str = "test-access-key"
    secret_key: str = "test-secret-key"
    region: str = "us-east-1"

    def create_bucket(self, name: str) -> None:
        """Create an empty bucket."""
        connection = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=30)
        try:
            connection.request("PUT", f"/{name}")
            status = connection.getresponse().status
        finally:
            connection.close()
        if status != http.HTTPStatus.OK:
            raise RuntimeError(f"the S3 server refused to create the bucket {name!r}: status {status}")


@contextmanager
def s3(folder: Path) -> Iterator[S3]:
    """Run an empty S3 in a process of its own until the block ends; the log goes to ``folder``."""
    server = Path(__file__).with_name("s3_server.py")
    with serve([sys.executable, server], log=folder / "s3.log", listening=LISTENING) as listening:
        yield S3(listening["endpoint"])
